"""Where the bot answers, and whom: what its operator has laid down. Nothing here knows of discord.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class AnswerWhen(StrEnum):
    """What the bot answers in a place; direct messages, mentions and replies to it are answered everywhere."""

    MENTIONED = "mentioned"
    """Nothing else."""
    FOLLOWED = "followed"
    """Also what is said in threads in which it takes part. The usual."""
    ALWAYS = "always"
    """Everything that is not said to somebody else."""


_BY_TALKATIVENESS: Final = tuple(AnswerWhen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who does something.

    Attributes:
        user_id: The person.
        role_ids: Their roles in the server; none outside of servers, where Discord tells none.
        has_known_roles: Whether these are known: Discord does not always tell.
    """

    user_id: int
    role_ids: frozenset[int] = frozenset()
    has_known_roles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """Where something happens, by the ids of what that is in.

    Attributes:
        ids: The thread, the channel, the category, as far as there are any; the nearest first.
        guild_id: The server; None outside of servers.
    """

    ids: tuple[int, ...]
    guild_id: int | None

    @property
    def is_direct(self) -> bool:
        """Tell whether this is outside of servers."""
        return self.guild_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who or what is let in.

    Attributes:
        allowed: The ids that are let in, and no others; empty to let all in.
        blocked: The ids that are not, whatever else is said of them.
    """

    allowed: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Where the bot answers, and whom.

    Who is blocked is not heard at all. Who is merely not among those allowed can ask nothing; what they say in a place
    where the bot takes part is read by it nevertheless, as what is said to others.

    Attributes:
        users: People.
        roles: Roles of servers. Somebody may ask who is allowed by name or by a role.
        places: Servers, categories, channels, forums and threads; a rule for one holds for all in it.
        answers_direct: Whether it answers direct messages.
        usually: What it answers where nothing else is laid down.
        when: What it answers in a thread, channel, forum, category or server, or of those who have a role; by id.
    """

    users: Admitted = field(default_factory=Admitted)
    roles: Admitted = field(default_factory=Admitted)
    places: Admitted = field(default_factory=Admitted)
    answers_direct: bool = True
    usually: AnswerWhen = AnswerWhen.FOLLOWED
    when: Mapping[int, AnswerWhen] = field(default_factory=dict)

    @property
    def concerns_places(self) -> bool:
        """Tell whether it matters in which channel or category something happens."""
        return bool(self.places.allowed or self.places.blocked or self.when)

    @property
    def needs_content(self) -> bool:
        """Tell whether the bot is to answer what only the Message Content Intent shows."""
        return AnswerWhen.ALWAYS in {self.usually, *self.when.values()}

    def is_closed(self, spots: Spots) -> bool:
        """Tell whether the bot is not to take part in a place."""
        if spots.is_direct:
            return not self.answers_direct
        around = {*spots.ids, spots.guild_id}
        if around & self.places.blocked:
            return True
        return bool(self.places.allowed) and not around & self.places.allowed

    def is_blocked(self, speaker: Speaker) -> bool:
        """Tell whether somebody is not to be heard; also of whom it is not known while some roles are not."""
        if speaker.user_id in self.users.blocked or speaker.role_ids & self.roles.blocked:
            return True
        return bool(self.roles.blocked) and not speaker.has_known_roles

    def may_ask(self, speaker: Speaker) -> bool:
        """Tell whether somebody may ask the bot something; those who are blocked may not."""
        if self.is_blocked(speaker):
            return False
        if not self.users.allowed and not self.roles.allowed:
            return True
        return speaker.user_id in self.users.allowed or bool(speaker.role_ids & self.roles.allowed)

    def answer_when(self, spots: Spots, role_ids: Iterable[int] = ()) -> AnswerWhen:
        """Tell what is answered: by the nearest place that has a rule, then by roles, then by the server.

        Of somebody's roles the one counts for which the bot answers the most.
        """
        for place_id in spots.ids:
            if place_id in self.when:
                return self.when[place_id]
        by_roles = [self.when[role_id] for role_id in role_ids if role_id in self.when]
        if by_roles:
            return max(by_roles, key=_BY_TALKATIVENESS.index)
        return self.when.get(spots.guild_id or 0, self.usually)
