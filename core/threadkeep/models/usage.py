"""Adding up what calls cost."""

from threadkeep.models.base import Usage


def sum_of(first: Usage, second: Usage) -> Usage:
    """Give what two calls cost together; what neither server said stays unknown."""
    return Usage(
        input_tokens=_sum(first.input_tokens, second.input_tokens),
        cached_tokens=_sum(first.cached_tokens, second.cached_tokens),
        output_tokens=_sum(first.output_tokens, second.output_tokens),
    )


def _sum(known: int | None, more: int | None) -> int | None:
    if known is None or more is None:
        return more if known is None else known
    return known + more
