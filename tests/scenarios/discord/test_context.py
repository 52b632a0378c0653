"""What was said before the bot was called: read once, within bounds, and kept."""

from steps import LONG, ONE_STORE

pytestmark = ONE_STORE

HISTORY = "GET /channels/{channel_id}/messages"


async def answered(town, ann, place, text):
    count = len(place.messages)
    await ann.says(place, f"{town.discord.bot.mention} {text}")
    await place.wait_for(lambda seen: len(seen) == count + 2, timeout=LONG)


def looks(town):
    """Give how much of the channel's history was asked for, call by call."""
    return [call.path.partition("?")[2] for call in town.discord.calls if call.route == HISTORY]


async def test_it_is_read_once_and_kept_over_a_restart(town, replica, ann):
    for number in range(3):
        await ann.says(town.lounge, f"fact {number}")
    async with replica():
        await answered(town, ann, town.lounge, "What do you know?")
        read = looks(town)
        assert len(read) == 1
        await answered(town, ann, town.lounge, "And now?")
    async with replica():
        await answered(town, ann, town.lounge, "Still?")
    assert [path for path in looks(town) if "before=" in path] == read
    for number in range(3):
        assert [text for text in town.said(number) if "fact 1" in text]


async def test_no_more_is_read_than_was_asked_for(town, replica, ann):
    for number in range(12):
        await ann.says(town.lounge, f"fact {number}.")
    async with replica(bot={"context_messages": 5}):
        await answered(town, ann, town.lounge, "What do you know?")
    (path,) = looks(town)
    assert "limit=5" in path
    told = "\n".join(town.said(0))
    assert [f"fact {number}." in told for number in (6, 7, 11)] == [False, True, True]
