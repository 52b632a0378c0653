"""Channels and typing: https://discord.com/developers/docs/resources/channel ."""

from threadkeep_emulators.discord.errors import ApiError
from threadkeep_emulators.discord.flags import Permission
from threadkeep_emulators.discord.gateway.events import channel_changed, typing_started
from threadkeep_emulators.discord.model import ChannelState
from threadkeep_emulators.discord.permissions import require, require_posting, visible_channel
from threadkeep_emulators.discord.render import channel_payload

from .request import NO_CONTENT, ApiAnswer, ApiRequest


def get_channel(request: ApiRequest) -> ApiAnswer:
    """Give a channel or thread: https://discord.com/developers/docs/resources/channel#get-channel ."""
    return ApiAnswer(body=channel_payload(request.realm.world, _channel(request)))


def change_channel(request: ApiRequest) -> ApiAnswer:
    """Change a channel, or archive a thread.

    https://discord.com/developers/docs/resources/channel#modify-channel
    """
    realm = request.realm
    channel = _channel(request)
    if channel.is_thread:
        request.desk.threads.change(realm.bot, channel, request.form)
    elif channel.is_dm:
        raise ApiError(400, 50003, "Cannot execute action on a DM channel")
    else:
        require(realm.world, realm.bot, channel, Permission.MANAGE_CHANNELS)
        channel.name = str(request.form.get("name", channel.name))
        channel.topic = request.form.get("topic", channel.topic)
        realm.tell(channel_changed(realm.world, channel, "UPDATE"))
    return ApiAnswer(body=channel_payload(realm.world, channel))


def delete_channel(request: ApiRequest) -> ApiAnswer:
    """Delete a thread or channel: https://discord.com/developers/docs/resources/channel#deleteclose-channel ."""
    realm = request.realm
    channel = _channel(request)
    body = channel_payload(realm.world, channel)
    if channel.is_thread:
        request.desk.threads.delete(realm.bot, channel)
    elif not channel.is_dm:
        require(realm.world, realm.bot, channel, Permission.MANAGE_CHANNELS)
        realm.world.remove_channel(channel)
        realm.tell(channel_changed(realm.world, channel, "DELETE"))
    return ApiAnswer(body=body)


def start_typing(request: ApiRequest) -> ApiAnswer:
    """Show that the bot types.

    https://discord.com/developers/docs/resources/channel#trigger-typing-indicator
    """
    realm = request.realm
    channel = _channel(request)
    require_posting(realm.world, realm.bot, channel)
    guild = realm.world.guild_of(channel)
    member = None if guild is None else guild.members[realm.bot.id]
    realm.tell(typing_started(channel, realm.bot, realm.clock(), member))
    return NO_CONTENT


def _channel(request: ApiRequest) -> ChannelState:
    return visible_channel(request.realm.world, request.snowflake("channel_id"))
