"""Sums as people write them in a chat, worked out exactly."""

import re
from fractions import Fraction

_NUMBER = r"\d{1,15}(?:\.\d{1,9})?"
_OPERATOR = r"(?:\+|-|\*|/|x|\u00d7|÷|plus|minus|times|multiplied by|divided by)"
SUM = re.compile(rf"-?{_NUMBER}(?:\s*{_OPERATOR}\s*-?{_NUMBER}){{1,20}}", re.IGNORECASE)
_TOKEN = re.compile(rf"({_OPERATOR})\s*(-?{_NUMBER})", re.IGNORECASE)
_FIRST = re.compile(rf"-?{_NUMBER}")
_SIGNS = {"plus": "+", "minus": "-", "x": "*", "\u00d7": "*", "times": "*", "multiplied by": "*"} | {
    "÷": "/",
    "divided by": "/",
}


def expression(text: str) -> str | None:
    """Give the first sum in a text in the signs of a calculator, or None."""
    found = SUM.search(text)
    if found is None:
        return None
    first, rest = _parsed(found[0])
    return " ".join([first, *(part for pair in rest for part in pair)])


def evaluate(text: str) -> str:
    """Give the result of a sum from ``expression``, in digits or as a sentence where there is none."""
    first, rest = _parsed(text)
    terms = [Fraction(first)]
    for sign, number in rest:
        value = Fraction(number)
        if sign in {"+", "-"}:
            terms.append(value if sign == "+" else -value)
        elif sign == "*":
            terms[-1] *= value
        elif value == 0:
            return "undefined, because nothing can be divided by zero"
        else:
            terms[-1] /= value
    return _shown(sum(terms, Fraction(0)))


def _parsed(text: str) -> tuple[str, list[tuple[str, str]]]:
    first = _FIRST.match(text)
    if first is None:
        return "0", []
    rest = _TOKEN.findall(text[first.end() :])
    return first[0], [(_SIGNS.get(sign.lower(), sign), number) for sign, number in rest]


def _shown(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6g}"
