"""What can be pressed is checked where it is made, not where a platform refuses it."""

import pytest

from threadkeep.chat.elements import Button, Form, Option, Select, TextField
from threadkeep.errors import ConfigError

FIELD = TextField(name="why", label="Why?")


def options(count):
    return tuple(Option(label=f"Option {number}", value=str(number)) for number in range(count))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Button(action="", label="Go"),
        lambda: Button(action="go", label=" "),
        lambda: Button(action="go", label="x" * 76),
        lambda: Button(action="x" * 81, label="Go"),
        lambda: Button(action="x" * 40, value="y" * 41, label="Go"),
        lambda: Button(action="go", label="Go", url="http://example.org"),
        lambda: Button(action="go", label="Go", url="javascript:alert(1)"),
        lambda: Option(label="", value="1"),
        lambda: Option(label="One", value=""),
        lambda: Select(action="pick", label="Pick", options=()),
        lambda: Select(action="pick", label="Pick", options=options(26)),
        lambda: Select(action="pick", label="Pick", options=options(1) * 2),
        lambda: TextField(name="", label="Why?"),
        lambda: TextField(name="why", label="x" * 46),
        lambda: Form(title="x" * 25, fields=(FIELD,)),
        lambda: Form(title="Why", fields=()),
        lambda: Form(title="Why", fields=(FIELD, FIELD)),
        lambda: Form(title="Why", fields=tuple(TextField(name=str(n), label="?") for n in range(6))),
    ],
)
def test_what_no_platform_shows_is_refused(make):
    with pytest.raises(ConfigError):
        make()


def test_what_every_platform_shows_can_be_made():
    form = Form(title="x" * 24, fields=tuple(TextField(name=str(n), label="y" * 45) for n in range(5)))
    button = Button(action="x" * 40, value="y" * 40, label="z" * 75, form=form)
    select = Select(action="pick", label="Pick", options=options(25))
    assert (button.kind, select.kind, form.fields[0].kind) == ("button", "select", "text")
