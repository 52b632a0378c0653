"""Links to Discord messages, as *Copy Message Link* gives them."""

import re
from typing import Final
from urllib.parse import urlsplit

from threadkeep.chat.links import MessageLink

_HOSTS: Final = frozenset(
    f"{release}{domain}" for release in ("", "www.", "ptb.", "canary.") for domain in ("discord.com", "discordapp.com")
)
_PATH: Final = re.compile(r"/channels/(@me|\d+)/(\d+)/(\d+)/?")


def parse_link(text: str) -> MessageLink | None:
    """Read a link such as ``https://discord.com/channels/@me/1077/1088``; None if it is another text."""
    address = urlsplit(text)
    found = _PATH.fullmatch(address.path)
    if address.scheme not in {"http", "https"} or address.hostname not in _HOSTS or found is None:
        return None
    workspace, channel, message = found.groups()
    return MessageLink(
        platform="discord",
        workspace=workspace,
        channel=channel,
        message=message,
        # A thread that is opened on a message has the message's id.
        conversations=((channel, None), (message, None)),
    )
