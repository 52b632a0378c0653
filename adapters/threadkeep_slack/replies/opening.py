"""Opening the reply of a run: streamed where Slack streams, posted and edited elsewhere."""

from dataclasses import replace
from functools import partial
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.chat.adapter import OnPosted, Reply, ReplyRequest
from threadkeep.chat.clock import Clock
from threadkeep.chat.events import PlaceKind
from threadkeep.chat.posting import PostedParts
from threadkeep.chat.reply import ReplyLimits, SurfaceReply
from threadkeep.chat.surface import EditedMessages, Surface
from threadkeep_slack.agent_view.status_reply import StatusReply
from threadkeep_slack.agent_view.statuses import Statuses, ThreadStatus
from threadkeep_slack.inbound.homes import Homes
from threadkeep_slack.limits import EDIT_INTERVAL, PART_LENGTH
from threadkeep_slack.replies.budgets import UPDATE
from threadkeep_slack.replies.leftovers import SweptMessages
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.replies.refusals import StreamRefusals
from threadkeep_slack.replies.stream_calls import StreamCalls
from threadkeep_slack.replies.stream_settings import StreamSettings
from threadkeep_slack.replies.streaming import StreamedMessages, StreamOptions
from threadkeep_slack.text.mentions import sent_length

_LIMITS: Final = ReplyLimits(
    part_length=PART_LENGTH, measure=sent_length, edit_interval=EDIT_INTERVAL, has_elements=True
)


class ReplyDesk:
    """Opens the replies of one workspace.

    Args:
        client: The client of the bot.
        pacing: What Slack allows the workspace.
        bot_user: The bot's user id.
        streams: How replies are streamed.
        clock: The time, as replies see it.
        statuses: Sets the statuses of conversations; None shows none.
        homes: Where people are at home who come from elsewhere.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        pacing: Pacing,
        bot_user: str,
        streams: StreamSettings,
        clock: Clock | None = None,
        statuses: Statuses | None = None,
        homes: Homes | None = None,
    ) -> None:
        self._client: Final = client
        self._statuses: Final = statuses
        self._pacing: Final = pacing
        self._bot_user: Final = bot_user
        self._streams: Final = streams
        self._clock: Final = clock
        self._refusals: Final = StreamRefusals()
        self._homes: Final = homes or Homes()

    def open(self, request: ReplyRequest, *, may_mention: frozenset[str] = frozenset()) -> Reply:
        """Open the reply of a run. Nothing is posted before ``show`` or ``finish``.

        A repeated run is not streamed: what an earlier attempt has posted is found and edited.

        Args:
            request: Where it goes.
            may_mention: Ids of people whom it may mention.
        """
        self._pacing.prepare()
        status = None if self._statuses is None else self._statuses.of(request)
        if status is None:
            return self._open(request, may_mention, None)
        request = replace(request, on_posted=partial(_note_posted, status, request.on_posted))
        return StatusReply(self._open(request, may_mention, status), status)

    def _open(self, request: ReplyRequest, may_mention: frozenset[str], status: ThreadStatus | None) -> Reply:
        poster = SlackPoster(
            request, client=self._client, pacing=self._pacing, bot_user=self._bot_user, may_mention=may_mention
        )
        if self._can_stream(request):
            return self._reply(request, self._streamed(request, poster, status))
        edited = EditedMessages(
            PostedParts(request, poster), _LIMITS, may_preview=partial(self._pacing.has_room, UPDATE)
        )
        if request.is_retry and request.place.session.thread is not None:
            next_part = max(request.posted, default=-1) + 1
            return self._reply(request, SweptMessages(edited, poster, _LIMITS, doubtful=next_part))
        return self._reply(request, edited)

    def _reply(self, request: ReplyRequest, surface: Surface) -> Reply:
        return SurfaceReply(surface, run_id=request.run_id, edit_interval=EDIT_INTERVAL, clock=self._clock)

    def _streamed(self, request: ReplyRequest, poster: SlackPoster, status: ThreadStatus | None) -> Surface:
        calls = StreamCalls(
            request,
            client=self._client,
            pacing=self._pacing,
            refusals=self._refusals,
            display=self._streams.display,
            status=status,
            home=None if request.asked_by is None else self._homes.of(request.asked_by.user),
        )
        return StreamedMessages(
            request,
            calls=calls,
            poster=poster,
            pacing=self._pacing,
            options=StreamOptions(
                limits=_LIMITS,
                has_plan=self._streams.display == "plan",
                has_feedback=self._streams.has_feedback,
            ),
            clock=self._clock,
        )

    def _can_stream(self, request: ReplyRequest) -> bool:
        """Tell whether it may be streamed: Slack streams into threads, and in channels for a person."""
        if not self._streams.is_on or request.is_retry or request.posted or request.is_private:
            return False
        place = request.place
        has_recipient = request.asked_by is not None or place.kind is PlaceKind.DIRECT
        is_threaded = place.session.thread is not None
        return is_threaded and has_recipient and self._refusals.may_stream(place.session.channel)


async def _note_posted(status: ThreadStatus, on_posted: OnPosted, part: int, message: str) -> None:
    status.note_posted()
    await on_posted(part, message)
