"""A local Discord: HTTP API v10, gateway and file host on a loopback port, driven by code.

    async with DiscordEmulator() as discord:
        club = discord.guild("Club")
        ann = discord.user("Ann")
        general = club.channel("general")
        ...                                     # a client connects to discord.api_url and discord.gateway_url
        question = await ann.says(general, f"{discord.bot.mention} hello")
        answer = await general.wait_for_reply(to=question)

Routes are named for faults and in ``discord.calls`` as ``POST /channels/{channel_id}/messages``; events by their
name on the wire, as ``MESSAGE_CREATE``.
"""

from .emulator import Bot, DiscordEmulator, Settings
from .errors import ApiError, EmulatorError, NotSeenError
from .flags import (
    ALL_PERMISSIONS,
    NO_INTENTS,
    PRIVILEGED_INTENTS,
    ChannelKind,
    Intent,
    InteractionKind,
    MessageFlag,
    MessageKind,
    Permission,
)
from .gateway.starts import StartRules
from .model import Attachment, Message, PingRecord, Pings, Reaction, Role, User
from .people import Person
from .places import Channel
from .pressed import Interaction
from .rest.log import Call
from .servers import Guild
from .webhooks import Webhook

__all__ = [
    "ALL_PERMISSIONS",
    "NO_INTENTS",
    "PRIVILEGED_INTENTS",
    "ApiError",
    "Attachment",
    "Bot",
    "Call",
    "Channel",
    "ChannelKind",
    "DiscordEmulator",
    "EmulatorError",
    "Guild",
    "Intent",
    "Interaction",
    "InteractionKind",
    "Message",
    "MessageFlag",
    "MessageKind",
    "NotSeenError",
    "Permission",
    "Person",
    "PingRecord",
    "Pings",
    "Reaction",
    "Role",
    "Settings",
    "StartRules",
    "User",
    "Webhook",
]
