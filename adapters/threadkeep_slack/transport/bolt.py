"""The bolt app: what is acknowledged, and when."""

import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import structlog
from slack_bolt import BoltResponse
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk.web.async_client import AsyncWebClient

from threadkeep.errors import PlatformAuthError
from threadkeep_slack.agent_view.desk import EVENTS as AGENT_EVENTS
from threadkeep_slack.controls.actions import ANY_ACTION
from threadkeep_slack.controls.room import FORMS, SHORTCUTS
from threadkeep_slack.home.channels import SETUP
from threadkeep_slack.home.view import CHANNELS, FORGET
from threadkeep_slack.inbound.hand_over import NotHandedOverError
from threadkeep_slack.inbound.reading import event_id_of
from threadkeep_slack.logs import bolt_logger
from threadkeep_slack.transport.port import OnLost
from threadkeep_slack.workspace import Workspace

_log = structlog.get_logger(__name__)

_NAME: Final = "threadkeep_slack.libraries.bolt"
_LIBRARY: Final = f"{os.sep}slack_bolt{os.sep}"


_ANY_COMMAND: Final = re.compile("/")
"""The app's settings say which commands there are."""

_EVENTS: Final = (
    "message",
    "app_mention",
    "reaction_added",
    "reaction_removed",
    "agent_session_stopped",
    *AGENT_EVENTS,
)
_SUGGESTIONS: Final = ("block_suggestion", "dialog_suggestion")
"""What Slack asks while somebody types into a select; an empty answer would be an error to them."""

_REMOVALS: Final = ("app_uninstalled", "tokens_revoked")


OnRemoved = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Takes an ``app_uninstalled`` or ``tokens_revoked`` event."""


class Inlet(Protocol):
    """Takes what Slack delivers. Each raises ``NotHandedOverError`` for what must not be acknowledged."""

    async def on_event(self, body: Mapping[str, object]) -> None:
        """Take the outer payload of an event."""
        ...

    async def on_press(self, body: Mapping[str, object]) -> None:
        """Take a press, a choice or a shortcut."""
        ...

    async def on_interaction(self, body: Mapping[str, object]) -> Mapping[str, object]:
        """Take the press of a button in the Home tab, or a form, and give what the form shows then."""
        ...

    async def on_command(self, body: Mapping[str, object]) -> str:
        """Take the slash command, and give what to tell who sent it."""
        ...


def build_app(
    inlet: Inlet,
    *,
    client: AsyncWebClient,
    workspace: Workspace | None,
    on_lost: OnLost,
    signing_secret: str | None = None,
    on_removed: OnRemoved | None = None,
) -> AsyncApp:
    """Build the bolt app that gives what concerns the bot to the inlet and acknowledges everything else.

    An event is acknowledged when the inlet has returned, and not at all if it was not handed over. What is malformed
    or unknown is logged and acknowledged: Slack would only repeat it.

    The app authorizes by what is known already. It therefore makes no auth.test for each event, and keeps the token
    even where SLACK_CLIENT_ID and SLACK_CLIENT_SECRET stand in the environment, at which bolt would drop it and wait
    for an OAuth installation.

    Args:
        inlet: Takes the events.
        client: The client of the bot, shared by all.
        workspace: The bot's installation; None where there are many, whose inlet tells them apart.
        on_lost: Told when the workspace removed the app or revoked the bot's token.
        signing_secret: Slack's secret, for requests over HTTP.
        on_removed: Takes these events where there are many installations.
    """
    token = client.token

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=None if workspace is None else workspace.bot_user,
            bot_id=None if workspace is None else workspace.bot,
            bot_token=token,
        )

    app = AsyncApp(
        name=_NAME,
        logger=bolt_logger(),
        client=client,
        authorize=authorize,
        # An empty secret is never taken from the environment, and no request over HTTP passes with it.
        signing_secret=signing_secret or "",
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )

    async def on_event(body: dict[str, Any]) -> None:
        await inlet.on_event(body)

    async def on_press(body: dict[str, Any], ack: AsyncAck) -> None:
        await inlet.on_press(body)
        await ack()

    async def on_command(body: dict[str, Any], ack: AsyncAck) -> None:
        await ack(await inlet.on_command(body))

    async def on_interaction(body: dict[str, Any], ack: AsyncAck) -> None:
        shown: dict[str, Any] = dict(await inlet.on_interaction(body))
        await ack(**shown)

    async def on_removal(body: dict[str, Any]) -> None:
        if on_removed is not None:
            await on_removed(body)
        elif workspace is not None and is_removal(body, workspace):
            on_lost(
                PlatformAuthError(
                    f"the app was removed from the Slack workspace {workspace.team_name}, or its token was revoked: "
                    "install it again and set the new SLACK_BOT_TOKEN"
                )
            )

    _listen(app.event, _EVENTS, on_event)
    _listen(app.event, _REMOVALS, on_removal)
    _listen(app.action, (ANY_ACTION,), on_press)
    _listen(app.action, (FORGET, CHANNELS), on_interaction)
    _listen(app.view, (SETUP, *FORMS), on_interaction)
    _listen(app.shortcut, SHORTCUTS, on_press)
    _listen(app.command, (_ANY_COMMAND,), on_command)
    app.error(_on_error)
    return app


def _listen(
    register: Callable[..., Any], names: Iterable[str | re.Pattern[str]], listener: Callable[..., Awaitable[None]]
) -> None:
    for name in names:
        register(name)(listener)


def is_removal(body: Mapping[str, Any], workspace: Workspace) -> bool:
    """Tell whether an ``app_uninstalled`` or ``tokens_revoked`` event takes our own token.

    https://docs.slack.dev/reference/events/tokens_revoked/
    """
    if body.get("team_id") != workspace.team:
        return False
    event = body["event"]
    if event.get("type") == "app_uninstalled":
        return True
    tokens = event.get("tokens")
    revoked = tokens.get("bot") if isinstance(tokens, dict) else None
    return isinstance(revoked, list) and workspace.bot_user in revoked


async def _on_error(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
    event_id = event_id_of(body)
    if isinstance(error, NotHandedOverError):
        _log.warning("slack_event_not_acknowledged", event_id=event_id, reason=str(error))
        return None
    if isinstance(error, BoltUnhandledRequestError):
        # This is the catch-all: of everything that the app may be sent, what nobody here listens to is acknowledged.
        _log.debug("slack_event_ignored", event_id=event_id, type=_type_of(body))
    elif _LIBRARY in _place_of(error):
        # Bolt looks into fields of all payloads to find the listener, and trusts that they are there.
        _log.warning("slack_event_malformed", event_id=event_id, type=_type_of(body), reason=type(error).__name__)
    else:
        # No traceback: some renderers show the variables of each frame, and those hold texts and tokens.
        _log.error(
            "slack_event_failed",
            event_id=event_id,
            type=_type_of(body),
            error=type(error).__name__,
            at=_place_of(error),
        )
    if body.get("type") in _SUGGESTIONS:
        return BoltResponse(status=200, body={"options": []})
    return BoltResponse(status=200, body="")


def _place_of(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _type_of(body: Mapping[str, object]) -> str:
    event = body.get("event")
    kind = event.get("type") if isinstance(event, dict) else body.get("type")
    return str(kind)[:64]
