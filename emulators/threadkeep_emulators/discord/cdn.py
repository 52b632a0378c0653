"""The files that were posted, under signed addresses that expire.

https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from aiohttp import web

from .ids import Snowflake
from .model import Attachment
from .realm import Realm

TEMPLATE = "/attachments/{channel_id}/{attachment_id}/{filename}"


class Cdn:
    """Hand out posted files to whoever has their full address, as long as it is valid."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one download."""
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
