"""What stands in the emulated workspaces: teams, people, channels, messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .wire import Payload

ChannelKind: TypeAlias = Literal["channel", "group", "im", "mpim"]
StreamState: TypeAlias = Literal["in_progress", "stopped_by_user", "completed"]
FileMode: TypeAlias = Literal["hosted", "external", "tombstone", "hidden_by_limit"]
StreamMode: TypeAlias = Literal["markdown_text", "chunks"]


@dataclass(slots=True, kw_only=True)
class Stream:
    """Hold what chat.startStream and its followers know of a message that is being written.

    Attributes:
        is_overwritten: Whether chat.update has put something else in place of what was streamed.
    """

    started_at: float
    is_overwritten: bool = False
    state: StreamState = "in_progress"
    mode: StreamMode | None = None
    tasks: dict[str, Payload] = field(default_factory=dict)
    plan_title: str | None = None
    task_display_mode: str = "timeline"


@dataclass(slots=True, kw_only=True)
class Message:
    """Hold one message as it stands now, edits applied."""

    channel: str
    ts: str
    text: str
    user: str | None = None
    thread_ts: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icons: Payload | None = None
    client_msg_id: str | None = None
    blocks: list[Payload] = field(default_factory=list)
    attachments: list[Payload] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    metadata: Payload | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: Payload | None = None
    stream: Stream | None = None
    app_context: Payload | None = None

    @property
    def is_reply(self) -> bool:
        """Tell whether the message stands in a thread below its root."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_tombstone(self) -> bool:
        """Tell whether the message is the remainder of a deleted thread root."""
        return self.subtype == "tombstone"


@dataclass(slots=True, kw_only=True)
class Channel:
    """Hold one conversation and its messages, oldest first."""

    id: str
    name: str
    kind: ChannelKind
    creator: str
    created: int
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, dict[str, Message]] = field(default_factory=dict)
    is_archived: bool = False
    last_microseconds: int = 0

    @property
    def is_public(self) -> bool:
        """Tell whether everybody in the workspace may see the channel."""
        return self.kind == "channel"

    def next_ts(self, now: float) -> str:
        """Give a timestamp that no earlier message of this channel has, and that is greater than all of them."""
        self.last_microseconds = max(int(now * 1_000_000), self.last_microseconds + 1)
        return f"{self.last_microseconds // 1_000_000}.{self.last_microseconds % 1_000_000:06d}"

    def place(self, message: Message) -> None:
        """Put a message at the end of the channel, or of its thread."""
        self.messages[message.ts] = message
        if message.is_reply and message.thread_ts is not None:
            self.threads.setdefault(message.thread_ts, {})[message.ts] = message

    def remove(self, message: Message) -> None:
        """Take a message away."""
        del self.messages[message.ts]
        self.threads.get(message.thread_ts or "", {}).pop(message.ts, None)

    def replies(self, root_ts: str) -> list[Message]:
        """Give the replies of a thread, oldest first, without the root."""
        return list(self.threads.get(root_ts, {}).values())

    def top_level(self) -> Iterator[Message]:
        """Give what people see outside of threads, oldest first."""
        for message in self.messages.values():
            if not message.is_reply or message.subtype == "thread_broadcast":
                yield message


@dataclass(slots=True, kw_only=True)
class User:
    """Hold one person or bot user of a workspace."""

    id: str
    name: str
    display_name: str
    email: str | None = None
    is_bot: bool = False
    is_admin: bool = False
    tz: str = "Europe/Vienna"
    tz_offset: int = 3600
    locale: str = "en-US"


@dataclass(slots=True, kw_only=True)
class Bot:
    """Hold one bot: ours, or that of another app in the workspace."""

    id: str
    app_id: str
    user_id: str
    name: str


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """Hold one uploaded file with its bytes.

    Attributes:
        mode: ``hosted``, or why it is not: ``external``, ``tombstone``, ``hidden_by_limit``.
        is_of_others: Whether it is of another organisation, so that events name its id alone.
        stated_size: The size that Slack states, where it is not that of the bytes.
        hops: How often the address leads on to another one of Slack's.
        moved_to: Where it leads to at last instead of giving the file.
    """

    id: str
    name: str
    mimetype: str
    content: bytes
    user: str
    created: int
    title: str | None = None
    channels: list[str] = field(default_factory=list)
    mode: FileMode = "hosted"
    is_of_others: bool = False
    stated_size: int | None = None
    hops: int = 0
    moved_to: str | None = None


