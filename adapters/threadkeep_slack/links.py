"""Links to Slack messages, as *Copy link* and ``chat.getPermalink`` give them."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from threadkeep.chat.links import MessageLink

_HOSTS: Final = (".slack.com", ".slack-gov.com")
# Older and enterprise links look the same: https://docs.slack.dev/reference/methods/chat.getPermalink
_PATH: Final = re.compile(r"/archives/([A-Z0-9]+)/p(\d{10,12})(\d{6})/?")
_TIMESTAMP: Final = re.compile(r"\d+\.\d{6}")


def parse_link(text: str) -> MessageLink | None:
    """Read a link such as ``https://acme.slack.com/archives/C024BE91L/p1355517523000008``; None if it is another text.

    It names the workspace by its domain, not by the id that keys hold.
    """
    address = urlsplit(text)
    host = address.hostname or ""
    found = _PATH.fullmatch(address.path)
    if address.scheme not in {"http", "https"} or not host.endswith(_HOSTS) or found is None:
        return None
    channel, seconds, fraction = found.groups()
    message = f"{seconds}.{fraction}"
    thread = parse_qs(address.query).get("thread_ts", [""])[0]
    is_reply = _TIMESTAMP.fullmatch(thread) is not None
    return MessageLink(
        platform="slack",
        workspace=None,
        channel=channel,
        message=message,
        # A question at the top of a channel begins a thread; direct messages may be one conversation.
        conversations=((channel, thread),) if is_reply else ((channel, message), (channel, None)),
    )
