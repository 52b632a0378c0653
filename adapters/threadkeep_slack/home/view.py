"""The Home tab as Slack's blocks (https://docs.slack.dev/surfaces/app-home)."""

from typing import Final
from urllib.parse import urlencode

from threadkeep.chat.home import HomeMemo, HomePage, HomeSession
from threadkeep.errors import InvalidKeyError
from threadkeep.sessions import SessionKey
from threadkeep_slack.limits import HOME_SESSIONS
from threadkeep_slack.text.escaping import escape

FORGET: Final = "threadkeep_home_forget"
"""The ``action_id`` of the button that forgets a memory; its value is the memory's id."""

CHANNELS: Final = "threadkeep_home_channels"
"""The ``action_id`` of the button that opens the channel setup."""

_TITLE_LENGTH: Final = 150
_MEMO_LENGTH: Final = 2_900
_VALUE_LENGTH: Final = 2_000
_DESCRIPTION_LENGTH: Final = 2_900

Block = dict[str, object]
"""A block, as Slack writes it."""


def home_view(page: HomePage, *, bot_name: str) -> Block:
    """Build the view of a person's page."""
    blocks: list[Block] = [
        _plain(page.description[:_DESCRIPTION_LENGTH] or f"Ask me in a message, or mention @{bot_name} in a channel.")
    ]
    blocks += [{"type": "divider"}, _header("Your conversations"), *_sessions(page)]
    if page.has_memory or page.memos:
        blocks += [{"type": "divider"}, _header("What I remember about you"), *_memories(page)]
    blocks += [{"type": "divider"}, _header("Settings"), _settings(bot_name)]
    return {"type": "home", "blocks": blocks}


def _sessions(page: HomePage) -> list[Block]:
    if not page.sessions:
        return [_plain("There are none yet. What others talk about with me is not shown here.")]
    used = f"{page.runs:,} answers, {page.tokens:,} tokens"
    note = f"Your last {min(len(page.sessions), HOME_SESSIONS)} conversations: {used}."
    return [*(_session(session) for session in page.sessions), _context({"type": "plain_text", "text": note})]


def _session(session: HomeSession) -> Block:
    title = " ".join((session.name or "Conversation without a title").split())[:_TITLE_LENGTH].replace("|", "¦")
    name, address = escape(title), _address(session.session_id)
    shown = f"<{address}|{name}>" if address else name
    moment = int(session.updated_at)
    when = f"<!date^{moment}^{{date_short_pretty}}, {{time}}|earlier>" if moment > 0 else ""
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"{shown}\n{when}".strip(), "verbatim": True}}


def _address(session_id: str) -> str:
    """Give the link to a conversation (https://docs.slack.dev/interactivity/deep-linking)."""
    try:
        key = SessionKey.parse(session_id)
    except InvalidKeyError:
        return ""
    thread = {} if key.thread is None else {"message_ts": key.thread}
    return "https://slack.com/app_redirect?" + urlencode({"team": key.workspace, "channel": key.channel, **thread})


def _memories(page: HomePage) -> list[Block]:
    if not page.memos:
        return [_plain("Nothing.")]
    return [_memory(memo) for memo in page.memos]


def _memory(memo: HomeMemo) -> Block:
    block = _plain(memo.text[:_MEMO_LENGTH])
    if len(memo.memo_id) > _VALUE_LENGTH:
        return block
    button: Block = {
        "type": "button",
        "action_id": FORGET,
        "value": memo.memo_id,
        "text": {"type": "plain_text", "text": "Forget"},
        "confirm": {
            "title": {"type": "plain_text", "text": "Forget this?"},
            "text": {"type": "plain_text", "text": "It cannot be brought back."},
            "confirm": {"type": "plain_text", "text": "Forget"},
            "deny": {"type": "plain_text", "text": "Keep"},
        },
    }
    return {**block, "accessory": button}


def _settings(bot_name: str) -> Block:
    return {
        **_plain(f"When @{bot_name} answers in a channel: administrators and who made the channel may change it."),
        "accessory": {
            "type": "button",
            "action_id": CHANNELS,
            "text": {"type": "plain_text", "text": "Set up a channel"},
        },
    }


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _plain(text: str) -> Block:
    # As plain text nothing that somebody wrote can mention anybody or hide where a link leads.
    return {"type": "section", "text": {"type": "plain_text", "text": text or "…", "emoji": False}}


def _context(text: Block) -> Block:
    return {"type": "context", "elements": [text]}