@dataclass(slots=True, kw_only=True)
class PendingUpload:
    """Hold what an app announced that it would upload, and the bytes as soon as they have come."""

    file_id: str
    name: str
    length: int
    content: bytes | None = None


@dataclass(slots=True, kw_only=True)
class EphemeralMessage:
    """Hold a message that one user alone sees."""

    message: Message
    visible_to: str


@dataclass(slots=True, kw_only=True)
class AgentSession:
    """Hold the status and title that agents.sessions.* gave to a thread."""

    status: str
    title: str | None = None
    initiator: str | None = None


@dataclass(slots=True, kw_only=True)
class AssistantThread:
    """Hold what assistant.threads.* shows in a thread."""

    status: str = ""
    status_set_at: float = 0.0
    loading_messages: list[str] = field(default_factory=list)
    title: str | None = None
    prompts: list[Payload] = field(default_factory=list)


ThreadKey: TypeAlias = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Organisation:
    """Hold an organisation of Enterprise Grid in which the app is installed as a whole."""

    id: str
    name: str
    members: "list[Team]" = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Team:
    """Hold one workspace with the app installed in it."""

    id: str
    name: str
    domain: str
    bot: Bot
    bot_token: str
    scopes: set[str]
    users: dict[str, User] = field(default_factory=dict)
    bots: dict[str, Bot] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    uploads: dict[str, PendingUpload] = field(default_factory=dict)
    ephemerals: list[EphemeralMessage] = field(default_factory=list)
    assistant_threads: dict[ThreadKey, AssistantThread] = field(default_factory=dict)
    sessions: dict[ThreadKey, AgentSession] = field(default_factory=dict)
    strangers: dict[str, tuple[User, str]] = field(default_factory=dict)
    usergroups: dict[str, str] = field(default_factory=dict)
    group_members: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, Payload] = field(default_factory=dict)
    modals: list[Payload] = field(default_factory=list)
    view_stacks: dict[str, list[Payload]] = field(default_factory=dict)
    edit_window: float | None = None
    is_token_revoked: bool = False
    token_expiries: dict[str, float] = field(default_factory=dict)
    refresh_token: str | None = None
    organisation: Organisation | None = None

    @property
    def siblings(self) -> "list[Team]":
        """Give all workspaces for which the app is installed together with this one, which is among them."""
        return [self] if self.organisation is None else self.organisation.members

    @property
    def bot_user(self) -> str:
        """Give the id of the user as whom the app speaks."""
        return self.bot.user_id

    def knows(self, token: str) -> bool:
        """Tell whether a token is or was one of this workspace."""
        return token == self.bot_token or token in self.token_expiries

    def assistant_thread(self, channel: str, thread_ts: str) -> AssistantThread:
        """Give what the app shows in a thread, making an empty record where there is none."""
        return self.assistant_threads.setdefault((channel, thread_ts), AssistantThread())

    def find_direct(self, members: set[str]) -> Channel | None:
        """Give the direct or group conversation of exactly these members."""
        for channel in self.channels.values():
            if channel.kind in {"im", "mpim"} and set(channel.members) == members:
                return channel
        return None


@dataclass(slots=True, kw_only=True)
class IssuedCode:
    """Hold what somebody allowed on the consent page, until the app asks for the tokens."""

    team: str
    user: str
    scopes: tuple[str, ...]
    redirect_uri: str | None
    issued_at: float
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class App:
    """Hold the configuration of the app, as its settings pages would.

    Attributes:
        events: The event subscriptions, such as ``app_mention`` and ``message.im``.
        request_url: Where events go over HTTP; None stands for Socket Mode.
        is_agent: Whether the app is declared as an agent, which agents.sessions.* require.
        has_agent_view: Whether it has the agent view; else an agent has the former assistant view.
        redirect_urls: Where browsers may be sent back to after an installation.
        is_token_rotated: Whether tokens that are granted from now on expire.
        token_lifetime: After how many seconds they do.
    """

    id: str
    name: str
    app_token: str
    signing_secret: str
    verification_token: str
    scopes: set[str]
    events: set[str]
    app_token_scopes: set[str] = field(default_factory=lambda: {"connections:write"})
    request_url: str | None = None
    is_agent: bool = True
    has_agent_view: bool = False
    client_id: str = ""
    client_secret: str = ""
    redirect_urls: list[str] = field(default_factory=list)
    is_token_rotated: bool = False
    token_lifetime: float = 43_200.0
