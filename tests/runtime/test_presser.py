"""The roles of who pressed a button, where the platform does not send them along."""

import pytest

from threadkeep.agent.questions import Choice, Question
from threadkeep.chat.events import ActionPressed, Place, PlaceKind
from threadkeep.chat.rights import Rights
from threadkeep.errors import PlatformUnavailableError
from threadkeep.runtime.presser import with_roles
from threadkeep.sessions import MessageKey, SessionKey, UserKey

SESSION = SessionKey(platform="slack", workspace="T1", channel="C1")


class Platform:
    """Tells rights, and counts how often it was asked."""

    def __init__(self, *roles, is_away=False):
        self.roles, self.is_away, self.asked = roles, is_away, 0

    async def rights(self, _place, _user):
        self.asked += 1
        if self.is_away:
            raise PlatformUnavailableError("away")
        return Rights(roles=frozenset(self.roles))


def pressed(*roles):
    return ActionPressed(
        key=MessageKey(platform="slack", workspace="T1", channel="C1", message="1", revision="2"),
        place=Place(session=SESSION, kind=PlaceKind.CHANNEL),
        user=UserKey(platform="slack", workspace="T1", user="U1"),
        speaker="Ann",
        action="answer:r.0.0",
        roles=roles,
    )


def question(*asked):
    return Question(id="0.0", text="May I?", choices=(Choice(label="Yes"),), asked=asked)


@pytest.mark.parametrize(
    ("event", "asked", "platform", "roles", "times"),
    [
        (pressed(), ("S1",), Platform("S2", "S1"), ("S1", "S2"), 1),
        (pressed(), ("S1",), Platform(is_away=True), (), 1),
        (pressed(), ("slack:T1:U1",), Platform("S1"), (), 0),
        (pressed(), (), Platform("S1"), (), 0),
        (pressed("R1"), ("S1",), Platform("S1"), ("R1",), 0),
    ],
)
async def test_roles_are_asked_for_where_they_matter(event, asked, platform, roles, times):
    found = await with_roles(event, [question(*asked)], platform)
    assert (found.roles, platform.asked) == (roles, times)


async def test_a_platform_without_roles_is_not_asked():
    assert (await with_roles(pressed(), [question("S1")], object())).roles == ()
