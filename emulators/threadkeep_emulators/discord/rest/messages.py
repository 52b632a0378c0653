"""Messages: https://discord.com/developers/docs/resources/message ."""

from threadkeep_emulators.discord.cdn import with_valid_links
from threadkeep_emulators.discord.errors import invalid_form, missing_access
from threadkeep_emulators.discord.flags import Permission
from threadkeep_emulators.discord.forms import read_changes, read_draft
from threadkeep_emulators.discord.ids import Snowflake
from threadkeep_emulators.discord.model import ChannelState, Message, Payload
from threadkeep_emulators.discord.permissions import permissions_in, visible_channel
from threadkeep_emulators.discord.render_message import message_payload

from .request import NO_CONTENT, ApiAnswer, ApiRequest, read_snowflake

_MOST_LISTED = 100


def create_message(request: ApiRequest) -> ApiAnswer:
    """Post a message: https://discord.com/developers/docs/resources/message#create-message ."""
    channel = _channel(request)
    draft = read_draft(request.form, request.body.uploads)
    message = request.desk.posting.post(request.realm.bot, channel, draft)
    return ApiAnswer(body=_render(request, message))


def get_message(request: ApiRequest) -> ApiAnswer:
    """Give a message: https://discord.com/developers/docs/resources/message#get-channel-message ."""
    channel = _channel(request)
    if not _can_read_history(request, channel):
        raise missing_access()
    return ApiAnswer(body=_render(request, with_valid_links(request.realm, _message(request))))


def list_messages(request: ApiRequest) -> ApiAnswer:
    """List messages, newest first.

    https://discord.com/developers/docs/resources/message#get-channel-messages
    """
    channel = _channel(request)
    limit = _limit(request)
    if not _can_read_history(request, channel):
        return ApiAnswer(body=[])
    newest_first = sorted(channel.messages.values(), key=lambda message: message.id, reverse=True)
    chosen = _page(newest_first, request, limit)
    return ApiAnswer(body=[_render(request, with_valid_links(request.realm, one)) for one in chosen])


def edit_message(request: ApiRequest) -> ApiAnswer:
    """Edit a message: https://discord.com/developers/docs/resources/message#edit-message ."""
    _channel(request)
    message = _message(request)
    changes = read_changes(request.form, request.body.uploads, message=message)
    edited = request.desk.posting.edit(request.realm.bot, message, changes)
    return ApiAnswer(body=_render(request, edited))


def delete_message(request: ApiRequest) -> ApiAnswer:
    """Delete a message: https://discord.com/developers/docs/resources/message#delete-message ."""
    _channel(request)
    request.desk.posting.delete(request.realm.bot, _message(request))
    return NO_CONTENT


def _channel(request: ApiRequest) -> ChannelState:
    return visible_channel(request.realm.world, request.snowflake("channel_id"))


def _message(request: ApiRequest) -> Message:
    return request.realm.world.message(request.snowflake("channel_id"), request.snowflake("message_id"))


def _render(request: ApiRequest, message: Message) -> Payload:
    return message_payload(request.realm.world, message, request.realm.enabled_intents)


def _can_read_history(request: ApiRequest, channel: ChannelState) -> bool:
    granted = permissions_in(request.realm.world, request.realm.bot, channel)
    return Permission.READ_MESSAGE_HISTORY in granted


def _limit(request: ApiRequest) -> int:
    text = request.query.get("limit", "50")
    if not text.isdecimal():
        raise invalid_form("limit", "NUMBER_TYPE_COERCE", f'Value "{text}" is not int.')
    if int(text) < 1:
        raise invalid_form("limit", "NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.")
    if int(text) > _MOST_LISTED:
        text = f"int value should be less than or equal to {_MOST_LISTED}."
        raise invalid_form("limit", "NUMBER_TYPE_MAX", text)
    return int(text)


def _page(newest_first: list[Message], request: ApiRequest, limit: int) -> list[Message]:
    if "around" in request.query:
        middle = _bound(request, "around")
        newer = [message for message in newest_first if message.id > middle]
        older = [message for message in newest_first if message.id <= middle]
        half = limit // 2
        return [*newer[max(0, len(newer) - half) :], *older[: limit - half]] if half else older[:limit]
    if "after" in request.query:
        newer = [message for message in newest_first if message.id > _bound(request, "after")]
        # The page is next to its bound: the oldest of the newer ones.
        return newer[max(0, len(newer) - limit) :]
    if "before" in request.query:
        newest_first = [message for message in newest_first if message.id < _bound(request, "before")]
    return newest_first[:limit]


def _bound(request: ApiRequest, name: str) -> Snowflake:
    return read_snowflake(name, request.query[name])
