"""A reply that is printed while it is written."""

from collections.abc import Callable

from threadkeep.chat.adapter import ReplyContent
from threadkeep_console.buttons import Key, keys_line, keys_of


class ConsoleReply:
    """Prints what is new of the declared content.

    Args:
        write: Prints text as it is.
        on_finished: Called when the whole reply stands.
        on_keys: Told what can be typed to press what stands under it.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        on_finished: Callable[[], None],
        on_keys: Callable[[tuple[Key, ...]], None] = lambda _: None,
    ) -> None:
        self._write = write
        self._on_finished = on_finished
        self._on_keys = on_keys
        self._printed = ""
        self._activity: tuple[str, ...] = ()

    async def show(self, content: ReplyContent) -> None:
        """Print the text that was added, and what the agent is doing."""
        for line in content.activity:
            if line not in self._activity:
                self._write(f"\n  [{line}]\n" if self._printed else f"  [{line}]\n")
        self._activity = content.activity
        self._print(content.text)

    async def finish(self, content: ReplyContent) -> None:
        """Print the rest and end the line."""
        self._print(content.text)
        keys = keys_of(content.elements)
        self._write(f"\n{keys_line(keys)}\n\n" if keys else "\n\n")
        self._on_keys(keys)
        self._on_finished()

    async def aclose(self) -> None:
        """Hold nothing, so close nothing."""

    def _print(self, text: str) -> None:
        # A terminal cannot take back what it showed: what came to stand above the text is printed below it, and a text
        # that changed is printed anew.
        if text.startswith(self._printed):
            new = text.removeprefix(self._printed)
        elif text.endswith(self._printed):
            new = f"\n\n{text.removesuffix(self._printed).rstrip()}"
        else:
            new = f"\n{text}"
        self._write(new)
        self._printed = text
