"""Where people of shared channels are at home, as far as a process has heard it."""

import pytest

from threadkeep_slack.inbound.homes import Homes
from threadkeep_slack.inbound.payloads import SlackMessage


def said(user="U1", **fields):
    return SlackMessage.model_validate({"type": "message", "channel": "C1", "ts": "1.000001", "user": user, **fields})


@pytest.mark.parametrize(
    ("fields", "home"),
    [
        ({}, None),
        ({"user_team": "T9"}, "T9"),
        ({"user_profile": {"team": "T9", "display_name": "Zoe"}}, "T9"),
        ({"user_team": "T9", "user_profile": {"team": "T8"}}, "T9"),
        ({"user_team": 5, "user_profile": {"team": None}}, None),
    ],
)
def test_it_is_learned_from_what_people_write(fields, home):
    homes = Homes()
    homes.note(said(**fields))
    assert homes.of("U1") == home
    assert homes.of("U2") is None


def test_the_last_word_counts_and_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("threadkeep_slack.inbound.homes.CACHED_NAMES", 2)
    homes = Homes()
    for user, team in (("U1", "T1"), ("U2", "T2"), ("U1", "T9"), ("U3", "T3")):
        homes.note(said(user, user_team=team))
    assert [homes.of(user) for user in ("U1", "U2", "U3")] == ["T9", None, "T3"]
