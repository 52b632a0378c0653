"""The adapter for a terminal."""

import asyncio
import getpass
import threading
from collections.abc import Callable, Mapping
from typing import Self
from uuid import uuid4

from threadkeep.chat.adapter import Acceptance, Reply, ReplyRequest, SharedState, Sink
from threadkeep.chat.events import ActionPressed, MessageReceived, Place, PlaceKind, StopRequested
from threadkeep.errors import StoreUnavailableError
from threadkeep.sessions import MessageKey, SessionKey, UserKey
from threadkeep_console.buttons import Key, read_key
from threadkeep_console.lines import line_reader
from threadkeep_console.reply import ConsoleReply

_PROMPT = "you> "
_WORKSPACE = "local"
_STOP_WORDS = ("!stop", "/stop")


def _write(text: str) -> None:
    print(text, end="", flush=True)  # noqa: T201 - the terminal is the platform


class ConsoleAdapter:
    """Reads lines, prints the replies as they are written, and waits for each before it asks for the next line.

    Args:
        session: The name of the conversation; the same name goes on with the same history.
        speaker: The person's name; the login name if None.
        read_line: Reads a line after showing a prompt, in a thread; raises EOFError at the end. None reads the
            standard input.
        write: Prints text as it is.
    """

    name = "console"

    def __init__(
        self,
        session: str = "default",
        *,
        speaker: str | None = None,
        read_line: Callable[[str], str] | None = None,
        write: Callable[[str], None] = _write,
    ) -> None:
        self._key = SessionKey(platform=self.name, workspace=_WORKSPACE, channel=session)
        self._speaker = speaker or _login_name()
        self._read_line = read_line
        self._write = write
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1)
        self._next_line = threading.Semaphore(1)
        self._answered = asyncio.Event()
        self._keys: tuple[Key, ...] = ()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """Build the adapter where ``THREADKEEP_CONSOLE_SESSION`` names a conversation; ``threadkeep chat`` sets it."""
        session = environ.get("THREADKEEP_CONSOLE_SESSION")
        return cls(session) if session else None

    @property
    def description(self) -> str:
        """Tell which conversation it is."""
        return f"Console session {self._key}; Ctrl-D ends it"

    async def start(self, sink: Sink | None, shared: SharedState | None = None) -> None:  # noqa: ARG002 - one process
        """Begin to read lines; without a sink there is nobody to hand them to."""
        if sink is None:
            return
        self._task = asyncio.create_task(self._hand_over(sink), name="console")

    async def wait_closed(self) -> None:
        """Return after the end of the input, when the last line has been answered; at once when it is not started.

        Raises:
            StoreError: The store refused a line for good.
        """
        if self._task is not None:
            await asyncio.wait((self._task,))
            if not self._task.cancelled():
                self._task.result()

    async def stop(self) -> None:
        """Stop handing lines over."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def open_reply(self, request: ReplyRequest) -> Reply:  # noqa: ARG002 - there is one place only
        """Open a reply that prints."""
        return ConsoleReply(self._write, on_finished=self._answered.set, on_keys=self._keep_keys)

    def _keep_keys(self, keys: tuple[Key, ...]) -> None:
        self._keys = keys

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read lines in a thread, each only when the one before was answered."""
        read_line = self._read_line or line_reader()
        line: str | None = ""
        while line is not None:
            self._next_line.acquire()
            try:
                line = read_line(_PROMPT)
            except EOFError:
                line = None
            try:
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            except RuntimeError:
                return  # the loop is closed: the bot was stopped

    async def _hand_over(self, sink: Sink) -> None:
        # Only now, when whoever starts the bot has told what it is connected to: the prompt comes after that.
        # A thread that waits for a terminal cannot be stopped: it must not keep the process alive.
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), name="console-reader", daemon=True).start()
        while (line := await self._lines.get()) is not None:
            if line.strip():
                await self._ask(sink, line)
            self._next_line.release()

    async def _ask(self, sink: Sink, line: str) -> None:
        """Hand a line over and wait until it is answered; what cannot be taken is said so at once."""
        self._answered.clear()
        event = self._event(line)
        try:
            acceptance = await sink(event)
        except StoreUnavailableError as error:
            self._write(f"  [not sent: {error}]\n\n")
            return
        if acceptance is Acceptance.ACCEPTED:
            await self._answered.wait()
        elif acceptance is Acceptance.IGNORED:
            is_stop = isinstance(event, StopRequested)
            self._write(f"  [{'there is nothing to stop' if is_stop else 'this is over: nothing was changed'}]\n\n")
        else:
            self._write("  [not sent: too much waits in this conversation already]\n\n")

    def _event(self, line: str) -> MessageReceived | ActionPressed | StopRequested:
        key, typed = self._key, read_key(line, self._keys)
        message = MessageKey(platform=key.platform, workspace=key.workspace, channel=key.channel, message=uuid4().hex)
        place = Place(session=key, kind=PlaceKind.DIRECT)
        user = UserKey(platform=key.platform, user=self._speaker)
        if line.strip().lower() in _STOP_WORDS:
            return StopRequested(key=message, place=place, user=user, speaker=self._speaker)
        if typed is None:
            return MessageReceived(key=message, place=place, user=user, speaker=self._speaker, text=line)
        return ActionPressed(
            key=message,
            place=place,
            user=user,
            speaker=self._speaker,
            action=typed.key.action,
            value=typed.key.value,
            label=typed.key.label,
            fields=typed.fields,
        )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
