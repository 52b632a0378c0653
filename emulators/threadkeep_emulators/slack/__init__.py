"""Slack on this machine: the Web API, Socket Mode and the Events API, driven by code.

async with SlackEmulator() as slack:
    acme = slack.workspace("Acme")
    ann, general = acme.user("Ann"), acme.channel("general")
    question = await ann.says(general, f"{acme.bot.mention} hello")
    answer = await question.thread.wait_for_reply(contains="Hello")
"""

from .call_log import LoggedCall
from .courier import RetrySchedule
from .delivery import Attempt, Delivery
from .interactions import Interaction
from .people import OtherBot, Person
from .places import Conversation, MessageHandle, Shown, Thread, transcript
from .problems import WaitTimeoutError
from .server import DEFAULT_EVENTS, DEFAULT_SCOPES, SlackEmulator
from .workspace import Workspace
from .world import WorldLimits

__all__ = [
    "DEFAULT_EVENTS",
    "DEFAULT_SCOPES",
    "Attempt",
    "Conversation",
    "Delivery",
    "Interaction",
    "LoggedCall",
    "MessageHandle",
    "OtherBot",
    "Person",
    "RetrySchedule",
    "Shown",
    "SlackEmulator",
    "Thread",
    "WaitTimeoutError",
    "Workspace",
    "WorldLimits",
    "transcript",
]
