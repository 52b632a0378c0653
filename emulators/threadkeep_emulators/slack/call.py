"""What a method of the Web API is, and what it gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .arguments import Arguments
from .problems import SlackError
from .records import Channel, Message, Team, User
from .wire import Payload
from .world import World

TokenKind: TypeAlias = Literal["bot", "app", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold one authorised call: who calls, in which workspace, with what.

    Attributes:
        issue_socket: Gives the address of a new socket; apps.connections.open alone needs it.
    """

    world: World
    team: Team
    args: Arguments
    issue_socket: Callable[[], str]

    def channel(self, name: str = "channel") -> Channel:
        """Give the channel named by an argument, if the bot can see it.

        Raises:
            SlackError: ``channel_not_found``.
        """
        found = self.team.channels.get(self.args.required(name))
        if found is None or not (found.is_public or self.team.bot_user in found.members):
            raise SlackError("channel_not_found")
        return found

    def joined_channel(self, name: str = "channel") -> Channel:
        """Give the channel named by an argument, if the bot is in it.

        Raises:
            SlackError: ``channel_not_found`` or ``not_in_channel``.
        """
        found = self.channel(name)
        if self.team.bot_user not in found.members:
            raise SlackError("not_in_channel")
        return found

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """Give the message named by an argument.

        Raises:
            SlackError: ``message_not_found``.
        """
        found = channel.messages.get(self.args.required(name))
        if found is None or found.is_tombstone:
            raise SlackError("message_not_found")
        return found

    def user(self, name: str = "user") -> User:
        """Give the user named by an argument.

        Raises:
            SlackError: ``user_not_found``.
        """
        found = self.team.users.get(self.args.required(name))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def require_scope(self, *needed: str) -> None:
        """Refuse the call unless the app holds one of the scopes.

        Raises:
            SlackError: ``missing_scope`` with what is needed and what is provided.
        """
        check_scope(self.team.scopes, needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """Describe one method of the Web API.

    Attributes:
        scopes: The app needs one of these.
        tier: The rate-limit tier; None for methods with limits of their own.
        token: The kind of token that the method takes.
        is_limited_by_channel: Whether it counts against one post a second in each channel.
    """

    name: str
    perform: Callable[[Request], Payload]
    scopes: tuple[str, ...] = ()
    tier: int | None = None
    token: TokenKind = "bot"
    is_limited_by_channel: bool = False


def check_scope(granted: set[str], needed: tuple[str, ...]) -> None:
    """Refuse unless one of the needed scopes is granted.

    Raises:
        SlackError: ``missing_scope``.
    """
    if needed and not granted.intersection(needed):
        raise SlackError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))
