"""Typed values in a session's state, and the state as the model is shown it."""

import json
from collections.abc import Callable, Collection, Mapping, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from threadkeep.chat.speakers import shortened
from threadkeep.errors import ConfigError, ToolError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_T = TypeVar("_T")
_LONGEST: Final = 4_000
_HEAD: Final = "The state of this conversation, which the tools keep, as JSON:"


class HasState(Protocol):
    """What has a session's state: the ``RunContext``."""

    @property
    def state(self) -> MutableMapping[str, object]:
        """The session's state."""
        ...


class StateItem(Generic[_T]):
    """A value of one type in the state of each session: ``cart = StateItem("cart", list[str], default=list)``.

    It holds no value itself, so it may stand in a module.

    Args:
        name: Its name in the state.
        kind: Its type: whatever pydantic can write as JSON and read back.
        default: Makes the value where there is none.

    Raises:
        ConfigError: The name is empty.
    """

    def __init__(self, name: str, kind: type[_T], *, default: Callable[[], _T]) -> None:
        if not name:
            raise ConfigError("a StateItem needs a name")
        self.name: Final = name
        self._kind = kind
        self._default = default

    def read(self, context: HasState) -> _T:
        """Give the value; what is changed in it is kept only when it is written.

        Raises:
            ToolError: What stands in the state is not of this type: it was written by something else.
        """
        if self.name not in context.state:
            return self._default()
        try:
            return self._adapter.validate_json(json.dumps(context.state[self.name]))
        except (TypeError, ValueError) as error:
            raise ToolError(f"what the session's state has as {self.name} cannot be read") from error

    def write(self, context: HasState, value: _T) -> None:
        """Replace the value.

        Raises:
            ToolError: It is not of this type.
        """
        try:
            checked = self._adapter.validate_python(value)
            context.state[self.name] = self._adapter.dump_python(checked, mode="json")
        except ValueError as error:
            raise ToolError(f"this cannot be kept as {self.name} in the session's state") from error

    def clear(self, context: HasState) -> None:
        """Take the value away, so that the default counts again."""
        context.state.pop(self.name, None)

    @cached_property
    def _adapter(self) -> "TypeAdapter[_T]":
        # Importing pydantic takes long.
        from pydantic import TypeAdapter  # noqa: PLC0415

        return TypeAdapter(self._kind)


def state_section(state: Mapping[str, Any], *, shown: bool | Collection[str]) -> str:
    """Give what the system message says of a session's state; empty if that is nothing.

    Args:
        state: The state.
        shown: Whether it is shown, or which names of it.
    """
    if shown is False or not state:
        return ""
    chosen = {name: value for name, value in sorted(state.items()) if shown is True or name in shown}
    if not chosen:
        return ""
    # No value can end the frame or imitate another one.
    text = json.dumps(chosen, ensure_ascii=False, default=str).replace("<", "\\u003c")
    return f"{_HEAD}\n<state>\n{shortened(text, _LONGEST)}\n</state>"


def shown_names(*, shown: bool | Collection[str]) -> bool | Collection[str]:
    """Give which names of a state are shown.

    Raises:
        ConfigError: A text is given, and not several names.
    """
    if isinstance(shown, str):
        raise ConfigError(f"show_state takes several names: write show_state=[{shown!r}]")
    return shown
