"""Who is mentioned by a text, and who of them is really notified.

https://discord.com/developers/docs/resources/message#allowed-mentions-object
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import FormErrors
from .flags import Permission
from .ids import Snowflake
from .model import ChannelState, Message, Payload, Pings, User
from .permissions import can_see, permissions_in
from .world import World

_CODE = re.compile(r"```.*?```|``.+?``|`[^`\n]+`", re.DOTALL)
_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_TYPES = ("roles", "users", "everyone")
_MOST_IDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedMentions:
    """Say which mentions of a message may notify; ids given by name go before ``parse``."""

    parse: frozenset[str]
    user_ids: frozenset[Snowflake] = frozenset()
    role_ids: frozenset[Snowflake] = frozenset()
    is_reply_ping: bool = False

    def allows_user(self, user_id: Snowflake) -> bool:
        """Say whether this user may be notified."""
        return "users" in self.parse or user_id in self.user_ids

    def allows_role(self, role_id: Snowflake) -> bool:
        """Say whether this role may be notified."""
        return "roles" in self.parse or role_id in self.role_ids


# What counts when the field is left out: everything in a plain message, people only in an interaction.
ALL_MENTIONS = AllowedMentions(parse=frozenset(_TYPES), is_reply_ping=True)
USER_MENTIONS = AllowedMentions(parse=frozenset({"users"}), is_reply_ping=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentioned:
    """Be the outcome: what the message shows as mentioned, which is also who is notified."""

    users: tuple[User, ...]
    role_ids: tuple[Snowflake, ...]
    is_everyone: bool


def read_allowed_mentions(form: Payload, errors: FormErrors) -> AllowedMentions | None:
    """Read the field of a message form, noting what Discord refuses."""
    field = form.get("allowed_mentions")
    if field is None:
        return None
    if not isinstance(field, dict):
        errors.add("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return None
    parse = [str(kind) for kind in field.get("parse") or ()]
    for position, kind in enumerate(parse):
        if kind not in _TYPES:
            text = f"Value must be one of {_TYPES}."
            errors.add(f"allowed_mentions.parse.{position}", "BASE_TYPE_CHOICES", text)
    ids: dict[str, frozenset[Snowflake]] = {}
    for kind in ("users", "roles"):
        named = field.get(kind) or ()
        if len(named) > _MOST_IDS:
            errors.too_long(f"allowed_mentions.{kind}", _MOST_IDS)
        if named and kind in parse:
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            errors.add("allowed_mentions", code, text)
        ids[kind] = frozenset(Snowflake(int(one)) for one in named)
    return AllowedMentions(
        parse=frozenset(parse),
        user_ids=ids["users"],
        role_ids=ids["roles"],
        is_reply_ping=bool(field.get("replied_user")),
    )


def find_mentions(
    world: World,
    author: User,
    channel: ChannelState,
    text: str,
    allowed: AllowedMentions,
    *,
    answered: Message | None,
) -> Mentioned:
    """Find who a text mentions as far as it is allowed; what stands in code is not a mention."""
    text = _CODE.sub(" ", text)
    users = [world.users[user_id] for user_id in _ids(_USER, text) if user_id in world.users]
    users = [user for user in users if allowed.allows_user(user.id)]
    if answered is not None and allowed.is_reply_ping and answered.author not in users:
        users.append(answered.author)
    guild = world.guild_of(channel)
    if guild is None:
        return Mentioned(users=tuple(users), role_ids=(), is_everyone=False)
    may_all = Permission.MENTION_EVERYONE in permissions_in(world, author, channel)
    roles = [
        role_id
        for role_id in _ids(_ROLE, text)
        if role_id in guild.roles and allowed.allows_role(role_id) and (may_all or guild.roles[role_id].is_mentionable)
    ]
    everyone = may_all and "everyone" in allowed.parse and _EVERYONE.search(text) is not None
    return Mentioned(users=tuple(users), role_ids=tuple(roles), is_everyone=everyone)


def pings_of(world: World, author: User, channel: ChannelState, mentioned: Mentioned, *, is_silent: bool) -> Pings:
    """Give who is notified: nobody by himself, and nobody who cannot see the place."""
    return Pings(
        user_ids=frozenset(
            user.id for user in mentioned.users if user.id != author.id and _reaches(world, user, channel)
        ),
        role_ids=frozenset(mentioned.role_ids),
        is_everyone=mentioned.is_everyone,
        is_silent=is_silent,
    )


def _ids(pattern: re.Pattern[str], text: str) -> Iterable[Snowflake]:
    return dict.fromkeys(Snowflake(int(found)) for found in pattern.findall(text))


def _reaches(world: World, user: User, channel: ChannelState) -> bool:
    if channel.recipient is not None:
        return user.id in {channel.recipient.id, world.application.bot.id}
    return can_see(world, user, channel)
