"""Messages that stand in other messages: forwarded, or shown below a link to them."""

from .records import Channel, Message, Team
from .text import rich_text
from .wire import Payload


def share(team: Team, channel: Channel, message: Message) -> Payload:
    """Build the attachment in which Slack shows a message elsewhere.

    Args:
        team: The workspace.
        channel: The conversation in which the message stands.
        message: The message.
    """
    author = team.users.get(message.user or "")
    name = author.display_name if author is not None else message.username or ""
    permalink = f"https://{team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    blocks = message.blocks or [rich_text(message.text, f"s{message.ts}")]
    return {
        "is_msg_unfurl": True,
        "is_share": True,
        "from_url": permalink,
        "ts": message.ts,
        "author_id": message.user,
        "author_name": name,
        "author_subname": name,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "channel_team": team.id,
        "footer": "Slack Conversation" if not channel.name else f"Posted in #{channel.name}",
        "fallback": f"{name}: {message.text}",
        "text": message.text,
        "message_blocks": [
            {"team": team.id, "channel": channel.id, "ts": message.ts, "message": {"blocks": blocks}},
        ],
        "mrkdwn_in": ["text"],
    }
