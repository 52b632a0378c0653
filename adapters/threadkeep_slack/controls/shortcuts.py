"""Questions that are asked by a shortcut: about a message, or about nothing in particular.

https://docs.slack.dev/interactivity/implementing-shortcuts/
"""

import asyncio
from collections import OrderedDict
from typing import Final

import structlog

from threadkeep.chat.elements import Form, TextField
from threadkeep.chat.events import MessageReceived
from threadkeep.errors import PlatformError
from threadkeep.sessions import MessageKey
from threadkeep_slack.controls.forms import Purpose, read_fields, read_purpose, to_modal
from threadkeep_slack.controls.press_desk import open_modal
from threadkeep_slack.controls.tools import ControlTools
from threadkeep_slack.inbound.control_payloads import Shortcut, Submission
from threadkeep_slack.inbound.events import PLATFORM, user_key
from threadkeep_slack.inbound.hand_over import Arrival, Findings, NotHandedOverError
from threadkeep_slack.inbound.turns import LAST
from threadkeep_slack.limits import FORM_SECONDS, NAME_LOOKUP_SECONDS, QUOTE_LENGTH
from threadkeep_slack.text.markup import to_markdown
from threadkeep_slack.text.mentions import neutralise
from threadkeep_slack.web_api import platform_errors

_log = structlog.get_logger(__name__)

ASK_ABOUT: Final = "threadkeep_ask"
"""The ``callback_id`` of the shortcut on messages, "Ask about this"."""
ASK_NEW: Final = "threadkeep_new"
"""The ``callback_id`` of the global shortcut, "New question"."""
ASK_CALLBACK: Final = "threadkeep_question"
"""The ``callback_id`` of the form that both open."""

_QUESTION: Final = TextField(name="question", label="Your question", is_long=True)
_FORMS: Final = {
    ASK_ABOUT: Form(title="Ask about this", fields=(_QUESTION,), submit="Ask"),
    ASK_NEW: Form(title="New question", fields=(_QUESTION,), submit="Ask"),
}
_MOST_REMEMBERED: Final = 500
_NOT_THERE: Final = "I am no member of this conversation, so I cannot answer here: `/invite` me first."
_NO_DIRECT: Final = "I could not open our direct messages. Please write to me there."


class ShortcutDesk:
    """Asks for the question, posts it where it is answered, and hands it to the sink.

    A question about a message is answered in its thread, any other one in the direct messages of who asks. The bot
    writes the question there first, so that all who read the answer know what was asked and by whom.

    Args:
        tools: What it works with.
    """

    def __init__(self, tools: ControlTools) -> None:
        self._tools: Final = tools
        self._asked: Final[OrderedDict[str, tuple[str, str]]] = OrderedDict()

    async def on_shortcut(self, shortcut: Shortcut, team: str) -> None:
        """Take a shortcut: open the form."""
        form = _FORMS.get(shortcut.callback_id)
        if form is None or not shortcut.trigger_id:
            _log.info("slack_shortcut_unknown", callback_id=shortcut.callback_id[:64])
            return
        self._tools.directory.people.begin([shortcut.user.id])
        view = to_modal(form, callback_id=ASK_CALLBACK, purpose=self._purpose(shortcut))
        try:
            async with asyncio.timeout(FORM_SECONDS):
                await open_modal(self._tools, shortcut.trigger_id, view)
        except (PlatformError, TimeoutError) as error:
            _log.warning("slack_form_not_opened", team=team, reason=str(error) or type(error).__name__)

    async def on_submission(self, submission: Submission, team: str) -> str:
        """Take the question; give what is wrong with it, if the form is to stay open.

        Raises:
            NotHandedOverError: It must not be acknowledged.
        """
        purpose = read_purpose(submission.view.private_metadata)
        question = read_fields(submission.view.state.values).get(_QUESTION.name, "").strip()
        user = submission.user.id
        name = await self._name_of(user) or submission.user.name or user
        words = neutralise(f"**{name} asks:** {question}")
        try:
            channel, message = await self._post_once(submission.view.id, user, words, purpose)
        except PlatformError as error:
            _log.info("slack_question_not_posted", reason=str(error))
            return _NO_DIRECT if purpose is None else _NOT_THERE
        thread = None if purpose is None else purpose.thread or purpose.message
        names = (user,) if purpose is None or not purpose.author else (user, purpose.author)

        def write(findings: Findings) -> MessageReceived:
            place = self._tools.places.of(channel, message, thread, findings.kind, team=team)
            return MessageReceived(
                key=MessageKey(platform=PLATFORM, workspace=team, channel=channel, message=message),
                place=place,
                user=user_key(user, self._tools.workspace),
                speaker=findings.names.get(user) or user,
                text=self._text(question, purpose, findings),
                sent_at=float(message),
            )

        kind = self._tools.directory.kind_of(channel)
        await self._tools.hand_over.put(Arrival(channel=channel, rank=LAST, people=names, kind=kind), write)
        return ""

    async def _name_of(self, user: str) -> str | None:
        people = self._tools.directory.people
        people.begin([user])
        until = asyncio.get_running_loop().time() + NAME_LOOKUP_SECONDS
        return (await people.settle([user], until=until)).get(user)

    async def _post_once(self, view: str, user: str, words: str, purpose: Purpose | None) -> tuple[str, str]:
        """Post the question and give its channel and timestamp; a form that is sent again posts nothing more."""
        known = self._asked.get(view)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(FORM_SECONDS):
                channel = await self._direct_with(user) if purpose is None else purpose.channel
                posted = await self._post(channel, words, purpose)
        except TimeoutError as error:
            raise NotHandedOverError("Slack was too slow to post the question") from error
        self._asked[view] = found = (channel, posted)
        while len(self._asked) > _MOST_REMEMBERED:
            self._asked.popitem(last=False)
        return found

    async def _post(self, channel: str, words: str, purpose: Purpose | None) -> str:
        with platform_errors("chat.postMessage"):
            response = await self._tools.client.chat_postMessage(
                channel=channel,
                thread_ts=None if purpose is None else purpose.thread or purpose.message,
                markdown_text=words,
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(response.get("ts"))

    async def _direct_with(self, user: str) -> str:
        with platform_errors("conversations.open"):
            response = await self._tools.client.conversations_open(users=[user])
        found = response.get("channel")
        channel = found.get("id") if isinstance(found, dict) else None
        if not isinstance(channel, str):
            raise PlatformError("Slack's conversations.open named no conversation")
        return channel

    def _text(self, question: str, purpose: Purpose | None, findings: Findings) -> str:
        if purpose is None or not purpose.quote:
            return question
        names, bot_user = findings.names, self._tools.workspace.bot_user
        quote = to_markdown(purpose.quote, bot_user=bot_user, names=names)
        lines = "\n".join(f"> {line}" for line in quote.splitlines())
        author = names.get(purpose.author) or purpose.author or "somebody"
        return f"{question}\n\nIt is about this message of {author}:\n{lines}"

    @staticmethod
    def _purpose(shortcut: Shortcut) -> Purpose | None:
        message, channel = shortcut.message, shortcut.channel
        if message is None or channel is None:
            return None
        return Purpose(
            channel=channel.id,
            message=message.ts,
            thread=message.thread_ts,
            quote=(message.text or "")[:QUOTE_LENGTH],
            author=(message.user or message.username or "")[:64],
        )
