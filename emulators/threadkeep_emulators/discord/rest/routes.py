"""The table of routes; a route's name in logs and faults is its method and its template."""

from dataclasses import dataclass

from . import channels, commands, guilds, interactions, messages, reactions, threads, users
from .request import Handler

_CHANNEL = "/channels/{channel_id}"
_MESSAGE = _CHANNEL + "/messages/{message_id}"
_REACTIONS = _MESSAGE + "/reactions/{emoji}"
_GUILD = "/guilds/{guild_id}"
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{application_id}/{token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Be one endpoint.

    Attributes:
        method: The HTTP method.
        template: The path with the names of its parameters.
        handler: What answers.
        is_open: Whether it is used without the bot's token; interactions carry a token in their path.
    """

    method: str
    template: str
    handler: Handler
    is_open: bool = False

    @property
    def name(self) -> str:
        """Give the name for logs, rate limits and faults."""
        return f"{self.method} {self.template}"


def _route(method: str, template: str, handler: Handler, *, is_open: bool = False) -> Route:
    return Route(method=method, template=template, handler=handler, is_open=is_open)


# Literal paths stand before those with a parameter in the same place: the first match wins.
ROUTES: tuple[Route, ...] = (
    _route("GET", "/users/@me", users.get_me),
    _route("GET", "/users/@me/guilds", users.get_guilds),
    _route("GET", "/users/{user_id}", users.get_user),
    _route("POST", "/users/@me/channels", users.open_dm),
    _route("GET", "/oauth2/applications/@me", users.get_application),
    _route("GET", "/applications/@me", users.get_application),
    _route("GET", "/gateway", users.get_gateway, is_open=True),
    _route("GET", "/gateway/bot", users.get_gateway_bot),
    _route("GET", _CHANNEL, channels.get_channel),
    _route("PATCH", _CHANNEL, channels.change_channel),
    _route("DELETE", _CHANNEL, channels.delete_channel),
    _route("POST", _CHANNEL + "/typing", channels.start_typing),
    _route("GET", _CHANNEL + "/messages", messages.list_messages),
    _route("POST", _CHANNEL + "/messages", messages.create_message),
    _route("GET", _MESSAGE, messages.get_message),
    _route("PATCH", _MESSAGE, messages.edit_message),
    _route("DELETE", _MESSAGE, messages.delete_message),
    _route("PUT", _REACTIONS + "/@me", reactions.add_reaction),
    _route("DELETE", _REACTIONS + "/@me", reactions.remove_own_reaction),
    _route("DELETE", _REACTIONS + "/{user_id}", reactions.remove_reaction),
    _route("GET", _REACTIONS, reactions.list_reactions),
    _route("POST", _MESSAGE + "/threads", threads.open_on_message),
    _route("POST", _CHANNEL + "/threads", threads.open_in_channel),
    _route("GET", _CHANNEL + "/threads/archived/public", threads.list_archived),
    _route("PUT", _CHANNEL + "/thread-members/@me", threads.join),
    _route("DELETE", _CHANNEL + "/thread-members/@me", threads.leave),
    _route("PUT", _CHANNEL + "/thread-members/{user_id}", threads.add_member),
    _route("GET", _CHANNEL + "/thread-members", threads.list_members),
    _route("GET", _GUILD, guilds.get_guild),
    _route("GET", _GUILD + "/channels", guilds.get_channels),
    _route("GET", _GUILD + "/roles", guilds.get_roles),
    _route("GET", _GUILD + "/members", guilds.get_members),
    _route("GET", _GUILD + "/members/{user_id}", guilds.get_member),
    _route("GET", _GUILD + "/threads/active", guilds.get_active_threads),
    _route("GET", _COMMANDS, commands.list_commands),
    _route("PUT", _COMMANDS, commands.overwrite_commands),
    _route("POST", _COMMANDS, commands.create_command),
    _route("GET", _GUILD_COMMANDS, commands.list_commands),
    _route("PUT", _GUILD_COMMANDS, commands.overwrite_commands),
    _route("POST", _GUILD_COMMANDS, commands.create_command),
    _route("POST", "/interactions/{interaction_id}/{token}/callback", interactions.answer, is_open=True),
    _route("POST", _WEBHOOK, interactions.follow_up, is_open=True),
    _route("GET", _WEBHOOK + "/messages/{message_id}", interactions.get_answer, is_open=True),
    _route("PATCH", _WEBHOOK + "/messages/{message_id}", interactions.edit_answer, is_open=True),
    _route("DELETE", _WEBHOOK + "/messages/{message_id}", interactions.delete_answer, is_open=True),
)
