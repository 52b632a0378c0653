"""reactions.*."""

import re

from threadkeep_emulators.slack.call import Method, Request
from threadkeep_emulators.slack.problems import SlackError
from threadkeep_emulators.slack.records import Message
from threadkeep_emulators.slack.rendering import render_reactions
from threadkeep_emulators.slack.wire import Payload

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def add_reaction(call: Request) -> Payload:
    """React to a message (https://docs.slack.dev/reference/methods/reactions.add)."""
    message, name = _target(call), _name(call)
    if call.team.bot_user in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    call.world.react(call.team, message, user=call.team.bot_user, name=name, is_added=True)
    return {}


def remove_reaction(call: Request) -> Payload:
    """Take a reaction back (https://docs.slack.dev/reference/methods/reactions.remove)."""
    message, name = _target(call), _name(call)
    if call.team.bot_user not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    call.world.react(call.team, message, user=call.team.bot_user, name=name, is_added=False)
    return {}


def get_reactions(call: Request) -> Payload:
    """Give a message's reactions (https://docs.slack.dev/reference/methods/reactions.get)."""
    message = _target(call)
    shape = call.world.render(call.team, message) | {"reactions": render_reactions(message)}
    return {"type": "message", "channel": message.channel, "message": shape}


def _target(call: Request) -> Message:
    if "channel" not in call.args or "timestamp" not in call.args:
        raise SlackError("no_item_specified")
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.team.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return call.message(channel, "timestamp")


def _name(call: Request) -> str:
    name = (call.args.text("name") or "").strip(":")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name")
    return name


METHODS = (
    Method(name="reactions.add", perform=add_reaction, scopes=("reactions:write",), tier=3),
    Method(name="reactions.remove", perform=remove_reaction, scopes=("reactions:write",), tier=2),
    Method(name="reactions.get", perform=get_reactions, scopes=("reactions:read",), tier=3),
)
