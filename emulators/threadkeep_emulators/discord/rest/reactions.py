"""Reactions: https://discord.com/developers/docs/resources/message#create-reaction ."""

from threadkeep_emulators.discord.flags import Permission
from threadkeep_emulators.discord.model import Message, emoji_key, reactions_of
from threadkeep_emulators.discord.permissions import require, visible_channel
from threadkeep_emulators.discord.reactions import react, read_emoji, take_back
from threadkeep_emulators.discord.render import user_payload

from .request import NO_CONTENT, ApiAnswer, ApiRequest


def add_reaction(request: ApiRequest) -> ApiAnswer:
    """React as the bot: https://discord.com/developers/docs/resources/message#create-reaction ."""
    react(request.realm, request.realm.bot, _message(request), read_emoji(request.path["emoji"]))
    return NO_CONTENT


def remove_own_reaction(request: ApiRequest) -> ApiAnswer:
    """Take the bot's reaction back.

    https://discord.com/developers/docs/resources/message#delete-own-reaction
    """
    take_back(request.realm, request.realm.bot, _message(request), read_emoji(request.path["emoji"]))
    return NO_CONTENT


def remove_reaction(request: ApiRequest) -> ApiAnswer:
    """Take somebody else's reaction away.

    https://discord.com/developers/docs/resources/message#delete-user-reaction
    """
    realm = request.realm
    message = _message(request)
    channel = realm.world.channels[message.channel_id]
    require(realm.world, realm.bot, channel, Permission.MANAGE_MESSAGES)
    user = realm.world.user(request.snowflake("user_id"))
    take_back(realm, user, message, read_emoji(request.path["emoji"]))
    return NO_CONTENT


def list_reactions(request: ApiRequest) -> ApiAnswer:
    """List who reacted: https://discord.com/developers/docs/resources/message#get-reactions ."""
    key = emoji_key(read_emoji(request.path["emoji"]))
    user_ids = reactions_of(_message(request)).get(key, ())
    return ApiAnswer(body=[user_payload(request.realm.world.users[one]) for one in user_ids])


def _message(request: ApiRequest) -> Message:
    channel = visible_channel(request.realm.world, request.snowflake("channel_id"))
    return request.realm.world.message(channel.id, request.snowflake("message_id"))
