"""Reading a tool's docstring: what the tool does, and what each parameter means."""

import inspect
import re
from typing import Final

_SECTION: Final = re.compile(r"[A-Z][A-Za-z ]*:\s*$")
_ARGS: Final = re.compile(r"(Args|Arguments|Parameters):\s*$")
_ENTRY: Final = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


def read_docstring(docstring: str | None) -> tuple[str, dict[str, str]]:
    """Give the first paragraph of a docstring, and the descriptions in its Google style ``Args`` section by name."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    summary: list[str] = []
    for line in lines:
        if not line.strip() or _SECTION.match(line):
            break
        summary.append(line.strip())
    return " ".join(summary), _parameters(lines)


def _parameters(lines: list[str]) -> dict[str, str]:
    start = next((number for number, line in enumerate(lines) if _ARGS.match(line)), None)
    if start is None:
        return {}
    found: dict[str, list[str]] = {}
    current: list[str] = []
    depth: int | None = None
    for line in lines[start + 1 :]:
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            break
        depth = depth or indent
        entry = _ENTRY.match(line.strip()) if indent == depth else None
        if entry is not None:
            current = found[entry[1]] = [entry[2].strip()]
        else:
            current.append(line.strip())
    return {name: " ".join(part for part in parts if part) for name, parts in found.items()}
