"""The agents of a bot, and which of them answers in a conversation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from threadkeep.agent.agent import Agent
from threadkeep.agent.crew import crew_of
from threadkeep.agent.handing import AGENT
from threadkeep.agent.plan import RunPlan
from threadkeep.chat.events import Addressing, MessageReceived, PlaceKind
from threadkeep.chat.places import by_place
from threadkeep.errors import ConfigError
from threadkeep.sessions import Session
from threadkeep.stores.base import Claim

_log = structlog.get_logger(__name__)

MAIN: Final = "main"
"""The name of a bot's first agent, if it has none of its own."""

Rule = Callable[[MessageReceived, Session], str | None]
"""Gives the name of the agent who answers a message; None for the first one. It is called in the event loop."""
Route = Rule | Mapping[PlaceKind | str, str]
"""Which agent answers where: a rule, or names by session id, channel or kind of place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Who answers.

    Attributes:
        name: The agent's name in the bot.
        agent: The agent.
        plan: What its runs need, the way to hand over included.
    """

    name: str
    agent: Agent
    plan: RunPlan


class Roster:
    """Knows the agents of a bot, and chooses among them.

    Args:
        agent: The first one, who answers where nothing else is said.
        agents: The others, by name.
        route: Who answers where.

    Raises:
        ConfigError: Two agents have one name, or a route names an agent that does not exist.
    """

    def __init__(self, agent: Agent, agents: Mapping[str, Agent], route: Route | None) -> None:
        self._first = agent.name or MAIN
        if self._first in agents:
            raise ConfigError(f"two agents of the bot are called {self._first}: Bot(agent=...) has that name already")
        self._agents = {self._first: agent, **agents}
        self._route = route
        if isinstance(route, Mapping) and (unknown := set(route.values()) - set(self._agents)):
            raise ConfigError(f"route= names agents that do not exist: {', '.join(sorted(unknown))}")
        own = {name: one.plan for name, one in self._agents.items()}
        roles = {name: one.role for name, one in self._agents.items()}
        self._plans = crew_of(own, roles) if agents else own

    @property
    def agents(self) -> tuple[Agent, ...]:
        """Give the agents, the first one first."""
        return tuple(self._agents.values())

    @property
    def needed_runs(self) -> int:
        """How many of a session's last runs any of them needs."""
        return max(agent.needed_runs for agent in self._agents.values())

    @property
    def most_runs(self) -> int:
        """How many any of them is shown where they are not summed up."""
        return max(agent.most_runs for agent in self._agents.values())

    def choose(self, claim: Claim) -> Chosen:
        """Give who answers in a claimed conversation: who has it, else whom the route names, else the first one."""
        name = self._name(claim) if len(self._agents) > 1 else self._first
        return Chosen(name=name, agent=self._agents[name], plan=self._plans[name])

    def _name(self, claim: Claim) -> str:
        kept = claim.session.state.get(AGENT)
        if isinstance(kept, str) and kept in self._agents:
            return kept
        name = self._routed(claim) or self._first
        if name in self._agents:
            return name
        _log.error("unknown_agent", session_id=claim.lease.session_id, agent=name)
        return self._first

    def _routed(self, claim: Claim) -> str | None:
        if self._route is None or not claim.events:
            return None
        # The same message in every attempt, whatever was said since the first one.
        asked = (event for event in claim.events if event.addressing is not Addressing.OTHERS)
        event = next(asked, claim.events[0])
        if isinstance(self._route, Mapping):
            return by_place(self._route, event.place)
        try:
            return self._route(event, claim.session)
        except Exception:  # noqa: BLE001 - whatever a program's own rule raises: the question is answered nevertheless
            _log.exception("route_failed", session_id=claim.lease.session_id)
            return None
