"""The rules applied to what Discord tells: who is heard, and what counts as said to the bot."""

from collections.abc import Mapping
from typing import Any, Final

import discord

from threadkeep.chat.events import Addressing
from threadkeep_discord.addressed import Readdress, is_for_others
from threadkeep_discord.interactions.custom_ids import read_custom_id
from threadkeep_discord.places import MessageChannel
from threadkeep_discord.rules import AnswerWhen, Rules, Speaker, Spots

_ANSWERED_QUESTION: Final = "answer:"


class Door:
    """Decide by the rules who is heard where.

    Args:
        rules: The rules.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules: Final = rules

    @property
    def looks_at_places(self) -> bool:
        """Tell whether it matters in which channel something happens."""
        return self._rules.concerns_places

    def is_shut(self, payload: Mapping[str, Any], channel: MessageChannel, *, guild_id: int | None) -> bool:
        """Tell whether nothing is to be heard of a message."""
        speaker, spots = speaker_of(payload, guild_id=guild_id), spots_of(channel, guild_id=guild_id)
        if self._rules.is_closed(spots) or self._rules.is_blocked(speaker):
            return True
        # In a direct message there is nobody else whose question it could be part of.
        return spots.is_direct and not self._rules.may_ask(speaker)

    def refuses(self, payload: Mapping[str, Any], channel: MessageChannel, *, guild_id: int | None) -> bool:
        """Tell whether somebody may not react, press or use a command in a place."""
        speaker, spots = speaker_of(payload, guild_id=guild_id), spots_of(channel, guild_id=guild_id)
        if self._rules.is_closed(spots) or self._rules.is_blocked(speaker):
            return True
        return not _answers_question(payload) and not self._rules.may_ask(speaker)

    def readdressing(self, payload: Mapping[str, Any], channel: MessageChannel, *, guild_id: int | None) -> Readdress:
        """Give what tells to whom a message counts as said."""
        speaker = speaker_of(payload, guild_id=guild_id)
        if not self._rules.may_ask(speaker):
            return lambda _message, _usual: Addressing.OTHERS
        return _by(self._rules.answer_when(spots_of(channel, guild_id=guild_id), speaker.role_ids))

    def readdressing_any(self, channel: MessageChannel, *, guild_id: int | None) -> Readdress:
        """Give the same where it is not known what roles the speaker has: by the place alone."""
        return _by(self._rules.answer_when(spots_of(channel, guild_id=guild_id)))


OPEN_DOOR: Final = Door(Rules())
"""The door of a bot that has no rules."""


def speaker_of(payload: Mapping[str, Any], *, guild_id: int | None) -> Speaker:
    """Tell who wrote a message, reacted, or used something."""
    member = payload.get("member") or {}
    user = payload.get("author") or payload.get("user") or member.get("user") or {}
    return Speaker(
        user_id=int(payload.get("user_id") or user.get("id") or 0),
        role_ids=frozenset(int(role_id) for role_id in member.get("roles") or ()),
        has_known_roles=guild_id is None or "roles" in member or "webhook_id" in payload,
    )


def spots_of(channel: MessageChannel, *, guild_id: int | None) -> Spots:
    """Tell where a channel or thread is, as far as that is known."""
    ids: list[int | None] = [channel.id]
    if isinstance(channel, discord.Thread):
        parent = channel.parent
        ids += [channel.parent_id, None if parent is None else parent.category_id]
    elif isinstance(channel, discord.abc.GuildChannel):
        ids.append(channel.category_id)
    return Spots(ids=tuple(one for one in ids if one is not None), guild_id=guild_id)


def _by(when: AnswerWhen) -> Readdress:
    def readdress(message: discord.Message, usual: Addressing) -> Addressing:
        match when:
            case AnswerWhen.MENTIONED if usual is Addressing.THREAD:
                return Addressing.OTHERS
            case AnswerWhen.ALWAYS if not is_for_others(message):
                return Addressing.BOT
            case _:
                return usual

    return readdress


def _answers_question(payload: Mapping[str, Any]) -> bool:
    # Whoever may approve something is named where it is asked, and need not be among those who may ask.
    meaning = read_custom_id((payload.get("data") or {}).get("custom_id", ""))
    return meaning is not None and meaning.action.startswith(_ANSWERED_QUESTION)
