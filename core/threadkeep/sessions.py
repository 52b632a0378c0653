"""Who and where: typed keys for sessions, users and messages, and what is known of a session.

This is the only module that builds or parses ids. Each part of a key is percent-encoded where it contains the
separator, so that two different keys never give the same text.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import quote, unquote
from uuid import uuid4

from threadkeep.errors import InvalidKeyError

_MAX_ID_LENGTH = 512
_SAFE = "@.-_~ +!$'()*,;=|"
_PLAIN = re.compile(r"[\w@.-]+", re.ASCII)


def _encode(part: str) -> str:
    if not part:
        raise InvalidKeyError("a key has an empty part: platform, workspace and channel must be given")
    # The ids of the platforms are plain, and keys are built many times for each message.
    if _PLAIN.fullmatch(part) is not None:
        return part
    # Lone surrogates cannot be stored as UTF-8, and control characters break logs and protocols.
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in part):
        raise InvalidKeyError(f"a key part holds a control character: {part!r}")
    return quote(part, safe=_SAFE)


def _join(*parts: str) -> str:
    text = ":".join(_encode(part) for part in parts)
    if len(text) > _MAX_ID_LENGTH:
        raise InvalidKeyError(f"a key of {len(text)} characters is too long (at most {_MAX_ID_LENGTH})")
    return text


def _split(text: str, *, least: int, most: int, what: str) -> list[str]:
    parts = [unquote(part) for part in text.split(":")]
    if not least <= len(parts) <= most or not all(parts):
        raise InvalidKeyError(f"{text!r} is not a {what} key")
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """One conversation of one platform.

    Attributes:
        platform: The adapter's name: ``slack``, ``discord``, ``console``.
        workspace: Slack team id, Discord guild id or ``@me``, ``local``.
        channel: The channel, direct message or (Discord) thread.
        thread: Slack's ``thread_ts`` where a thread of a channel is the conversation.
    """

    platform: str
    workspace: str
    channel: str
    thread: str | None = None

    def __str__(self) -> str:
        """Give the ``session_id``: ``platform:workspace:channel`` or ``platform:workspace:channel:thread``."""
        parts = (self.platform, self.workspace, self.channel)
        return _join(*parts) if self.thread is None else _join(*parts, self.thread)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a ``session_id`` of a platform.

        Raises:
            InvalidKeyError: It has not the form that ``str(key)`` gives.
        """
        parts = _split(text, least=3, most=4, what="session")
        thread = parts[3] if len(parts) == 4 else None
        return cls(platform=parts[0], workspace=parts[1], channel=parts[2], thread=thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKey:
    """One person on one platform.

    Attributes:
        platform: The adapter's name.
        user: The platform's id of the person.
        workspace: Slack team (or enterprise) id; None where ids are global, as on Discord.
    """

    platform: str
    user: str
    workspace: str | None = None

    def __str__(self) -> str:
        """Give the ``user_id``: ``platform:workspace:user`` or ``platform:user``."""
        if self.workspace is None:
            return _join(self.platform, self.user)
        return _join(self.platform, self.workspace, self.user)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a ``user_id`` of a platform.

        Raises:
            InvalidKeyError: It has not the form that ``str(key)`` gives.
        """
        parts = _split(text, least=2, most=3, what="user")
        workspace = parts[1] if len(parts) == 3 else None
        return cls(platform=parts[0], user=parts[-1], workspace=workspace)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKey:
    """The identity of one message of a platform, whatever delivered it.

    Slack delivers one message as ``message`` and as ``app_mention``, under two event ids, and redelivers both; the
    identity of the message is the same in all of them, so it is what deduplicates.

    Attributes:
        platform: The adapter's name.
        workspace: Slack team, Discord guild or ``@me``.
        channel: The channel in which the message stands.
        message: The platform's id of the message.
        revision: What happened to the message, where that is an event of its own: an edit, its deletion, a press.
    """

    platform: str
    workspace: str
    channel: str
    message: str
    revision: str | None = None

    def __str__(self) -> str:
        """Give ``platform:workspace:channel:message``, with ``:revision`` where there is one."""
        parts = (self.platform, self.workspace, self.channel, self.message)
        return _join(*parts) if self.revision is None else _join(*parts, self.revision)

    @property
    def original(self) -> Self:
        """The message itself, without what happened to it."""
        return self if self.revision is None else replace(self, revision=None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a message key.

        Raises:
            InvalidKeyError: It has not the form that ``str(key)`` gives.
        """
        parts = _split(text, least=4, most=5, what="message")
        revision = parts[4] if len(parts) == 5 else None
        return cls(platform=parts[0], workspace=parts[1], channel=parts[2], message=parts[3], revision=revision)


def is_same_channel(session_id: str, other: str) -> bool:
    """Tell whether two conversations are in one channel; False where one of them is in none."""
    try:
        first, second = SessionKey.parse(session_id), SessionKey.parse(other)
    except InvalidKeyError:
        return False
    return replace(first, thread=None) == replace(second, thread=None)


def check_id(text: object, what: str) -> str:
    """Return an id given by a program if it can be stored, such as ``session_101`` or ``ann@example.org``.

    Args:
        text: The id.
        what: What it names, for the error: ``session_id`` or ``user_id``.

    Raises:
        InvalidKeyError: It is empty, longer than 512 characters, or holds control characters.
    """
    if not isinstance(text, str) or not text or len(text) > _MAX_ID_LENGTH:
        raise InvalidKeyError(f"{what} must be a text of 1 to {_MAX_ID_LENGTH} characters, got {text!r}")
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise InvalidKeyError(f"{what} holds a control character: {text!r}")
    return text


def new_session_id() -> str:
    """Return a fresh, random session id."""
    return f"session_{uuid4().hex}"


def new_run_id() -> str:
    """Return a fresh, random run id: 32 hexadecimal characters."""
    return uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is known of a conversation, without its runs.

    Attributes:
        session_id: Its id.
        name: A title, where one was given.
        user_ids: Everybody who spoke in it, in order of appearance.
        created_at: When it began, in seconds since the epoch.
        updated_at: When its last run ended, in seconds since the epoch.
        run_count: How many runs it has had, also those beyond the retention cap.
        state: The session state: a JSON object that programs read and write.
        summary: What its older runs were about; empty where they are not summed up.
        summarised: The number of the last run that the summary covers, or before which the conversation began afresh.
        read: The number of the last run that was read for memories.
    """

    session_id: str
    name: str | None = None
    user_ids: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    run_count: int = 0
    state: dict[str, object] = field(default_factory=dict)
    summary: str = ""
    summarised: int = 0
    read: int = 0
