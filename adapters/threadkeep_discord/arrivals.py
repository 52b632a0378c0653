"""What the gateway brings, read into threadkeep's events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from threadkeep.chat.adapter import Acceptance
from threadkeep.chat.events import Event
from threadkeep_discord.bots import PEOPLE_ONLY, Hearing
from threadkeep_discord.changes import (
    ReactionPayload,
    asks_to_stop,
    is_on_own_message,
    member_name,
    read_deletions,
    read_stop,
    read_stop_on_question,
)
from threadkeep_discord.directory import Directory
from threadkeep_discord.door import OPEN_DOOR, Door
from threadkeep_discord.events import is_unreadable, read_edit, read_message
from threadkeep_discord.feedback import Thumbs
from threadkeep_discord.interactions.desk import InteractionDesk
from threadkeep_discord.places import MessageChannel, ReplyIn
from threadkeep_discord.refusals import ENABLE_CONTENT

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A dispatch of the gateway that may be an event.

    Attributes:
        name: Its name on the wire.
        payload: What it carries.
        sequence: Its number in the gateway session.
    """

    name: str
    payload: Mapping[str, Any]
    sequence: int


INTERACTION = "INTERACTION_CREATE"

ARRIVALS = frozenset(
    {
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_DELETE_BULK",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
        INTERACTION,
    }
)
"""The dispatches that are read."""


_SHOWN = ("content", "attachments", "message_snapshots", "sticker_items", "poll", "embeds", "components")


