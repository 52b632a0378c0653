"""The files that were posted, under signed addresses that expire.

https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from .ids import Snowflake
from .model import Attachment, Message
from .realm import Realm

TEMPLATE = "/attachments/{channel_id}/{attachment_id}/{filename}"
_LINK_SECONDS = 24 * 3600


def signed_url(
    realm: Realm, channel_id: Snowflake, attachment_id: Snowflake, filename: str, *, seconds: int = _LINK_SECONDS
) -> str:
    """Give an address under which a file can be had for a while."""
    now = int(realm.clock())
    signature = f"ex={now + seconds:x}&is={now:x}&hm={realm.ids.token(32)}"
    path = TEMPLATE.format(channel_id=channel_id, attachment_id=attachment_id, filename=quote(filename))
    return f"{realm.base_url}{path}?{signature}"


def with_valid_links(realm: Realm, message: Message) -> Message:
    """Give a message with new addresses for files whose address has expired, as it is shown to who asks for it."""
    if all(_expires_at(attachment) > realm.clock() for attachment in message.attachments):
        return message
    return _signed_anew(realm, message, seconds=_LINK_SECONDS)


def expire_links(realm: Realm) -> None:
    """Let the time of all addresses of files be over."""
    for channel in realm.world.channels.values():
        for message in list(channel.messages.values()):
            if message.attachments:
                _signed_anew(realm, message, seconds=-1)


def _signed_anew(realm: Realm, message: Message, *, seconds: int) -> Message:
    attachments = tuple(
        replace(one, url=signed_url(realm, message.channel_id, one.id, one.filename, seconds=seconds))
        for one in message.attachments
    )
    signed = replace(message, attachments=attachments)
    realm.world.channels[message.channel_id].messages[message.id] = signed
    return signed


def _expires_at(attachment: Attachment) -> int:
    return int(attachment.url.partition("?ex=")[2].partition("&")[0], 16)


class Cdn:
    """Hand out posted files to whoever has their full address, as long as it is valid."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one download, or give the error of a fault for ``GET`` and the template of its address."""
        fault = self._realm.faults.take(f"GET {TEMPLATE}")
        if fault is not None and fault.kind == "status":
            return web.Response(status=fault.status)
        attachment = self._find(request)
        if attachment is None or not self._is_valid(request, attachment):
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=attachment.data, content_type=attachment.content_type.split(";")[0])

    def _find(self, request: web.Request) -> Attachment | None:
        names = request.match_info
        if not (names["channel_id"].isdecimal() and names["attachment_id"].isdecimal()):
            return None
        channel = self._realm.world.channels.get(Snowflake(int(names["channel_id"])))
        wanted = int(names["attachment_id"])
        messages = () if channel is None else channel.messages.values()
        for message in messages:
            for attachment in message.attachments:
                if attachment.id == wanted:
                    return attachment
        return None

    def _is_valid(self, request: web.Request, attachment: Attachment) -> bool:
        signed = attachment.url.partition("?")[2]
        if request.query_string != signed:
            return False
        return self._realm.clock() < int(request.query["ex"], 16)
