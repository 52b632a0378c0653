"""The Home tab: filled when somebody opens it, beside everything else, with what concerns them alone."""

import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.home import HomeDesk
from threadkeep_slack.agent_view.errands import Errands
from threadkeep_slack.home.channels import SETUP, ChannelSetup, setup_form
from threadkeep_slack.home.payloads import HomePress, Submission
from threadkeep_slack.home.view import CHANNELS, FORGET, home_view
from threadkeep_slack.inbound.events import user_key
from threadkeep_slack.inbound.reading import read
from threadkeep_slack.limits import HOME_MEMOS, HOME_SECONDS, HOME_SESSIONS, PEOPLE_REMEMBERED
from threadkeep_slack.web_api import platform_errors
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)


class HomeTab:
    """The Home tab of one workspace.

    Args:
        client: The client of the bot.
        workspace: The bot's installation.
        desk: Where a person's page is asked for; None if there is no store.
        setup: Takes the form for channels.
        errands: Owns what is done beside the events.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        workspace: Workspace,
        desk: HomeDesk | None,
        setup: ChannelSetup,
        errands: Errands,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client: Final = client
        self._workspace: Final = workspace
        self._desk: Final = desk
        self._setup: Final = setup
        self._errands: Final = errands
        self._clock: Final = clock
        self._filled: dict[str, float] = {}

    def opened(self, user: str) -> None:
        """Fill the tab of somebody who opened it. Returns at once; soon after the last time it is left as it is."""
        now = self._clock()
        if self._desk is None or self._filled.get(user, float("-inf")) + HOME_SECONDS > now:
            return
        self._filled.pop(user, None)
        self._filled[user] = now
        while len(self._filled) > PEOPLE_REMEMBERED:
            del self._filled[next(iter(self._filled))]
        self._errands.begin("home-tab", self._fill(self._desk, user))

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take the press of a button in the tab. What it asks for is done beside everything else."""
        press = read(HomePress, body)
        if press is None or self._workspace.team_pressed_in(*press.ids(self._workspace.enterprise)) is None:
            return
        action = press.actions[0]
        if action.action_id == CHANNELS and press.trigger_id:
            self._errands.begin("channel-form", self._open_form(press.trigger_id))
        elif action.action_id == FORGET and self._desk is not None:
            self._errands.begin("forget", self._forget(self._desk, press.user.id, action.value))

    async def on_submission(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Take a form, and give what it shows then; nothing closes it."""
        submission = read(Submission, body)
        team = None
        if submission is not None and submission.view.callback_id == SETUP:
            team = self._workspace.team_pressed_in(*submission.ids(self._workspace.enterprise))
        if submission is None or team is None:
            return {}
        # Of an organisation there is one set of notes: its channels have ids of their own.
        return await self._setup.take(submission, self._workspace.team)

    async def _open_form(self, trigger: str) -> None:
        with platform_errors("views.open"):
            await self._client.views_open(trigger_id=trigger, view=setup_form())

    async def _forget(self, desk: HomeDesk, user: str, memo: str) -> None:
        is_known = await desk.forget(user_key(user, self._workspace), memo)
        _log.info("slack_memory_forgotten", user=user, is_known=is_known)
        await self._fill(desk, user)

    async def _fill(self, desk: HomeDesk, user: str) -> None:
        page = await desk.page(user_key(user, self._workspace), sessions=HOME_SESSIONS, memos=HOME_MEMOS)
        with platform_errors("views.publish"):
            await self._client.views_publish(user_id=user, view=home_view(page, bot_name=self._workspace.bot_name))
