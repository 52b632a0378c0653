"""The room of a store for what must not be read by others, such as the tokens of workspaces that install a bot."""

from typing import Protocol, runtime_checkable


class Vault(Protocol):
    """Sealed values by name. The store does not read them: ``threadkeep.sealing`` closes and opens them.

    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    async def put(self, name: str, value: bytes, *, expected: bytes | None = None) -> bool:
        """Keep a value until it is deleted.

        Args:
            name: Under which name; what stands there is replaced.
            value: What to keep.
            expected: What must stand there, or else nothing is changed.

        Returns:
            Whether it is kept; always, where nothing is expected.
        """
        ...

    async def get(self, name: str) -> bytes | None:
        """Give the value of a name; None if there is none."""
        ...

    async def delete(self, name: str, *, expected: bytes | None = None) -> bool:
        """Forget a value; False if there was none, or another one than expected."""
        ...

    async def names(self, prefix: str) -> tuple[str, ...]:
        """List the names that begin so, in alphabetical order."""
        ...


@runtime_checkable
class UsesVault(Protocol):
    """An adapter that keeps secrets in the store."""

    def use_vault(self, vault: Vault) -> None:
        """Take the vault of the bot's store; called before ``start``."""
        ...
