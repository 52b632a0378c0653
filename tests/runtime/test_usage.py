"""The command ``usage`` in money, as far as prices are known."""

import pytest

from threadkeep import Metrics, Run
from threadkeep.runs import ModelUse
from threadkeep.runtime.saying import usage_text


def answered(*uses, tokens=100):
    metrics = Metrics(input_tokens=tokens, output_tokens=10, model_calls=len(uses), models=uses)
    return Run(run_id="r", session_id="s", metrics=metrics)


KNOWN = ModelUse(model="m", calls=1, cost=0.0123)
GUESSED = ModelUse(model="m", calls=1, cost=0.0123, is_estimated=True)
FREE = ModelUse(model="own", calls=1)


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ((KNOWN,), " That is $0.0123."),
        ((KNOWN, KNOWN), " That is $0.0246."),
        ((GUESSED,), " That is about $0.0123 (partly estimated)."),
        ((KNOWN, FREE), " That is at least $0.0123."),
        ((FREE,), ""),
    ],
)
def test_usage_is_told_in_money_where_the_price_is_known(uses, words):
    text = usage_text([answered(*uses)], most=100, total=1)
    assert text.endswith(f"10 out.{words}")
