"""The form of a message: read from a request body, refused where Discord refuses it.

https://discord.com/developers/docs/resources/message#create-message
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .components import check_components, check_emptied, check_no_legacy_fields, numbered
from .embeds import check_embeds
from .errors import ApiError, FormErrors
from .extras import NO_EXTRAS, Extras
from .flags import NO_FLAGS, SENDABLE_FLAGS, MessageFlag
from .ids import Snowflake
from .mentions import AllowedMentions, read_allowed_mentions
from .model import Message, Payload

MOST_CONTENT = 2000
MOST_NONCE = 25
_MOST_FILES = 10
_MOST_FILE_BYTES = 10 * 1024 * 1024
_FORWARD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Be a file that came with a request."""

    filename: str
    content_type: str
    data: bytes
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Be a message that is about to be posted, already checked."""

    content: str = ""
    embeds: tuple[Payload, ...] = ()
    components: tuple[Payload, ...] = ()
    uploads: tuple[Upload, ...] = ()
    flags: MessageFlag = NO_FLAGS
    nonce: str | int | None = None
    is_nonce_enforced: bool = False
    allowed: AllowedMentions | None = None
    answers: Snowflake | None = None
    answers_in: Snowflake | None = None
    fails_without_answered: bool = True
    has_more: bool = False
    extras: Extras = NO_EXTRAS

    @property
    def is_empty(self) -> bool:
        """Say whether nobody would see anything."""
        has_text = bool(self.content or self.embeds or self.components)
        return not (has_text or self.uploads or self.has_more or self.extras != NO_EXTRAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Be what an edit names; a field that is not in ``given`` stays as it was."""

    given: frozenset[str]
    content: str = ""
    embeds: tuple[Payload, ...] = ()
    components: tuple[Payload, ...] = ()
    flags: MessageFlag = NO_FLAGS
    allowed: AllowedMentions | None = None
    kept_attachments: frozenset[Snowflake] = frozenset()
    uploads: tuple[Upload, ...] = field(default=())


def read_draft(form: Payload, uploads: tuple[Upload, ...], *, flags: MessageFlag = SENDABLE_FLAGS) -> Draft:
    """Read the form of a new message.

    Raises:
        ApiError: 50035 with all that is wrong, or 40005 when a file is too large.
    """
    errors = FormErrors()
    content = _text(form, "content", errors)
    embeds, components, wanted = _parts(form, flags, errors, files=[upload.filename for upload in uploads])
    nonce = form.get("nonce")
    if nonce is not None and len(str(nonce)) > MOST_NONCE:
        errors.too_long("nonce", MOST_NONCE)
    reference = form.get("message_reference") or {}
    if reference.get("type") == _FORWARD:
        errors.add("message_reference.type", "BASE_TYPE_CHOICES", "The emulator forwards no messages.")
    allowed = read_allowed_mentions(form, errors)
    _check_uploads(uploads, errors)
    errors.raise_if_any()
    return Draft(
        content=content,
        embeds=tuple(embeds),
        components=tuple(components),
        uploads=uploads,
        flags=wanted,
        nonce=nonce,
        is_nonce_enforced=bool(form.get("enforce_nonce")),
        allowed=allowed,
        answers=_snowflake(reference.get("message_id")),
        answers_in=_snowflake(reference.get("channel_id")),
        fails_without_answered=bool(reference.get("fail_if_not_exists", True)),
        has_more=bool(form.get("sticker_ids") or form.get("poll")),
    )


def layout_draft(components: Sequence[Payload]) -> Draft:
    """Make a new message of components.

    Raises:
        ApiError: 50035 with all that is wrong.
    """
    return read_draft({"components": list(components), "flags": int(MessageFlag.IS_COMPONENTS_V2)}, ())


def read_changes(form: Payload, uploads: tuple[Upload, ...], *, message: Message) -> Changes:
    """Read the form of an edit.

    A message that is made of components stays so, and another one can become so.

    Args:
        form: The request body.
        uploads: The files that came with it.
        message: The message as it stands.

    Raises:
        ApiError: 50035 with all that is wrong, or 40005 when a file is too large.
    """
    errors = FormErrors()
    is_layout = MessageFlag.IS_COMPONENTS_V2
    if is_layout in message.flags:
        if form.get("flags") is not None and not int(form["flags"]) & is_layout:
            # That Discord refuses it is documented, how it says so is not.
            errors.add("flags", "BASE_TYPE_CHOICES", "MessageFlags.IS_COMPONENTS_V2 cannot be removed")
        else:
            form = form | {"flags": int(form.get("flags") or message.flags) | is_layout}
    content = _text(form, "content", errors)
    files = [*(upload.filename for upload in uploads), *(one.filename for one in message.attachments)]
    embeds, components, flags = _parts(form, MessageFlag.SUPPRESS_EMBEDS | is_layout, errors, files=files)
    if is_layout in flags and is_layout not in message.flags:
        check_emptied(message, form, errors)
    allowed = read_allowed_mentions(form, errors)
    _check_uploads(uploads, errors)
    errors.raise_if_any()
    kept = [_snowflake(entry.get("id")) for entry in form.get("attachments") or ()]
    return Changes(
        given=frozenset(form),
        content=content,
        embeds=tuple(embeds),
        components=tuple(components),
        flags=flags,
        allowed=allowed,
        kept_attachments=frozenset(one for one in kept if one is not None),
        uploads=uploads,
    )


def _text(form: Payload, name: str, errors: FormErrors) -> str:
    value: Any = form.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        value = str(value)
    # The limit counts code points, as len does, not UTF-16 units or bytes.
    if len(value) > MOST_CONTENT:
        errors.too_long(name, MOST_CONTENT)
    stripped: str = value.strip()
    return stripped


def _parts(
    form: Payload, sendable: MessageFlag, errors: FormErrors, *, files: Sequence[str]
) -> tuple[list[Payload], list[Payload], MessageFlag]:
    flags = MessageFlag(int(form.get("flags") or 0) & int(sendable))
    embeds = _dictionaries(form, "embeds", errors)
    components = _dictionaries(form, "components", errors)
    check_embeds(embeds, errors)
    check_components(components, flags, errors, files=files)
    if MessageFlag.IS_COMPONENTS_V2 in flags:
        check_no_legacy_fields(form, errors)
    return embeds, numbered(components), flags


def _dictionaries(form: Payload, name: str, errors: FormErrors) -> list[Payload]:
    entries = form.get(name) or []
    if not isinstance(entries, list):
        errors.add(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict):
            text = "Only dictionaries may be used in a DictType"
            errors.add(f"{name}.{position}", "DICT_TYPE_CONVERT", text)
    return [entry for entry in entries if isinstance(entry, dict)]


def _check_uploads(uploads: tuple[Upload, ...], errors: FormErrors) -> None:
    if len(uploads) > _MOST_FILES:
        errors.too_long("attachments", _MOST_FILES)
    if any(len(upload.data) > _MOST_FILE_BYTES for upload in uploads):
        raise ApiError(413, 40005, "Request entity too large")


def _snowflake(value: object) -> Snowflake | None:
    text = str(value)
    return Snowflake(int(text)) if text.isdecimal() else None
