"""The Home tab shows each person their own page, and does what they press."""

import pytest

from threadkeep.chat.home import HomeMemo, HomePage, HomeSession
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.slack.blocks import check_blocks
from threadkeep_slack.home.view import home_view

PUBLISHING = "views.publish"


@pytest.fixture
def key(acme, ann):
    return f"slack:{acme.id}:{ann.id}"


async def test_who_opens_it_sees_their_page(slack, acme, process, desk, key, ann):
    desk.fill(key)
    await process()
    delivery = await ann.opens_app(tab="home")
    call = await slack.wait_for_call(PUBLISHING)
    await slack.wait_until_acked(delivery)
    assert call.args["user_id"] == ann.id
    assert desk.asked == [key]
    shown = str(call.args["view"])
    assert "likes tea" in shown
    assert "message_ts=1.000001" in shown


async def test_opened_again_and_again_it_is_filled_once(slack, acme, process, desk, ann):
    await process()
    for _ in range(5):
        await ann.opens_app(tab="home")
    await acme.user("Bob").opens_app(tab="home")
    await slack.wait_for_call(PUBLISHING, lambda call: call.args["user_id"] == acme.user("Bob").id)
    await slack.wait_until_settled()
    assert len(slack.calls(PUBLISHING)) == 2


async def test_it_is_acknowledged_before_it_is_filled(slack, process, ann):
    slack.faults.add(Fault(match=PUBLISHING, kind="delay", seconds=1))
    await process()
    delivery = await ann.opens_app(tab="home")
    await slack.wait_until_acked(delivery)
    assert slack.calls(PUBLISHING) == []
    await slack.wait_for_call(PUBLISHING)


async def test_a_tab_that_cannot_be_filled_is_no_harm(slack, acme, process, desk, sink, ann, general):
    desk.page = None
    await process()
    await ann.opens_app(tab="home")
    await ann.says(general, f"{acme.bot.mention} hello")
    await sink.wait_for(1)
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_a_memory_is_forgotten_at_ones_own_wish(slack, process, desk, key, ann):
    desk.fill(key)
    await process()
    await ann.opens_app(tab="home")
    await slack.wait_for_call(PUBLISHING)
    desk.fill(key, memos=())
    pressed = await ann.presses_home("Forget")
    await slack.wait_until_acked(pressed.delivery)
    await slack.wait_for_call(PUBLISHING, lambda call: "likes tea" not in str(call.args))
    assert desk.forgotten == [(key, "m1")]
    assert "likes tea" not in str(slack.calls(PUBLISHING)[-1].args["view"])


def test_a_full_page_is_within_slacks_limits():
    page = HomePage(
        sessions=tuple(HomeSession(session_id=f"slack:T1:C1:{n}.1", name="n" * 300, updated_at=1.0) for n in range(10)),
        memos=tuple(HomeMemo(memo_id=f"m{n}", text="x" * 2_000) for n in range(20)),
        has_memory=True,
        description="d" * 5_000,
    )
    blocks = home_view(page, bot_name="keeper")["blocks"]
    assert len(blocks) <= 100
    for block in blocks:
        check_blocks([block])


def test_titles_say_nothing_but_what_they_say():
    title = "<!channel> <https://evil.example|here> a|b & more"
    page = HomePage(sessions=(HomeSession(session_id="slack:T1:D1", name=title, updated_at=0.0),))
    shown = str(home_view(page, bot_name="keeper")["blocks"])
    assert "&lt;!channel&gt; &lt;https://evil.example¦here&gt; a¦b &amp; more>" in shown


def test_sessions_of_programs_are_shown_without_a_link():
    page = HomePage(sessions=(HomeSession(session_id="my session", name="Mine", updated_at=0.0),))
    assert "'text': 'Mine'" in str(home_view(page, bot_name="keeper"))
