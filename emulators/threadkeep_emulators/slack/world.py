"""Everything that is true in the emulated Slack, and the acts that change it.

People (through the driver) and the app (through the Web API) change the world by the same acts, so both cause the
same events.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .changes import Changes
from .courier import Courier
from .delivery import Delivery
from .events import deleted_event, edited_events, posted_events, reaction_event, wants, wrap
from .ids import Ids
from .records import App, Channel, EphemeralMessage, IssuedCode, Message, Team
from .rendering import render_message
from .triggers import Triggers
from .wire import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldLimits:
    """Hold the durations that a test may want to shorten.

    Attributes:
        stream_lifetime: Seconds after which a streamed message takes no more text; about five minutes were seen.
        response_url_lifetime: Seconds for which a ``response_url`` works.
        response_url_uses: How often it works.
        trigger_lifetime: Seconds for which a ``trigger_id`` opens a modal.
    """

    stream_lifetime: float = 300.0
    response_url_lifetime: float = 1_800.0
    response_url_uses: int = 5
    trigger_lifetime: float = 3.0


class World:
    """Hold the app, its workspaces and the acts on them."""

    def __init__(
        self,
        *,
        app: App,
        ids: Ids,
        clock: Callable[[], float],
        changes: Changes,
        courier: Courier,
        limits: WorldLimits,
    ) -> None:
        self.app = app
        self.ids = ids
        self.clock = clock
        self.changes = changes
        self.courier = courier
        self.limits = limits
        self.teams: dict[str, Team] = {}
        self.triggers = Triggers(ids, clock, lifetime=limits.trigger_lifetime)
        self.downloads: list[str] = []
        self.base_url = ""
        self.codes: dict[str, IssuedCode] = {}

    def publish(
        self, team: Team, event: Payload, channel: Channel | None = None, *, seen_by: str | None = None
    ) -> Delivery | None:
        """Deliver an event if the app is to have it, and give its delivery.

        Args:
            team: The workspace.
            event: The inner event.
            channel: The conversation in which it happens, if it happens in one.
            seen_by: The person whom the authorization names; the bot if not said.
        """
        is_goodbye = event["type"] in {"tokens_revoked", "app_uninstalled"}
        if (team.is_token_revoked and not is_goodbye) or not wants(self.app, team, event["type"], channel):
            return None
        return self.deliver(team, event, seen_by=seen_by)

    def deliver(
        self, team: Team, event: Payload, *, is_duplicated: bool = False, seen_by: str | None = None
    ) -> Delivery:
        """Deliver any inner event, wanted or not, well-formed or not."""
        callback = wrap(self.app, team, event, ids=self.ids, now=self.clock())
        if seen_by is not None:
            callback["authorizations"][0] |= {"user_id": seen_by, "is_bot": False}
        return self.courier.send("events_api", dict(callback), is_duplicated=is_duplicated)

    def render(self, team: Team, message: Message, *, has_metadata: bool = True) -> Payload:
        """Build the message object of a message as it stands now."""
        channel = team.channels[message.channel]
        return render_message(team, channel, message, base_url=self.base_url, has_metadata=has_metadata)

    def post(self, team: Team, channel: Channel, draft: Message) -> Message:
        """Place a message at the end of a channel or thread and tell the app of it."""
        message = replace(draft, channel=channel.id, ts=channel.next_ts(self.clock()))
        channel.place(message)
        for name in message.files:
            team.files[name].channels.append(channel.id)
        if message.bot_id == team.bot.id:
            self._clear_status(team, message)
        self._publish_all(team, channel, posted_events(team, channel, message, self.render(team, message)))
        return message

    def post_ephemeral(self, team: Team, channel: Channel, draft: Message, visible_to: str) -> Message:
        """Show a message to one user only."""
        message = replace(draft, channel=channel.id, ts=channel.next_ts(self.clock()))
        team.ephemerals.append(EphemeralMessage(message=message, visible_to=visible_to))
        self.changes.ring()
        return message

    def edit(self, team: Team, message: Message, change: Callable[[Message], None]) -> None:
        """Change a message in place and tell the app what it was and what it is."""
        channel = team.channels[message.channel]
        before = self.render(team, message)
        change(message)
        after = self.render(team, message)
        event_ts = channel.next_ts(self.clock())
        self._publish_all(
            team,
            channel,
            edited_events(team, channel, message=message, before=before, after=after, event_ts=event_ts),
        )

    def grow(self, message: Message, change: Callable[[Message], None]) -> None:
        """Change a message while it is streamed, of which Slack tells the app nothing."""
        change(message)
        self.changes.ring()

    def delete(self, team: Team, message: Message) -> None:
        """Remove a message; a thread root that has replies leaves a tombstone."""
        channel = team.channels[message.channel]
        if channel.replies(message.ts):
            self.edit(team, message, _bury)
            return
        before = self.render(team, message)
        channel.remove(message)
        event = deleted_event(channel, before=before, event_ts=channel.next_ts(self.clock()))
        self._publish_all(team, channel, [event])

    def react(self, team: Team, message: Message, *, user: str, name: str, is_added: bool) -> None:
        """Add or take back one user's reaction."""
        channel = team.channels[message.channel]
        givers = message.reactions.setdefault(name, [])
        if is_added:
            givers.append(user)
        else:
            givers.remove(user)
        if not givers:
            del message.reactions[name]
        kind = "reaction_added" if is_added else "reaction_removed"
        event_ts = channel.next_ts(self.clock())
        event = reaction_event(kind, channel, message, user=user, name=name, event_ts=event_ts)
        self._publish_all(team, channel, [event])

    def join(self, team: Team, channel: Channel, user: str) -> None:
        """Make a user a member, with the message that Slack posts about it."""
        channel.members.append(user)
        text = f"<@{user}> has joined the channel"
        self.post(team, channel, Message(channel="", ts="", text=text, user=user, subtype="channel_join"))
        event = {"type": "member_joined_channel", "user": user, "channel": channel.id, "team": team.id}
        self.publish(team, event | {"channel_type": channel.kind[0].upper()}, channel)

    def open_direct(self, team: Team, members: set[str]) -> tuple[Channel, bool]:
        """Give the direct or group conversation of some users and whether it was there before."""
        found = team.find_direct(members)
        if found is not None:
            return found, True
        kind = "im" if len(members) <= 2 else "mpim"
        channel_id = self.ids.entity("D" if kind == "im" else "C")
        names = sorted(team.users[member].name for member in members)
        channel = Channel(
            id=channel_id,
            name=f"mpdm-{'--'.join(names)}-1" if kind == "mpim" else "",
            kind="im" if kind == "im" else "mpim",
            creator=team.bot_user,
            created=int(self.clock()),
            members=sorted(members),
        )
        team.channels[channel_id] = channel
        return channel, False

    def _clear_status(self, team: Team, message: Message) -> None:
        shown = team.assistant_threads.get((message.channel, message.thread_ts or message.ts))
        if shown is not None:
            shown.status = ""

    def _publish_all(self, team: Team, channel: Channel, events: Iterable[Payload]) -> None:
        for event in events:
            self.publish(team, event, channel)
        self.changes.ring()


def _bury(message: Message) -> None:
    message.subtype = "tombstone"
    message.text = "This message was deleted."
    message.blocks, message.attachments, message.files = [], [], []
    message.metadata = None
    message.user = "USLACKBOT"
