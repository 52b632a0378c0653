"""Keeping the forms that buttons open."""

from threadkeep.chat.elements import Elements
from threadkeep.chat.posting import Poster
from threadkeep_discord.interactions.notes import InteractionNotes


class KeepingForms:
    """Keep the forms of buttons before they are shown. Implements ``threadkeep.chat.posting.Poster``.

    Args:
        poster: Shows them.
        notes: Keeps them.
    """

    def __init__(self, poster: Poster, notes: InteractionNotes) -> None:
        self._poster = poster
        self._notes = notes

    async def post(self, part: int, text: str, elements: Elements = ()) -> str:
        """Make a part visible and give its message's id.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        await self._notes.keep_forms(elements)
        return await self._poster.post(part, text, elements)

    async def edit(self, message_id: str, text: str, elements: Elements = ()) -> None:
        """Replace the text of a message, and what stands under it.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        await self._notes.keep_forms(elements)
        await self._poster.edit(message_id, text, elements)

    async def remove(self, message_id: str) -> None:
        """Delete a message.

        Raises:
            PlatformError: Discord refuses, or cannot be reached.
        """
        await self._poster.remove(message_id)
