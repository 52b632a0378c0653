"""What the menus of messages and of people offer.

https://discord.com/developers/docs/interactions/application-commands#user-commands
"""

from collections.abc import Mapping
from typing import Any, Final

from threadkeep.messages import clean_text
from threadkeep_discord.interactions.payloads import Interaction
from threadkeep_discord.layouts import words_of

_USER: Final = 2
_MESSAGE: Final = 3

MENUS: Final[tuple[dict[str, Any], ...]] = (
    {"type": _MESSAGE, "name": "Explain this"},
    {"type": _USER, "name": "Sum up what they said"},
)


def question_of(interaction: Interaction) -> str | None:
    """Give what somebody asks by choosing from a menu; None if it is none of ours, or its target is not told."""
    data = interaction.data
    kind, target, resolved = data.get("type"), data.get("target_id", ""), data.get("resolved") or {}
    if (kind, data["name"]) not in {(menu["type"], menu["name"]) for menu in MENUS}:
        return None
    if kind == _USER:
        user = (resolved.get("users") or {}).get(target)
        member = (resolved.get("members") or {}).get(target) or {}
        return None if user is None else f"Please sum up what {_name(user, member)} has said here."
    message = (resolved.get("messages") or {}).get(target)
    return None if message is None else _explain(message)


def _explain(message: Mapping[str, Any]) -> str:
    said = clean_text(words_of(message)).strip()
    files = [clean_text(str(one.get("filename") or "a file")) for one in message.get("attachments") or ()]
    quoted = "\n".join(f"> {line}" for line in (said or "(no words)").splitlines())
    beside = f"\nFiles in it, which you do not see: {', '.join(files)}" if files else ""
    return f"Please explain this message of {_name(message['author'], message.get('member') or {})}:\n{quoted}{beside}"


def _name(user: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    name = member.get("nick") or user.get("global_name") or user["username"]
    return " ".join(clean_text(str(name)).split())
