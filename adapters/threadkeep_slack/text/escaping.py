"""The three characters that Slack escapes in every text of its notation."""


def escape(text: str) -> str:
    """Write a plain text in Slack's notation."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Read a text without tokens out of Slack's notation."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
