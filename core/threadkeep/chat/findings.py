"""What an adapter's ``doctor`` found, and how it is printed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How something stands."""

    FINE = "ok"
    MISSING = "missing"
    """The bot does not work without it."""
    WANTING = "wanting"
    """The bot works, but something of it does not."""
    UNSEEN = "check"
    """It cannot be seen from here: somebody must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        verdict: How it stands.
        what: What was found.
        remedy: What to do, and where.
    """

    verdict: Verdict
    what: str
    remedy: str = ""


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing is missing without which the bot does not work."""
    return all(finding.verdict is not Verdict.MISSING for finding in findings)


def findings_json(findings: Sequence[Finding]) -> str:
    """Write findings for programs."""
    table = [{"verdict": one.verdict.value, "what": one.what, "remedy": one.remedy} for one in findings]
    return json.dumps(table, indent=2, ensure_ascii=False)


def findings_text(findings: Sequence[Finding]) -> str:
    """Write findings for people, one a line, the remedy below it."""
    width = max(len(verdict.value) for verdict in Verdict)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{finding.verdict.value.ljust(width)}  {printable(finding.what)}")
        if finding.remedy:
            lines.append(f"{' ' * width}  -> {printable(finding.remedy)}")
    return "\n".join(lines)


def printable(text: str) -> str:
    """Give a text without what could drive a terminal: names come from the platform."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
