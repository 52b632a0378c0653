"""What a button means, written into its id: a press is understood by any process, also after a restart.

``tk<position>.<length of the action>.<form>.<action><value>`` has at most 97 of the 100 characters that Discord allows:
https://discord.com/developers/docs/components/reference#anatomy-of-a-component-custom-id
"""

import re
from dataclasses import dataclass
from typing import Final

_WRITTEN: Final = re.compile(r"tk\d{1,2}\.(\d{1,2})\.([\w-]{0,8})\.(.*)", re.DOTALL)
FORM_MARK_LENGTH: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What pressing something means.

    Attributes:
        action: The element's action.
        value: The button's value.
        form: The mark of the form that opens first; empty for none.
    """

    action: str
    value: str = ""
    form: str = ""


def write_custom_id(meaning: Meaning, position: int) -> str:
    """Give the id of a component; the position keeps the ids of one message apart."""
    return f"tk{position}.{len(meaning.action)}.{meaning.form}.{meaning.action}{meaning.value}"


def read_custom_id(custom_id: str) -> Meaning | None:
    """Read an id; None if it is not one of ours."""
    found = _WRITTEN.fullmatch(custom_id)
    if found is None:
        return None
    length = int(found[1])
    return Meaning(action=found[3][:length], value=found[3][length:], form=found[2])
