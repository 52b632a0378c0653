"""The bodies of a reply's messages: plain, or made of components where the text is too long to be plain.

A message that was made of components stays so for ever: its content cannot come back.
https://discord.com/developers/docs/resources/message#edit-message
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord

from threadkeep.chat.elements import Elements
from threadkeep_discord.interactions.components import rows_of
from threadkeep_discord.layouts import IS_LAYOUT, layout_of
from threadkeep_discord.limits import MESSAGE_LENGTH
from threadkeep_discord.refusals import INVALID_FORM
from threadkeep_discord.text import utf16_length

_Result = TypeVar("_Result")

Body = dict[str, Any]


class MessageBodies:
    """Write the messages of one reply, and edit each as what it is.

    Args:
        allowed: Gives whom messages may ping.
        has_previews: Whether Discord may show previews of links.
    """

    def __init__(self, allowed: Callable[[], discord.AllowedMentions], *, has_previews: bool) -> None:
        self._allowed = allowed
        self._flags = discord.MessageFlags(suppress_embeds=not has_previews).value
        self._layouts: set[str] = set()

    def new(self, text: str, elements: Elements) -> Body:
        """Write a message that is to be posted."""
        if utf16_length(text) <= MESSAGE_LENGTH:
            rows = rows_of(elements)
            return self._plain(text) | ({"components": rows} if rows else {})
        return self._common(IS_LAYOUT) | {"components": layout_of(text, elements)}

    async def edit(
        self, message_id: str, text: str, elements: Elements, call: Callable[[Body], Awaitable[_Result]]
    ) -> _Result:
        """Edit a message with a call that takes the body.

        Raises:
            discord.HTTPException: Discord refuses.
        """
        if utf16_length(text) <= MESSAGE_LENGTH and message_id not in self._layouts:
            try:
                return await call(self._plain(text) | {"components": rows_of(elements)})
            except discord.HTTPException as error:
                # An earlier attempt, maybe of another process, may have made components of it. A plain message that
                # is refused for another reason is refused as components, too.
                if error.code != INVALID_FORM:
                    raise
        # What a plain message had must be taken away by name.
        emptied: Body = {"content": None, "embeds": []}
        result = await call(emptied | self._common(IS_LAYOUT) | {"components": layout_of(text, elements)})
        self._layouts.add(message_id)
        return result

    def _plain(self, text: str) -> Body:
        return {"content": text} | self._common(0)

    def _common(self, flags: int) -> Body:
        allowed = {**self._allowed().to_dict(), "replied_user": False}
        return {"allowed_mentions": allowed, "flags": self._flags | flags}
