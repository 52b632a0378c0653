"""Interactions as threadkeep's events."""

from collections.abc import Collection
from typing import Final, Literal

import discord

from threadkeep.chat.commands import STOP
from threadkeep.chat.events import ActionPressed, Event, FeedbackGiven, MessageReceived, Place, StopRequested
from threadkeep.sessions import MessageKey, UserKey
from threadkeep_discord.interactions.custom_ids import Meaning, read_custom_id
from threadkeep_discord.interactions.marks import Asked
from threadkeep_discord.interactions.menus import question_of
from threadkeep_discord.interactions.payloads import Interaction, Kind, filled_in, label_of, option_text
from threadkeep_discord.places import PLATFORM

ASK: Final = "ask"
"""The command that asks a question, where a mention cannot: in places to which somebody brought the bot along."""

RETRY: Final = "command:retry"
"""The action of the button under an answer by which the question is answered again."""

_FEEDBACK: Final = "feedback"
_RATINGS: Final[dict[str, Literal[-1, 1]]] = {"1": 1, "-1": -1}
_CHAT_INPUT: Final = 1


def read_command(interaction: Interaction, *, private: Collection[str], own: Collection[str] = ()) -> Event | None:
    """Translate a slash command; None if there is nothing in it.

    Args:
        interaction: What was done.
        private: The commands whose answers only the asker may see.
        own: The bot's commands, among which ``ask`` may have another meaning.
    """
    data = interaction.data
    name = data["name"]
    if data.get("type", _CHAT_INPUT) != _CHAT_INPUT:
        question = question_of(interaction)
        return None if question is None else _said(interaction, question)
    if name == STOP:
        key = interaction.key("command", f"stop:{interaction.id}")
        return _stop(interaction, interaction.place(None), key)
    text = option_text(data)
    is_question = name == ASK and ASK not in own
    if is_question and not text:
        return None
    return _said(
        interaction,
        text,
        command=None if is_question else name,
        is_private=name in private,
        is_deferred=not (is_question and interaction.can_post),
    )


def meaning_of(interaction: Interaction) -> Meaning | None:
    """Give what a component or form means; None if it is none of ours."""
    return read_custom_id(interaction.data.get("custom_id", ""))


def opens_form(interaction: Interaction) -> bool:
    """Tell whether something is to be filled in before the press counts."""
    meaning = meaning_of(interaction)
    return interaction.kind is Kind.COMPONENT and meaning is not None and bool(meaning.form)


def read_press(interaction: Interaction) -> Event | None:
    """Translate a press, a choice or a form that was sent; None for what is none of ours, or opens a form first."""
    meaning = meaning_of(interaction)
    if meaning is None or "id" not in interaction.message or opens_form(interaction):
        return None
    source = str(interaction.message["id"])
    place = interaction.place(source)
    chosen = next(iter(interaction.data.get("values") or ()), None)
    value = meaning.value if chosen is None else chosen
    fields = filled_in(interaction.data) if interaction.kind is Kind.FORM else {}
    if meaning.action == STOP:
        return _stop(interaction, place, interaction.key(source, f"stop:{interaction.id}"))
    if meaning.action == RETRY:
        return _said(interaction, "", command=RETRY.partition(":")[2])
    if meaning.action == _FEEDBACK and value in _RATINGS:
        return FeedbackGiven(
            key=interaction.key(source, f"feedback:{interaction.id}"),
            place=place,
            user=_user(interaction),
            rating=_RATINGS[value],
            comment="\n".join(text for text in fields.values() if text.strip()),
        )
    return ActionPressed(
        key=interaction.key(source, f"pressed:{interaction.id}"),
        place=place,
        user=_user(interaction),
        speaker=interaction.speaker,
        action=meaning.action,
        value=value,
        label=label_of(interaction.message, interaction.data.get("custom_id", ""), chosen),
        fields=fields,
        roles=interaction.role_ids,
    )


def _said(
    interaction: Interaction,
    text: str,
    *,
    command: str | None = None,
    is_private: bool = False,
    is_deferred: bool = True,
) -> MessageReceived:
    asked = Asked(interaction_id=interaction.id, is_deferred=is_deferred, is_guest=interaction.is_guest)
    return MessageReceived(
        key=interaction.key(str(interaction.id)),
        place=interaction.place(str(asked)),
        user=_user(interaction),
        speaker=interaction.speaker,
        text=text,
        sent_at=discord.utils.snowflake_time(interaction.id).timestamp(),
        command=command,
        is_private=is_private,
    )


def _stop(interaction: Interaction, place: Place, key: MessageKey) -> StopRequested:
    return StopRequested(key=key, place=place, user=_user(interaction), speaker=interaction.speaker)


def _user(interaction: Interaction) -> UserKey:
    return UserKey(platform=PLATFORM, user=str(interaction.user_id))
