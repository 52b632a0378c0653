"""The agents of one bot, who may hand conversations over to each other."""

from collections.abc import Mapping
from dataclasses import replace

from threadkeep.agent.handing import HAND_OVER, hand_over_tool
from threadkeep.agent.plan import RunPlan
from threadkeep.errors import ConfigError


def crew_of(plans: Mapping[str, RunPlan], roles: Mapping[str, str]) -> Mapping[str, RunPlan]:
    """Give the plans of agents who know each other: each may hand over to the others.

    Args:
        plans: What a run of each agent needs, by the agents' names.
        roles: What each agent is for, as the others are told.

    Raises:
        ConfigError: An agent has a tool of that name already.
    """
    crew: dict[str, RunPlan] = {}
    for name, plan in plans.items():
        others = {other: roles.get(other, "") for other in plans if other != name}
        if HAND_OVER in plan.tools:
            raise ConfigError(f"the agent {name} has a tool called {HAND_OVER}, which is the bot's own: rename it")
        crew[name] = replace(plan, tools={**plan.tools, HAND_OVER: hand_over_tool(others)}, crew=crew)
    return crew
