"""What the app needs of Slack, and why: the one table behind the manifest, the doctor and the documentation."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Feature(StrEnum):
    """What a bot may do on Slack."""

    ANSWERS = "answers"
    """It answers mentions, threads and direct messages: what every bot does."""
    AGENT = "agent view"
    """It is an agent: conversations in its own tab, a status, suggested prompts, Slack's stop button."""
    HOME = "home tab"
    """Its Home tab shows people their conversations."""
    FILES = "files"
    """It reads files and posts them."""
    REACTIONS = "reactions"
    """A reaction stops an answer or says what somebody thinks of it."""
    COMMANDS = "commands"
    """It has slash commands and shortcuts."""
    INSTALLS = "installs"
    """It hears that it was removed from a workspace."""


EVERYTHING: Final = frozenset(Feature)
"""All of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeNeed:
    """A scope of the bot's token (https://docs.slack.dev/reference/scopes).

    Attributes:
        scope: Its name.
        feature: What it is for.
        why: What the bot does with it.
        without: What does not work without it.
        is_required: Whether the bot is of no use without it.
    """

    scope: str
    feature: Feature
    why: str
    without: str
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNeed:
    """An event to which the app subscribes (https://docs.slack.dev/reference/events).

    Attributes:
        event: Its name.
        feature: What it is for.
        scope: The scope that it needs; None for those that need none.
        without: What does not work without it.
    """

    event: str
    feature: Feature
    scope: str | None
    without: str


SCOPES: Final = (
    ScopeNeed(
        scope="chat:write",
        feature=Feature.ANSWERS,
        why="posts, streams and edits its answers",
        without="it cannot answer",
        is_required=True,
    ),
    ScopeNeed(
        scope="app_mentions:read",
        feature=Feature.ANSWERS,
        why="hears when it is mentioned",
        without="it does not hear mentions in channels",
        is_required=True,
    ),
    ScopeNeed(
        scope="im:history",
        feature=Feature.ANSWERS,
        why="hears direct messages, and finds its own answers again after a crash",
        without="it does not hear direct messages",
        is_required=True,
    ),
    ScopeNeed(
        scope="channels:history",
        feature=Feature.ANSWERS,
        why="hears the threads of public channels in which it takes part, and reads what was said before it was called",
        without="in public channels it hears nothing without a mention, and after a crash may post an answer twice",
    ),
    ScopeNeed(
        scope="groups:history",
        feature=Feature.ANSWERS,
        why="the same in private channels",
        without="in private channels it hears nothing without a mention, and after a crash may post an answer twice",
    ),
    ScopeNeed(
        scope="mpim:history",
        feature=Feature.ANSWERS,
        why="the same in group messages",
        without="in group messages it hears nothing without a mention",
    ),
    ScopeNeed(
        scope="channels:read",
        feature=Feature.ANSWERS,
        why="asks what a public channel is called and of what kind it is",
        without="it takes every place in which it is mentioned for a channel, and shows ids in the place of names",
    ),
    ScopeNeed(
        scope="groups:read",
        feature=Feature.ANSWERS,
        why="the same for private channels",
        without="it shows ids in the place of private channels' names",
    ),
    ScopeNeed(
        scope="mpim:read",
        feature=Feature.ANSWERS,
        why="the same for group messages",
        without="a mention in a group message opens a thread",
    ),
    ScopeNeed(
        scope="users:read",
        feature=Feature.ANSWERS,
        why="asks what people are called",
        without="the model sees user ids in the place of names",
    ),
    ScopeNeed(
        scope="usergroups:read",
        feature=Feature.ANSWERS,
        why="asks what user groups are called and who is in them",
        without="the model sees ids in the place of the names of user groups, and nobody has rights by their groups",
    ),
    ScopeNeed(
        scope="assistant:write",
        feature=Feature.AGENT,
        why="shows suggested prompts, a title and a status in its conversations",
        without="there are no suggested prompts and no titles",
    ),
    ScopeNeed(
        scope="files:read",
        feature=Feature.FILES,
        why="reads the files that people post for it",
        without="it cannot read files, and says so",
    ),
    ScopeNeed(
        scope="files:write",
        feature=Feature.FILES,
        why="posts files that its tools make",
        without="its tools cannot post files",
    ),
    ScopeNeed(
        scope="reactions:read",
        feature=Feature.REACTIONS,
        why="hears reactions to its answers",
        without="a reaction neither stops an answer nor counts as feedback",
    ),
    ScopeNeed(
        scope="commands",
        feature=Feature.COMMANDS,
        why="has slash commands and shortcuts",
        without="there are no slash commands; `!stop` and the others still work as messages",
    ),
    ScopeNeed(
        scope="im:write",
        feature=Feature.COMMANDS,
        why="opens direct messages for a question that is asked by the shortcut",
        without="the shortcut *New question* works for nobody",
    ),
)
"""The scopes, the most important first."""

EVENTS: Final = (
    EventNeed(
        event="app_mention",
        feature=Feature.ANSWERS,
        scope="app_mentions:read",
        without="it does not hear mentions",
    ),
    EventNeed(
        event="message.im",
        feature=Feature.ANSWERS,
        scope="im:history",
        without="it does not hear direct messages",
    ),
    EventNeed(
        event="message.channels",
        feature=Feature.ANSWERS,
        scope="channels:history",
        without="in public channels it hears mentions only, and neither edits nor deletions",
    ),
    EventNeed(
        event="message.groups",
        feature=Feature.ANSWERS,
        scope="groups:history",
        without="in private channels it hears mentions only, and neither edits nor deletions",
    ),
    EventNeed(
        event="message.mpim",
        feature=Feature.ANSWERS,
        scope="mpim:history",
        without="in group messages it hears mentions only",
    ),
    EventNeed(
        event="app_home_opened",
        feature=Feature.HOME,
        scope=None,
        without="the Home tab stays empty, and no prompts are suggested",
    ),
    EventNeed(
        event="app_context_changed",
        feature=Feature.AGENT,
        scope=None,
        without="it does not know what somebody is looking at",
    ),
    EventNeed(
        event="agent_session_stopped",
        feature=Feature.AGENT,
        scope="chat:write",
        without="Slack's stop button does nothing, and Slack shows a spinner that does not end",
    ),
    EventNeed(
        event="reaction_added",
        feature=Feature.REACTIONS,
        scope="reactions:read",
        without="reactions are not heard",
    ),
    EventNeed(
        event="reaction_removed",
        feature=Feature.REACTIONS,
        scope="reactions:read",
        without="feedback that is taken back still counts",
    ),
    EventNeed(
        event="app_uninstalled",
        feature=Feature.INSTALLS,
        scope=None,
        without="it does not notice that it was removed",
    ),
    EventNeed(
        event="tokens_revoked",
        feature=Feature.INSTALLS,
        scope=None,
        without="it does not notice that its token was revoked",
    ),
)
"""The events."""


def scopes_for(features: Iterable[Feature] = EVERYTHING) -> tuple[ScopeNeed, ...]:
    """Give the scopes that some features need; ``ANSWERS`` is always among them."""
    wanted = {Feature.ANSWERS, *features}
    return tuple(need for need in SCOPES if need.feature in wanted)


def events_for(features: Iterable[Feature] = EVERYTHING) -> tuple[EventNeed, ...]:
    """Give the events that some features need; those of ``ANSWERS`` and ``INSTALLS`` are always among them."""
    wanted = {Feature.ANSWERS, Feature.INSTALLS, *features}
    return tuple(need for need in EVENTS if need.feature in wanted)
