"""Thumbs under answers of the bot, which say whether they were good."""

from collections import OrderedDict
from typing import Final, Literal

from threadkeep.chat.events import FeedbackGiven
from threadkeep_discord.changes import ReactionPayload
from threadkeep_discord.events import user_key
from threadkeep_discord.places import MessageChannel, Spot

_RATINGS: Final[dict[str, Literal[-1, 1]]] = {"\N{THUMBS UP SIGN}": 1, "\N{THUMBS DOWN SIGN}": -1}
_SKIN_TONES: Final = "".join(chr(tone) for tone in range(0x1F3FB, 0x1F400))
_MOST_REMEMBERED: Final = 10_000


class Thumbs:
    """Read thumbs into feedback.

    Discord says whose message a thumb is put under, but not whose it is taken back from. To ask for each one in every
    channel would cost too much: one that was put there before this process began is not missed when it goes.

    Args:
        bot_id: The bot.
    """

    def __init__(self, *, bot_id: int) -> None:
        self._bot_id = str(bot_id)
        self._given: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def is_thumb(self, reaction: ReactionPayload) -> bool:
        """Tell whether a reaction is a thumb, of whatever colour."""
        return reaction["emoji"]["id"] is None and _plain(reaction) in _RATINGS

    def notice(self, reaction: ReactionPayload, *, is_new: bool) -> bool:
        """Tell whether a thumb counts; one that does is remembered until it is taken back.

        Args:
            reaction: The thumb.
            is_new: Whether it is put there, not taken back.
        """
        if not self.is_thumb(reaction):
            return False
        name = _name(reaction)
        if not is_new:
            return name in self._given
        is_machine = reaction.get("member", {}).get("user", {}).get("bot", False)
        is_own = reaction.get("message_author_id") == self._bot_id and reaction["user_id"] != self._bot_id
        if is_own and not is_machine:
            self._given[name] = None
            while len(self._given) > _MOST_REMEMBERED:
                self._given.popitem(last=False)
        return is_own and not is_machine

    def read(self, reaction: ReactionPayload, channel: MessageChannel, *, sequence: int, is_new: bool) -> FeedbackGiven:
        """Translate a thumb, or that it is taken back.

        Args:
            reaction: The thumb.
            channel: Where the message stands.
            sequence: The number in the gateway session: reactions have no id, and may come and go.
            is_new: Whether it is put there.
        """
        guild_id = int(reaction["guild_id"]) if "guild_id" in reaction else None
        spot = Spot(guild_id=guild_id, channel=channel, message_id=int(reaction["message_id"]))
        rating: Literal[-1, 0, 1] = _RATINGS[_plain(reaction)] if is_new else 0
        return FeedbackGiven(
            key=spot.key(f"feedback:{reaction['user_id']}:{rating}:{sequence}"),
            place=spot.place(has_own_thread=False),
            user=user_key(int(reaction["user_id"])),
            rating=rating,
        )


def _plain(reaction: ReactionPayload) -> str:
    return (reaction["emoji"]["name"] or "").rstrip(_SKIN_TONES)


def _name(reaction: ReactionPayload) -> tuple[str, str, str]:
    return (reaction["message_id"], reaction["user_id"], _plain(reaction))
