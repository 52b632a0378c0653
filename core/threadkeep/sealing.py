"""Sealing what is kept in a vault, so that who reads the store learns nothing from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep.vault import Vault

VARIABLE: Final = "THREADKEEP_SECRET_KEYS"
"""The environment variable that holds the keys."""

_SEPARATOR: Final = b"\0"


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """The keys of one bot: the first one seals, all of them open.

    To change the key, put a new one in front; take the old one away when everything was sealed again.

    Attributes:
        keys: Each is 32 random bytes in URL-safe base64.

    Raises:
        ConfigError: There is none, or one is malformed.
    """

    HOW_TO_MAKE: ClassVar = (
        f"Set {VARIABLE} to a key made by: "
        'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    )

    keys: tuple[SecretStr, ...]

    def __post_init__(self) -> None:
        """Refuse what is no key."""
        if not self.keys:
            raise ConfigError(f"{VARIABLE} holds no key. {self.HOW_TO_MAKE}")
        for number, key in enumerate(self.keys, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError as error:
                raise ConfigError(f"key {number} of {VARIABLE} is not a key. {self.HOW_TO_MAKE}") from error

    def boxes(self) -> tuple[Fernet, ...]:
        """Give what seals and opens, the newest key first."""
        return tuple(Fernet(key.get_secret_value()) for key in self.keys)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Give a key of its own for each key, for another purpose than sealing."""
        return tuple(
            HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(
                key.get_secret_value().encode()
            )
            for key in self.keys
        )


def read_secret_keys(environ: Mapping[str, str]) -> SecretKeys | None:
    """Read THREADKEEP_SECRET_KEYS, keys with commas or spaces between them; None if it is not set.

    Raises:
        ConfigError: A key is malformed.
    """
    keys = environ.get("THREADKEEP_SECRET_KEYS", "").replace(",", " ").split()
    return SecretKeys(tuple(SecretStr(key) for key in keys)) if keys else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """An opened value.

    Attributes:
        value: What was sealed.
        seal: How it stands in the store, by which a change of it is recognised.
        is_current: Whether it is sealed with the newest key.
    """

    value: bytes
    seal: bytes
    is_current: bool = True

    def __repr__(self) -> str:
        return "Secret(...)"


class SealedVault:
    """A vault whose values are sealed before they reach the store.

    Each value is sealed together with its name: who may write to the store, but has no key, cannot pass one workspace's
    token off as another's.

    Args:
        vault: The store's.
        keys: What seals and opens.
    """

    def __init__(self, vault: Vault, keys: SecretKeys) -> None:
        self._vault: Final = vault
        boxes = keys.boxes()
        self._newest: Final = boxes[0]
        self._boxes: Final[Sequence[Fernet]] = boxes
        self._all: Final = MultiFernet(boxes)

    async def put(self, name: str, value: bytes, *, expected: Secret | None = None) -> Secret | None:
        """Seal and keep a value.

        Args:
            name: Under which name.
            value: What to keep.
            expected: What must stand there, unchanged; None if that does not matter.

        Returns:
            The secret as it stands now; None if another one stood there than expected.

        Raises:
            StoreUnavailableError: It is not known whether it is kept.
        """
        seal = self._newest.encrypt(name.encode() + _SEPARATOR + value)
        is_kept = await self._vault.put(name, seal, expected=None if expected is None else expected.seal)
        return Secret(value=value, seal=seal) if is_kept else None

    async def get(self, name: str) -> Secret | None:
        """Give and open a value; None if there is none.

        Raises:
            ConfigError: No key opens it.
            StoreUnavailableError: It cannot be read.
        """
        seal = await self._vault.get(name)
        if seal is None:
            return None
        sealed_name, _, value = self._open(name, seal).partition(_SEPARATOR)
        if sealed_name != name.encode():
            raise ConfigError(
                f"what stands under {name} in the vault was sealed for another name: the store was changed"
            )
        return Secret(value=value, seal=seal, is_current=self._is_current(seal))

    async def delete(self, name: str, *, expected: Secret | None = None) -> bool:
        """Forget a value; False if there was none, or another one than expected.

        Raises:
            StoreUnavailableError: It is not known whether it is forgotten.
        """
        return await self._vault.delete(name, expected=None if expected is None else expected.seal)

    async def names(self, prefix: str) -> tuple[str, ...]:
        """List the names that begin so.

        Raises:
            StoreUnavailableError: They cannot be read.
        """
        return await self._vault.names(prefix)

    async def reseal(self, prefix: str) -> int:
        """Seal with the newest key what an older one sealed, and give how many values those were.

        Raises:
            ConfigError: No key opens one of them.
            StoreUnavailableError: The store cannot be reached.
        """
        if len(self._boxes) == 1:
            return 0
        count = 0
        for name in await self.names(prefix):
            secret = await self.get(name)
            if secret is None or secret.is_current:
                continue
            count += await self.put(name, secret.value, expected=secret) is not None
        return count

    def _open(self, name: str, seal: bytes) -> bytes:
        try:
            return self._all.decrypt(seal)
        except InvalidToken as error:
            raise ConfigError(
                f"no key of {VARIABLE} opens {name} in the vault: put the key back with which it was sealed, after the "
                "new one and a comma; or remove the entry and install again"
            ) from error

    def _is_current(self, seal: bytes) -> bool:
        try:
            self._newest.decrypt(seal)
        except InvalidToken:
            return False
        return True
