"""What a message may hold besides text, files, embeds and components: polls, stickers, forwarded messages, voice.

https://discord.com/developers/docs/resources/message#message-object
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .ids import Snowflake

_PNG = 1
_MOST_ANSWERS = 10
_FORWARDED_FIELDS = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions")
_MORE_FORWARDED_FIELDS = ("mention_roles", "components", "sticker_items")

Payload = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """Be what a message holds beyond the usual.

    Attributes:
        poll: A question with answers to choose from.
        stickers: Stickers.
        snapshots: Copies of forwarded messages.
        forwarded_from: The channel and message that were forwarded.
        webhook_id: The webhook that posted it.
        voice_seconds: How long a voice message lasts.
    """

    poll: Payload | None = None
    stickers: tuple[Payload, ...] = ()
    snapshots: tuple[Payload, ...] = ()
    forwarded_from: tuple[Snowflake, Snowflake] | None = None
    webhook_id: Snowflake | None = None
    voice_seconds: float | None = None


NO_EXTRAS = Extras()


def poll_of(question: str, answers: Sequence[str], *, expiry: str) -> Payload:
    """Make a poll.

    Raises:
        ValueError: It has no answers or too many.
    """
    if not 1 <= len(answers) <= _MOST_ANSWERS:
        raise ValueError(f"a poll has 1 to {_MOST_ANSWERS} answers, not {len(answers)}")
    return {
        "question": {"text": question},
        "answers": [{"answer_id": number, "poll_media": {"text": text}} for number, text in enumerate(answers, 1)],
        "expiry": expiry,
        "allow_multiselect": False,
        "layout_type": 1,
    }


def sticker_of(sticker_id: Snowflake, name: str) -> Payload:
    """Make a sticker as it stands in a message."""
    return {"id": str(sticker_id), "name": name, "format_type": _PNG}


def snapshot_of(message: Payload) -> Payload:
    """Make the copy of a message that a forward holds: without its author."""
    fields = (*_FORWARDED_FIELDS, *_MORE_FORWARDED_FIELDS)
    return {"message": {field: message[field] for field in fields if field in message}}


def extras_payload(extras: Extras, *, guild_id: Snowflake | None, has_content: bool) -> Payload:
    """Render what a message holds beyond the usual, to a reader who may see its content or not."""
    payload: Payload = {}
    if extras.poll is not None and has_content:
        payload["poll"] = extras.poll
    if extras.stickers:
        payload["sticker_items"] = list(extras.stickers)
    if extras.webhook_id is not None:
        payload["webhook_id"] = str(extras.webhook_id)
    if extras.forwarded_from is not None:
        channel_id, message_id = extras.forwarded_from
        payload["message_reference"] = {"type": 1, "channel_id": str(channel_id), "message_id": str(message_id)}
        if guild_id is not None:
            payload["message_reference"] |= {"guild_id": str(guild_id)}  # type: ignore[operator]  # a dict, see above
        payload["message_snapshots"] = (
            list(extras.snapshots) if has_content else [_blank(one) for one in extras.snapshots]
        )
    return payload


def voiced(attachments: Sequence[Payload], extras: Extras) -> list[Payload]:
    """Add to the file of a voice message how long it lasts."""
    if extras.voice_seconds is None:
        return list(attachments)
    return [{**one, "duration_secs": extras.voice_seconds, "waveform": "AAAA"} for one in attachments]


def _blank(snapshot: Payload) -> Payload:
    message = snapshot["message"]
    fields = message if isinstance(message, dict) else {}
    return {"message": {**fields, "content": "", "embeds": [], "attachments": [], "components": []}}