class ArrivalReader:
    """Read arrivals into events.

    Args:
        directory: The servers and channels.
        bot_id: The bot.
        reply_in: Where a question in a channel is answered.
        has_content: Whether the bot sees what is said without addressing it.
        desk: Where interactions are read and answered.
        hearing: Whose words count.
        door: Decides by the rules of the bot who is heard where.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        bot_id: int,
        reply_in: ReplyIn,
        has_content: bool,
        desk: InteractionDesk,
        hearing: Hearing = PEOPLE_ONLY,
        door: Door = OPEN_DOOR,
    ) -> None:
        self._door = door
        self.hearing = hearing
        self._desk = desk
        self._thumbs = Thumbs(bot_id=bot_id)
        self._directory = directory
        self._bot_id = bot_id
        self._reply_in = reply_in
        self._has_content = has_content
        self._has_told_blank = False

    def is_wanted(self, arrival: Arrival) -> bool:
        """Tell at a glance whether an arrival may be an event."""
        payload = arrival.payload
        match arrival.name:
            case "MESSAGE_CREATE":
                return self.hearing.may_concern(payload)
            case "MESSAGE_UPDATE":
                return self.hearing.may_concern(payload) and payload.get("edited_timestamp") is not None
            case "MESSAGE_REACTION_ADD":
                reaction = _reaction(payload)
                return asks_to_stop(reaction, bot_id=self._bot_id) or self._thumbs.notice(reaction, is_new=True)
            case "MESSAGE_REACTION_REMOVE":
                return self._thumbs.notice(_reaction(payload), is_new=False)
            case _:
                return True

    async def read(self, arrival: Arrival) -> tuple[Event, ...]:
        """Translate an arrival; there is nothing to tell of most of them."""
        payload = arrival.payload
        if arrival.name == INTERACTION:
            return await self._desk.read(payload, is_refused=await self._refuses(payload))
        guild_id = _guild_id(payload)
        channel_id = int(payload["channel_id"])
        if arrival.name == "MESSAGE_CREATE" and _is_blank(payload):
            # Nothing will come of it but a warning; it is not worth a look at the server.
            self.read_said(payload, self._directory.known(channel_id, guild_id=guild_id))
            return ()
        channel = await self._directory.channel(channel_id, guild_id=guild_id)
        match arrival.name:
            case "MESSAGE_CREATE":
                event = self.read_said(payload, channel)
            case "MESSAGE_UPDATE":
                event = self._read_edit(payload, channel)
            case "MESSAGE_REACTION_ADD" if self._door.refuses(payload, channel, guild_id=guild_id):
                return ()
            case "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" if self._thumbs.is_thumb(_reaction(payload)):
                is_new = arrival.name == "MESSAGE_REACTION_ADD"
                event = self._thumbs.read(_reaction(payload), channel, sequence=arrival.sequence, is_new=is_new)
            case "MESSAGE_REACTION_ADD":
                event = await self._read_reaction(_reaction(payload), channel)
            case _:
                message_ids = [int(message_id) for message_id in payload.get("ids") or [payload["id"]]]
                return read_deletions(channel, guild_id=guild_id, message_ids=message_ids, reply_in=self._reply_in)
        return () if event is None else (event,)

    def taken(self, arrival: Arrival, acceptances: Sequence[Acceptance]) -> None:
        """Answer an interaction that was handed over; nothing else awaits an answer."""
        if arrival.name == INTERACTION:
            self._desk.taken(arrival.payload, acceptances)

    def read_said(self, payload: Mapping[str, Any], channel: MessageChannel) -> Event | None:
        """Translate a message that stands in a channel; None if it is not to be heard."""
        if not self._has_content and _is_sticker_alone(payload):
            # Stickers are shown to every bot, and mean little where nothing else of the talk is.
            return None
        guild_id = _guild_id(payload)
        if self._door.is_shut(payload, channel, guild_id=guild_id):
            return None
        message = self._directory.message(payload, channel)
        event = read_message(
            message,
            bot_id=self._bot_id,
            reply_in=self._reply_in,
            hearing=self.hearing,
            readdress=self._door.readdressing(payload, channel, guild_id=guild_id),
        )
        if event is None and not self._has_content and is_unreadable(message, bot_id=self._bot_id):
            self._tell_what_blank_costs()
        return event

    def _read_edit(self, payload: Mapping[str, Any], channel: MessageChannel) -> Event | None:
        if self._door.is_shut(payload, channel, guild_id=_guild_id(payload)):
            return None
        message = self._directory.message(payload, channel)
        return read_edit(message, bot_id=self._bot_id, reply_in=self._reply_in, hearing=self.hearing)

    async def _refuses(self, payload: Mapping[str, Any]) -> bool:
        """Tell whether what somebody pressed or used is refused; asks for the channel only where that matters."""
        channel_id, guild_id = int(payload.get("channel_id") or payload["channel"]["id"]), _guild_id(payload)
        if self._door.looks_at_places:
            channel = await self._directory.channel(channel_id, guild_id=guild_id)
        else:
            channel = self._directory.known(channel_id, guild_id=guild_id)
        return self._door.refuses(payload, channel, guild_id=guild_id)

    async def _read_reaction(self, reaction: ReactionPayload, channel: MessageChannel) -> Event | None:
        speaker = member_name(reaction) or await self._directory.speaker_of(int(reaction["user_id"]))
        if is_on_own_message(reaction, bot_id=self._bot_id):
            return read_stop(reaction, channel, speaker=speaker)
        payload = await self._directory.message_payload(channel.id, int(reaction["message_id"]))
        if payload is None:
            return None
        message = self._directory.message(payload, channel)
        readdress = self._door.readdressing_any(channel, guild_id=_guild_id(reaction))
        return read_stop_on_question(
            reaction, message, bot_id=self._bot_id, speaker=speaker, reply_in=self._reply_in, readdress=readdress
        )

    def _tell_what_blank_costs(self) -> None:
        if not self._has_told_blank:
            self._has_told_blank = True
            _log.warning(
                "discord_messages_unreadable",
                cost="What is said in threads without mentioning the bot arrives without its text, and so does a reply "
                "to it that does not ping it: it is neither answered nor kept as context.",
                remedy=f"{ENABLE_CONTENT}, and set DISCORD_MESSAGE_CONTENT=1.",
            )


def report_skipped(name: str, payload: Any) -> None:
    """Report a dispatch that cannot be read, without what is said in it. Called where the error is being handled."""
    fields = payload if isinstance(payload, Mapping) else {}
    _log.exception("discord_event_skipped", kind=name, id=fields.get("id"), channel=fields.get("channel_id"))


def _is_blank(payload: Mapping[str, Any]) -> bool:
    return not any(payload.get(part) for part in _SHOWN)


def _is_sticker_alone(payload: Mapping[str, Any]) -> bool:
    has_stickers = payload.get("guild_id") is not None and bool(payload.get("sticker_items"))
    return has_stickers and _is_blank({**payload, "sticker_items": ()})


def _guild_id(payload: Mapping[str, Any]) -> int | None:
    return int(payload["guild_id"]) if payload.get("guild_id") is not None else None


def _reaction(payload: Mapping[str, Any]) -> ReactionPayload:
    return payload  # type: ignore[return-value]  # the gateway's payload is not checked before it is read
