"""The form in which it is said when the bot answers in a channel, and who may say it."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlaceGoneError, PlatformError, ThreadkeepError
from threadkeep_slack.home.notes import AnswerWhen, WorkspaceNotes
from threadkeep_slack.home.payloads import Submission
from threadkeep_slack.rights import belongs_to
from threadkeep_slack.web_api import platform_errors
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

SETUP: Final = "threadkeep_channel_setup"
"""The ``callback_id`` of the form."""

CHANNEL: Final = "threadkeep_channel"
"""The ``block_id`` and ``action_id`` of the field for the channel."""

ANSWER: Final = "threadkeep_answer"
"""Those of the field for the setting."""

_CHECK_SECONDS: Final = 2.0
_TEXTS: Final = {
    AnswerWhen.MENTIONED: "Only when I am mentioned",
    AnswerWhen.FOLLOWED: "When I am mentioned, and then in that thread (usual)",
    AnswerWhen.ALWAYS: "Always, everything",
}
_SAID: Final = {
    AnswerWhen.MENTIONED: "only when I am mentioned",
    AnswerWhen.FOLLOWED: "when I am mentioned, and from then on in that thread",
    AnswerWhen.ALWAYS: "everything, each message in its thread",
}

View = dict[str, object]
"""A view, as Slack writes it."""


def setup_form() -> View:
    """Build the form (https://docs.slack.dev/reference/views/modal-views)."""
    return {
        "type": "modal",
        "callback_id": SETUP,
        "title": _text("Where I answer"),
        "submit": _text("Save"),
        "close": _text("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": CHANNEL,
                "label": _text("Channel"),
                "element": {
                    "type": "conversations_select",
                    "action_id": CHANNEL,
                    "filter": {"include": ["public", "private"], "exclude_bot_users": True},
                },
            },
            {
                "type": "input",
                "block_id": ANSWER,
                "label": _text("I answer"),
                "element": {
                    "type": "static_select",
                    "action_id": ANSWER,
                    "initial_option": _option(AnswerWhen.FOLLOWED),
                    "options": [_option(answer) for answer in AnswerWhen],
                },
            },
        ],
    }


class ChannelSetup:
    """Takes the form of one workspace.

    Args:
        client: The client of the bot.
        notes: Where settings are kept.
        workspace: The bot's installation, whose administrators count.
    """

    def __init__(self, client: AsyncWebClient, notes: WorkspaceNotes, workspace: Workspace) -> None:
        self._client: Final = client
        self._notes: Final = notes
        self._workspace: Final = workspace

    async def take(self, submission: Submission, team: str) -> Mapping[str, object]:
        """Save what was filled in, and give what the form shows then: that it is saved, or why it is not."""
        channel = submission.entry(CHANNEL, CHANNEL).selected_conversation
        chosen = submission.entry(ANSWER, ANSWER).selected_option
        if channel is None:
            return _refused(CHANNEL, "Choose a channel.")
        try:
            answer = AnswerWhen(chosen.value if chosen is not None else "")
        except ValueError:
            return _refused(ANSWER, "Choose when I answer.")
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                refusal = await self._refusal(channel, submission.user.id)
                if refusal:
                    return _refused(CHANNEL, refusal)
                await self._notes.change(team, lambda notes: notes.with_channel(channel, answer))
        except (ThreadkeepError, TimeoutError) as error:
            _log.warning("slack_channel_not_set_up", channel=channel, error=type(error).__name__)
            return _refused(CHANNEL, "I could not save that now. Please try again.")
        _log.info("slack_channel_set_up", team=team, channel=channel, answer=answer.value, by=submission.user.id)
        return {"response_action": "update", "view": _saved(channel, answer)}

    async def _refusal(self, channel: str, user: str) -> str:
        """Say why somebody may not set up a channel; empty if they may.

        They may if the bot is in it, and they made it or administer the workspace.
        """
        try:
            with platform_errors("conversations.info"):
                response = await self._client.conversations_info(channel=channel)
        except PlaceGoneError:
            return "I am not in this channel. Invite me first."
        found = response.get("channel")
        place: Mapping[str, object] = found if isinstance(found, dict) else {}
        if not place.get("is_member"):
            return "I am not in this channel. Invite me first."
        if place.get("creator") == user or await self._is_admin(user):
            return ""
        return "Only administrators of the workspace and who made the channel may change this."

    async def _is_admin(self, user: str) -> bool:
        try:
            with platform_errors("users.info"):
                response = await self._client.users_info(user=user)
        except PlatformError as error:
            _log.info("slack_admin_not_asked", reason=str(error))
            return False
        found = response.get("user")
        if not isinstance(found, dict) or not belongs_to(found, self._workspace):
            return False
        return any(found.get(role) is True for role in ("is_admin", "is_owner", "is_primary_owner"))


def _refused(block: str, why: str) -> Mapping[str, object]:
    return {"response_action": "errors", "errors": {block: why}}


def _saved(channel: str, answer: AnswerWhen) -> View:
    text = f"In <#{channel}> I answer {_SAID[answer]}."
    return {
        "type": "modal",
        "title": _text("Saved"),
        "close": _text("Close"),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
    }


def _option(answer: AnswerWhen) -> View:
    return {"text": _text(_TEXTS[answer]), "value": answer.value}


def _text(text: str) -> View:
    return {"type": "plain_text", "text": text}
