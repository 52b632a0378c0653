"""Which way events come."""

from functools import partial

from threadkeep.chat.adapter import SharedState
from threadkeep_slack.inbound.overlap import Overlap
from threadkeep_slack.installs.front_desk import FrontDesk
from threadkeep_slack.limits import SLOT_HEARTBEAT
from threadkeep_slack.settings import SlackSettings
from threadkeep_slack.transport.beside_pages import BesidePages
from threadkeep_slack.transport.bolt import Inlet, build_app
from threadkeep_slack.transport.http_events import HttpEvents
from threadkeep_slack.transport.mounted import Mounted
from threadkeep_slack.transport.port import OnLost, Transport
from threadkeep_slack.transport.requests import Requests
from threadkeep_slack.transport.slots import SocketSlots, app_of
from threadkeep_slack.transport.socket_link import SocketFamily
from threadkeep_slack.transport.socket_mode import SocketMode
from threadkeep_slack.transport.sockets import Sockets


def transport_for(
    settings: SlackSettings,
    desk: FrontDesk,
    inlet: Inlet,
    *,
    on_lost: OnLost,
    shared: SharedState | None,
    overlap: Overlap,
) -> Transport:
    """Build the way of events that the settings ask for: sockets, a server of its own, or another's server.

    Args:
        settings: How the app is connected.
        desk: What stands between events and the workspaces.
        inlet: Takes the events.
        on_lost: Told when the connection ends for good.
        shared: What the processes of the bot share; None if this one is alone.
        overlap: Told how many sockets are open.
    """
    secret = "" if settings.signing_secret is None else settings.signing_secret.get_secret_value()
    app = build_app(
        inlet,
        client=desk.client,
        workspace=desk.workspace,
        on_lost=on_lost,
        signing_secret=secret,
        on_removed=desk.on_removed,
    )
    events: Transport
    if settings.is_mounted:
        events = Mounted(Requests(app, signing_secret=secret))
    elif settings.app_token is None:
        requests = Requests(app, signing_secret=secret)
        return HttpEvents(requests, host=settings.host, port=settings.port, pages=desk.pages)
    else:
        app_token = settings.app_token.get_secret_value()
        make = partial(
            SocketMode,
            app,
            app_token=app_token,
            web_client=desk.client,
            on_lost=on_lost,
            family=SocketFamily(overlap),
        )
        slots = SocketSlots(app_of(app_token) or desk.name, most=settings.sockets, shared=shared)
        events = Sockets(make, slots=slots, on_lost=on_lost, heartbeat=SLOT_HEARTBEAT)
    if desk.pages is None:
        return events
    return BesidePages(events, desk.pages, host=settings.host, port=settings.port)
