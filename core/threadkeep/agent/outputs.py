"""Plans of runs whose answer is data."""

from dataclasses import replace
from typing import TYPE_CHECKING

from threadkeep.agent.plan import RunPlan

if TYPE_CHECKING:
    from pydantic import BaseModel

    from threadkeep.agent.structured import Render


def with_output(plan: RunPlan, response_model: "type[BaseModel] | None", render: "Render | None") -> RunPlan:
    """Give a plan for answers of a class; the plan itself where none is given.

    Raises:
        ConfigError: The class cannot be described to a model.
    """
    if response_model is None:
        return plan
    # Importing pydantic takes long, and most agents answer with text.
    from threadkeep.agent.structured import Structured, output_of  # noqa: PLC0415

    output = output_of(response_model, render)
    return replace(plan, model=Structured(plan.model, output), output=output)
