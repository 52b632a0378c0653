"""What an operator names: a message by its link or key, or a run by the reference that people were shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

from threadkeep.chat.links import LinkParser, MessageLink
from threadkeep.errors import ConfigError, InvalidKeyError
from threadkeep.runtime.view import REFERENCE_LENGTH
from threadkeep.sessions import MessageKey

LINK_GROUP: Final = "threadkeep.links"
"""The entry point group in which packages announce their ``LinkParser``, under the platform's name."""

_REFERENCE: Final = re.compile(rf"[0-9a-f]{{{REFERENCE_LENGTH},32}}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A run, by the first characters of its id.

    Attributes:
        text: These characters, in lower case.
    """

    text: str


Subject = MessageLink | Reference
"""What may be asked about."""


def load_link_parsers() -> tuple[LinkParser, ...]:
    """Return the parsers of the installed platforms.

    Raises:
        ConfigError: One cannot be imported.
    """
    parsers: list[LinkParser] = []
    for entry in sorted(entry_points(group=LINK_GROUP), key=lambda found: found.name):
        try:
            parsers.append(entry.load())
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"The links of {entry.name} cannot be read: {error}") from error
    return tuple(parsers)


def read_reference(text: str) -> str | None:
    """Return a reference as it stands at the beginning of a run id; None if the text is none."""
    found = _REFERENCE.fullmatch(text.strip())
    return None if found is None else found[0].lower()


def read_subject(text: str, parsers: Sequence[LinkParser] | None = None) -> Subject:
    """Read what an operator typed or pasted.

    Args:
        text: A link, a message key or a reference.
        parsers: Who reads links; the installed platforms if None, which are loaded for a link only.

    Raises:
        ConfigError: It is none of them.
    """
    # Slack writes links between angle brackets, with a label after a bar.
    words = text.strip().removeprefix("<").removesuffix(">").partition("|")[0]
    if "://" in words:
        return _read_link(words, load_link_parsers() if parsers is None else parsers)
    reference = read_reference(words)
    if reference is not None:
        return Reference(text=reference)
    try:
        key = MessageKey.parse(words).original
    except InvalidKeyError:
        raise ConfigError(
            f"{words!r} is no message: give the link that the platform copies, a message key such as "
            f"slack:T1:C1:1700000000.000100, or the reference of {REFERENCE_LENGTH} characters that people were shown."
        ) from None
    return MessageLink(
        platform=key.platform,
        workspace=key.workspace,
        channel=key.channel,
        message=key.message,
        conversations=((key.channel, key.message), (key.channel, None), (key.message, None)),
    )


def _read_link(text: str, parsers: Sequence[LinkParser]) -> MessageLink:
    try:
        found = next(filter(None, (parse(text) for parse in parsers)), None)
    except ValueError as error:
        # urllib refuses what is no address at all, such as an open bracket in the place of the host.
        raise ConfigError(f"{text!r} is not an address: {error}") from error
    if found is None:
        raise ConfigError(f"{text!r} is not a link to a message of a platform that is installed.")
    return found
