"""What a person may do in a place."""

import pytest

from threadkeep.errors import PlatformError
from threadkeep.sessions import UserKey
from threadkeep_discord.rights import permissions_of
from threadkeep_emulators.discord import Permission
from threadkeep_emulators.faults import Fault


async def rights(adapter, inbox, event=None):
    event = event or await inbox.next()
    return await adapter.rights(event.place, event.user)


async def test_roles_and_what_they_permit_are_told(discord, guild, general, ann, inbox, adapter):
    role = guild.role("Moderators", permissions=Permission.MANAGE_MESSAGES)
    guild.give(ann.user, role)
    await ann.says(general, f"{discord.bot.mention} hello")
    found = await rights(adapter, inbox)
    assert found.roles == {str(role.id)}
    assert found.allow("manage_messages", "send_messages")
    assert not found.allow("manage_messages", "ban_members")


async def test_a_role_that_was_taken_away_a_moment_ago_counts_no_more(discord, guild, general, ann, inbox, adapter):
    guild.give(ann.user, guild.role("Moderators", permissions=Permission.MANAGE_MESSAGES))
    await ann.says(general, f"{discord.bot.mention} hello")
    await inbox.next()
    guild.join(ann, roles=())
    assert not (await rights(adapter, inbox)).allow("manage_messages")


async def test_in_a_thread_the_channel_above_it_counts(discord, guild, ann, inbox, adapter):
    quiet = guild.channel("quiet", denied=Permission.ADD_REACTIONS)
    thread = await ann.opens_thread("talk", on=quiet)
    await ann.says(thread, f"{discord.bot.mention} hello")
    found = await rights(adapter, inbox)
    assert found.allow("send_messages")
    assert not found.allow("add_reactions")


async def test_of_a_question_with_a_thread_of_its_own_the_channel_is_asked(discord, general, ann, inbox, connect):
    adapter = await connect(reply_in="thread")
    await ann.says(general, f"{discord.bot.mention} hello")
    assert (await rights(adapter, inbox)).allow("send_messages")


async def test_in_direct_messages_and_after_leaving_nobody_may_anything(discord, guild, general, ann, inbox, adapter):
    await ann.dm("hello")
    assert (await rights(adapter, inbox)).permissions == frozenset()
    event = await mention(discord, general, ann, inbox)
    found = await adapter.rights(event.place, UserKey(platform="discord", user="1"))
    assert (found.roles, found.permissions) == (frozenset(), frozenset())


async def mention(discord, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} hello")
    return (await inbox.wait_for(2))[-1]


async def test_what_cannot_be_told_is_an_error_and_no_right(discord, general, ann, inbox, adapter):
    await ann.says(general, f"{discord.bot.mention} hello")
    event = await inbox.next()
    match = "GET /guilds/{guild_id}/members/{user_id}"
    discord.faults.add(Fault(match=match, kind="status", status=403, body={"code": 50001, "message": "Missing Access"}))
    with pytest.raises(PlatformError):
        await adapter.rights(event.place, event.user)


def guild_of(permissions, owner="9"):
    return {
        "id": "1",
        "owner_id": owner,
        "roles": [{"id": "1", "permissions": "0"}, {"id": "2", "permissions": str(permissions)}],
    }


MEMBER = {"user": {"id": "5"}, "roles": ["2"]}


@pytest.mark.parametrize(
    ("exceptions", "may_write"),
    [
        ([], True),
        ([{"id": "1", "allow": "0", "deny": "2048"}], False),
        ([{"id": "1", "allow": "0", "deny": "2048"}, {"id": "2", "allow": "2048", "deny": "0"}], True),
        ([{"id": "2", "allow": "2048", "deny": "0"}, {"id": "5", "allow": "0", "deny": "2048"}], False),
        ([{"id": "2", "allow": "0", "deny": "1024"}], False),
    ],
)
def test_exceptions_of_a_channel_count_from_everyone_to_the_person(exceptions, may_write):
    found = permissions_of(guild_of(0x800 | 0x400), {"permission_overwrites": exceptions}, MEMBER)
    assert found.send_messages is may_write


def test_owners_and_administrators_may_everything():
    denied = {"permission_overwrites": [{"id": "1", "allow": "0", "deny": "1024"}]}
    assert permissions_of(guild_of(0, owner="5"), denied, MEMBER).ban_members
    assert permissions_of(guild_of(8), denied, MEMBER).ban_members


def test_who_is_in_a_timeout_may_only_read():
    late = MEMBER | {"communication_disabled_until": "2999-01-01T00:00:00+00:00"}
    found = permissions_of(guild_of(0x800 | 0x400 | 0x2000), {}, late)
    assert (found.view_channel, found.send_messages, found.manage_messages) == (True, False, False)
