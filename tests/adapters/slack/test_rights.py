"""What a person may do in a workspace."""

import pytest

from threadkeep.chat.rights import Rights, TellsRights
from threadkeep.errors import PlatformError
from threadkeep.sessions import UserKey
from threadkeep_emulators.faults import Fault
from threadkeep_slack.rights import RightsDesk
from threadkeep_slack.web_api import new_client, new_session
from threadkeep_slack.workspace import Workspace


@pytest.fixture
def ann(acme):
    return acme.user("Ann")


@pytest.fixture
async def place(acme, ann, sink):
    """Where Ann has said something."""

    async def say():
        await ann.says(acme.channel("general"), f"<@{acme.team.bot_user}> hello")
        return (await sink.wait_for())[0].place

    return say


def key(person, acme):
    return UserKey(platform="slack", workspace=acme.id, user=person.id)


async def test_administrators_and_members_are_told_apart(acme, ann, connect, place):
    adapter = await connect()
    where, ben = await place(), acme.user("Ben")
    ben.user.is_admin = True
    assert isinstance(adapter, TellsRights)
    assert (await adapter.rights(where, key(ann, acme))).permissions == {"member"}
    found = await adapter.rights(where, key(ben, acme))
    assert found.allow("admin", "member")
    assert not found.allow("owner")
    ben.user.is_admin = False
    assert not (await adapter.rights(where, key(ben, acme))).allow("admin"), "it is asked each time"


async def test_user_groups_are_roles(acme, ann, connect, place):
    acme.team.scopes.add("usergroups:read")
    group = acme.usergroup("devs", ann).removeprefix("<!subteam^").rstrip(">")
    adapter = await connect()
    where = await place()
    assert (await adapter.rights(where, key(ann, acme))).roles == {group}
    assert (await adapter.rights(where, key(acme.user("Ben"), acme))).roles == frozenset()


async def test_without_the_scope_nobody_is_in_a_group(acme, ann, connect, place):
    acme.usergroup("devs", ann)
    adapter = await connect()
    found = await adapter.rights(await place(), key(ann, acme))
    assert (found.roles, found.permissions) == (frozenset(), {"member"})


async def test_people_of_elsewhere_have_no_rights(acme, connect, place):
    zoe = acme.stranger("Zoe", team_id="T0GLOBEX")
    adapter = await connect()
    with pytest.raises(PlatformError):
        await adapter.rights(await place(), key(zoe, acme))


async def test_what_cannot_be_told_is_an_error_and_no_right(slack, acme, ann, connect, place):
    acme.team.scopes.add("usergroups:read")
    adapter = await connect()
    where = await place()
    slack.faults.add(Fault(match="usergroups.list", kind="status", status=500))
    with pytest.raises(PlatformError):
        await adapter.rights(where, key(ann, acme))


async def test_a_stopped_adapter_tells_nothing(connect, acme, ann, place):
    adapter = await connect()
    where = await place()
    await adapter.stop()
    with pytest.raises(PlatformError, match="not connected"):
        await adapter.rights(where, key(ann, acme))


@pytest.fixture
async def desk(slack, acme, socket_settings):
    """Ask Slack with a clock of one's own."""
    now = [0.0]
    async with new_session() as session:
        client = new_client(socket_settings(), session, token=acme.bot_token)
        own = Workspace(team=acme.id, team_name="Acme", enterprise="E1", bot_user="U0", bot_name="bot")
        yield RightsDesk(client, own, clock=lambda: now[0]), now


async def test_members_are_believed_for_a_minute(slack, acme, ann, desk):
    acme.team.scopes.add("usergroups:read")
    asked, now = desk
    assert (await asked.of(ann.id, acme.id)).roles == frozenset()
    acme.usergroup("devs", ann)
    now[0] = 59.0
    assert (await asked.of(ann.id, acme.id)).roles == frozenset()
    now[0] = 60.0
    assert len((await asked.of(ann.id, acme.id)).roles) == 1


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"team_id": "T9", "is_admin": True}, Rights()),
        ({"team_id": "T9", "is_owner": True, "enterprise_user": {"enterprise_id": "E2"}}, Rights()),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E1"}}, Rights(permissions=frozenset({"member"}))),
        ({"is_restricted": True}, Rights()),
        ({"is_stranger": True, "is_admin": False}, Rights()),
        (
            {"is_admin": True, "is_owner": True, "is_primary_owner": True},
            Rights(permissions=frozenset({"admin", "owner", "primary_owner", "member"})),
        ),
    ],
)
async def test_only_our_own_people_have_rights(slack, acme, ann, desk, profile, expected):
    user = {"id": ann.id, "team_id": acme.id, **profile}
    slack.faults.add(Fault(match="users.info", kind="status", status=200, body={"ok": True, "user": user}))
    assert await desk[0].of(ann.id, acme.id) == expected
