"""The session's state during a run: tools change it, and the changes are kept with the run."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Final

from threadkeep.errors import ToolError

STATE: Final = "state"
"""The step that records what a run has changed of its session's state so far."""
_UNCHANGED: Final = '{"set":{},"removed":[]}'


class RunState:
    """The state as the tools of a run see it.

    Args:
        before: The state when the run began.
        recorded: What earlier attempts of the run have recorded of their changes.

    Attributes:
        values: What the tools read and change.
    """

    def __init__(self, before: Mapping[str, object], recorded: str | None = None) -> None:
        self._before = {name: _dumps(value) for name, value in before.items()}
        self.values: dict[str, object] = deepcopy(dict(before)) if recorded is None else state_after(before, recorded)
        self._kept = recorded

    @property
    def is_changed(self) -> bool:
        """Whether something was changed that has been given by ``changes``."""
        return self._kept is not None

    def changes(self) -> str | None:
        """Give what is to be recorded; None if nothing has changed since the last time.

        Raises:
            ToolError: A value is no JSON; the state is again what it was at the last time.
        """
        try:
            now = {name: _dumps(value) for name, value in dict(self.values).items()}
        except (TypeError, ValueError) as error:
            self._undo()
            raise ToolError(f"the session state takes only what JSON takes: {error}") from error
        # In an order of their own: that of the names in the state says nothing.
        changed = {name: json.loads(now[name]) for name in sorted(now) if self._before.get(name) != now[name]}
        removed = sorted(name for name in self._before if name not in now)
        text = _dumps({"set": changed, "removed": removed})
        if text == (self._kept or _UNCHANGED):
            return None
        self._kept = text
        return text

    def _undo(self) -> None:
        before = {name: json.loads(text) for name, text in self._before.items()}
        last = before if self._kept is None else state_after(before, self._kept)
        self.values.clear()
        self.values.update(last)


def state_after(before: Mapping[str, object], recorded: str) -> dict[str, object]:
    """Give a state with the recorded changes of a run."""
    changes = json.loads(recorded)
    removed = set(changes["removed"])
    kept = {name: value for name, value in before.items() if name not in removed}
    return deepcopy({**kept, **changes["set"]})


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
