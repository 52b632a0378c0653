"""Menus and completions, and what Discord refuses in them."""

import pytest

from threadkeep_emulators.discord.errors import ApiError, EmulatorError
from threadkeep_emulators.discord.menus import MESSAGE_MENU, check_choices, completing, menu_data

COMMANDS = [
    {"id": "1", "name": "Explain", "type": MESSAGE_MENU, "options": []},
    {"id": "2", "name": "city", "type": 1, "options": [{"name": "name", "type": 3, "autocomplete": True}]},
]


def test_an_entry_of_another_menu_cannot_be_chosen():
    assert menu_data(COMMANDS, "Explain", MESSAGE_MENU, "5", {})["target_id"] == "5"
    with pytest.raises(EmulatorError, match="known are"):
        menu_data(COMMANDS, "city", MESSAGE_MENU, "5", {})


def test_only_an_option_that_asks_for_it_is_completed():
    data = {"id": "2", "options": [{"name": "name", "type": 3, "value": "Be"}]}
    assert completing(COMMANDS, data, "name")["options"][0]["focused"]
    with pytest.raises(EmulatorError, match="no completion"):
        completing(COMMANDS, data, "other")


@pytest.mark.parametrize(
    "choices",
    [[{"name": "a", "value": "a"}] * 26, [{"name": "", "value": "a"}], [{"name": "a", "value": "a" * 101}]],
)
def test_completions_that_cannot_be_shown_are_refused(choices):
    check_choices(choices[:1] if len(choices) == 26 else [])
    with pytest.raises(ApiError):
        check_choices(choices)
