"""Webhooks: addresses under which programs post into a channel, under a name of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from .desk import Desk
from .extras import Extras
from .forms import Draft, layout_draft, read_draft
from .ids import Snowflake
from .model import Message, Payload, User
from .places import Channel


class Webhook:
    """Post into one channel: https://discord.com/developers/docs/resources/webhook#execute-webhook ."""

    def __init__(self, desk: Desk, channel: Channel, name: str) -> None:
        self._desk = desk
        self._channel = channel
        self.user = User(id=desk.realm.ids.snowflake(), name=name, is_bot=True)

    @property
    def id(self) -> Snowflake:
        """Give the webhook's id, which is its author's id as well."""
        return self.user.id

    async def says(self, text: str = "", *, embeds: Sequence[Payload] = ()) -> Message:
        """Post a message.

        Raises:
            ApiError: Discord would refuse it.
        """
        return await self._post(read_draft({"content": text, "embeds": list(embeds)}, ()))

    async def lays_out(self, components: Sequence[Payload]) -> Message:
        """Post a message that is made of components.

        Raises:
            ApiError: Discord would refuse it.
        """
        return await self._post(layout_draft(components))

    async def _post(self, draft: Draft) -> Message:
        draft = replace(draft, extras=Extras(webhook_id=self.id))
        message = self._desk.posting.post_unchecked(self.user, self._channel.state, draft)
        await asyncio.sleep(0)
        return message
