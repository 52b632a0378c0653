"""What the bot needs of a server, and why: the one table behind the invite link, the doctor and the documentation."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import discord

from threadkeep_discord.settings import DiscordSettings


class Feature(StrEnum):
    """What a bot may do on Discord."""

    ANSWERS = "answers"
    """It answers in channels and threads: what every bot does."""
    THREADS = "threads"
    """It opens a thread for each question."""
    FILES = "files"
    """It posts files."""
    PREVIEWS = "previews"
    """Links in its answers show previews."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionNeed:
    """A permission of the bot's role (https://discord.com/developers/docs/topics/permissions).

    Attributes:
        flag: Its name in discord.py.
        label: Its name in Discord's settings.
        feature: What it is for.
        why: What the bot does with it.
        without: What does not work without it.
        is_required: Whether the bot is of no use without it.
    """

    flag: str
    label: str
    feature: Feature
    why: str
    without: str
    is_required: bool = False


PERMISSIONS: Final = (
    PermissionNeed(
        flag="view_channel",
        label="View Channels",
        feature=Feature.ANSWERS,
        why="hears what is said in channels",
        without="it hears nothing there",
        is_required=True,
    ),
    PermissionNeed(
        flag="send_messages",
        label="Send Messages",
        feature=Feature.ANSWERS,
        why="answers in channels",
        without="it cannot answer there",
        is_required=True,
    ),
    PermissionNeed(
        flag="send_messages_in_threads",
        label="Send Messages in Threads",
        feature=Feature.ANSWERS,
        why="answers in threads and in posts of forums",
        without="it cannot answer in threads and posts",
        is_required=True,
    ),
    PermissionNeed(
        flag="read_message_history",
        label="Read Message History",
        feature=Feature.ANSWERS,
        why="answers by a reply, finds its answers again after a crash, reads what was said before it was called",
        without="it answers without replying, may answer twice after a crash, and does not know what was said before",
    ),
    PermissionNeed(
        flag="create_public_threads",
        label="Create Public Threads",
        feature=Feature.THREADS,
        why="opens a thread on each question",
        without="questions in channels are not answered",
        is_required=True,
    ),
    PermissionNeed(
        flag="attach_files",
        label="Attach Files",
        feature=Feature.FILES,
        why="posts files that its tools make",
        without="its tools cannot post files",
    ),
    PermissionNeed(
        flag="embed_links",
        label="Embed Links",
        feature=Feature.PREVIEWS,
        why="its links show previews",
        without="its links show no previews",
    ),
)
"""The permissions, the most important first."""


def features_of(settings: DiscordSettings, *, has_files: bool = False) -> frozenset[Feature]:
    """Tell what a bot does, by its settings."""
    chosen = {
        Feature.ANSWERS: True,
        Feature.THREADS: settings.reply_in == "thread",
        Feature.FILES: has_files,
        Feature.PREVIEWS: settings.link_previews,
    }
    return frozenset(feature for feature, is_chosen in chosen.items() if is_chosen)


def permissions_for(features: Iterable[Feature]) -> tuple[PermissionNeed, ...]:
    """Give the permissions that some features need, and no others."""
    wanted = {Feature.ANSWERS, *features}
    return tuple(need for need in PERMISSIONS if need.feature in wanted)


def combined(needs: Iterable[PermissionNeed]) -> discord.Permissions:
    """Give permissions as one value."""
    return discord.Permissions(**{need.flag: True for need in needs})
