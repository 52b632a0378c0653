"""What other bots lose, double, misplace or mix up on Slack, as their users report it."""

import asyncio
import functools
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from steps import LONG, ONE_STORE, labels, ours, refused

from threadkeep import Approval, tool
from threadkeep.chat.policy import Policy
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer
from threadkeep_slack.transport.socket_mode import SocketPace

pytestmark = ONE_STORE

BOTS = Path(__file__).parents[3] / "bots"


# Lost and doubled


async def test_the_same_timestamp_in_two_channels_is_two_messages(town, running, ann, bob):
    ts = f"{time.time():.6f}"
    async with running("slack"):
        for person in (ann, bob):
            event = {"type": "message", "channel": person.direct.id, "channel_type": "im", "user": person.id}
            town.slack.deliver(event | {"ts": ts, "text": "hello"}, workspace=town.acme)
        for person in (ann, bob):
            await person.direct.wait_for_reply(timeout=LONG)
    assert len(town.openai.requests) == 2


async def test_a_message_that_waits_behind_a_run_survives_the_end_of_the_process(town, replica, ann):
    town.openai.answers(Answer(text="never", hold_after=0))
    async with replica(bot={"policy": Policy.QUEUE, "grace_seconds": 0.05}):
        await ann.dm("message A")
        await town.openai.wait_for_requests(1)
        await ann.dm("message B")
        await town.slack.wait_until_settled()
    town.openai.answers(Answer(text="Answer A."), Answer(text="Answer B."))
    async with replica(bot={"policy": Policy.QUEUE}):
        await ann.direct.wait_for_reply(contains="Answer B.", timeout=LONG)
    assert [text for text in ours(ann.direct) if text.startswith("Answer")] == ["Answer A.", "Answer B."]


async def test_killed_in_the_middle_it_answers_what_was_accepted_once_and_in_order(town, tmp_path, ann):
    @asynccontextmanager
    async def process():
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "REDIS"))}
        environ |= {name: value for name, value in town.environ.items() if not name.startswith("DISCORD")}
        command = (sys.executable, "-m", "threadkeep", "run", str(BOTS / "assistant.py"))
        started = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environ, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await town.slack.wait_for_connections(1, timeout=LONG)
            yield
        finally:
            started.kill()
            await started.wait()
            await town.slack.wait_for_connections(0, timeout=LONG)

    town.openai.answers(Answer(text="never", hold_after=0))
    async with process():
        first = await ann.dm("message A")
        await town.openai.wait_for_requests(1, timeout=LONG)
        second = await ann.dm("message B")
        await town.slack.wait_until_settled(*first.deliveries, *second.deliveries, timeout=LONG)
    async with process():
        # As Slack does where the acknowledgement was lost: the same event, and the same message in another event.
        for delivery in (*first.deliveries, *second.deliveries):
            await town.slack.wait_until_acked(town.slack.redeliver(delivery))
            other = delivery.payload | {"event_id": f"{delivery.payload['event_id']}X"}
            await town.slack.wait_until_acked(town.slack.deliver_payload(other))
        await ann.direct.wait_for(lambda _: "message B" in "".join(ours(ann.direct)), timeout=LONG)
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert town.said(1) == ["message A", "message B"]
    assert len(ours(ann.direct)) == 2
    assert len(town.openai.requests) == 3


async def test_a_second_mention_during_the_first_run_is_answered(town, running, ask, ann):
    town.openai.answers(Answer(text="First.", first_delay=0.3), Answer(text="Second."))
    async with running("slack"):
        root = await ask("one")
        await town.openai.wait_for_requests(1)
        await ann.replies(root, f"{town.acme.bot.mention} two")
        await root.thread.wait_for_reply(contains="Second.", timeout=LONG)
    assert ours(root.thread) == ["First.", "Second."]


async def test_of_fifteen_messages_at_once_none_is_trimmed(town, running, ann):
    async with running("slack", num_history_runs=20):
        for number in range(15):
            await ann.dm(f"message-{number}.")
        await ann.direct.wait_for(lambda seen: seen[-1].is_ours, timeout=LONG)
        await ann.dm("the end")
        await town.slack.wait_until_settled()
        async with asyncio.timeout(LONG):
            while "the end" not in "\n".join(town.said(-1)):
                await town.openai.wait_for_requests(len(town.openai.requests) + 1, timeout=LONG)
    told = "\n".join(town.said(-1))
    places = [told.index(f"message-{number}.") for number in range(15)]
    assert places == sorted(places)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.startStream", "chat.appendStream", "chat.stopStream"])
async def test_a_call_whose_answer_is_lost_posts_nothing_twice(town, running, ask, ann, method):
    if method == "chat.postMessage":
        town.slack.faults.add(refused("chat.startStream", "not_allowed"))
    town.slack.faults.add(Fault(match=method, kind="drop_after"))
    town.openai.answers(Answer(text="The one answer. " * 20, delay=0.01))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for(lambda seen: "".join(ours(root.thread)).count("one answer") >= 20, timeout=LONG)
        await ann.replies(root, "What is the speed of light?")
        await root.thread.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert "".join(ours(root.thread)).count("one answer") == 20


async def test_the_reply_is_in_the_thread_and_not_in_the_channel_too(town, running, ask):
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for_reply(timeout=LONG)
    assert [seen.ts for seen in town.general.messages] == [root.ts]


@pytest.mark.parametrize("is_engaged", [False, True])
async def test_a_mention_that_slack_delivers_as_two_events_is_answered_once(town, running, ask, is_engaged):
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for_reply(timeout=LONG)
        if is_engaged:
            await ask("again", thread_ts=root.ts)
            await root.thread.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
        await town.slack.wait_until_settled()
    assert len(town.openai.requests) == 1 + is_engaged


async def test_a_slow_acknowledgement_makes_no_second_answer(town, running, ask):
    town.slack.faults.add(Fault(match="users.info", kind="delay", seconds=0.7))
    town.slack.faults.add(Fault(match="events", kind="duplicate", times=2))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for_reply(timeout=LONG)
        await town.slack.wait_until_settled(timeout=LONG)
    assert len(ours(root.thread)) == 1


async def test_after_a_restart_what_was_answered_is_not_answered_again(town, replica, ask, ann):
    async with replica():
        root = await ask()
        await root.thread.wait_for_reply(timeout=LONG)
    async with replica():
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert len(ours(root.thread)) == 1
    assert len(town.openai.requests) == 2


async def test_a_run_longer_than_the_lease_is_not_begun_a_second_time(town, replica, ask):
    town.openai.answers(Answer(text="Slow and sure.", first_delay=1.0))
    async with replica(store={"lease_seconds": 0.3}), replica(store={"lease_seconds": 0.3}):
        root = await ask()
        await root.thread.wait_for_reply(contains="Slow and sure.", timeout=LONG)
    assert len(town.openai.requests) == 1


async def test_what_is_said_while_no_process_listens_is_answered_later(town, running, ask):
    root = await ask("is anybody there?")
    async with running("slack"):
        await root.thread.wait_for_reply(timeout=LONG)


async def test_the_press_of_a_button_from_before_the_restart_works(town, replica, ask, ann):
    done = []

    @tool(requires_approval=Approval())
    async def deploy(environment: str) -> str:
        """Deploy.

        Args:
            environment: Where.
        """
        done.append(environment)
        return f"deployed to {environment}"

    async with replica(tools=[deploy]):
        root = await ask('Use the tool deploy environment="prod"')
        seen = await root.thread.wait_for(lambda found: labels(found[-1]) == ["Approve", "Deny"], timeout=LONG)
    async with replica(tools=[deploy]):
        await ann.clicks(seen[-1], "Approve")
        await root.thread.wait_for_reply(contains="deployed to prod", timeout=LONG)
    assert done == ["prod"]


async def test_a_socket_that_is_open_but_deaf_is_noticed(monkeypatch, town, running, ann):
    quick = functools.partial(SocketPace, ping_seconds=0.05, retry_seconds=0.05, steady_seconds=0.0)
    monkeypatch.setattr("threadkeep_slack.transport.socket_mode.SocketPace", quick)
    async with running("slack"):
        town.slack.sockets.freeze_all()
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)


async def test_a_renewal_of_the_socket_in_the_middle_of_a_talk_goes_unnoticed(town, running, ann):
    async with running("slack"):
        for number in range(6):
            asking = asyncio.create_task(
                town.slack.disconnect_sockets("warning" if number % 2 else "refresh_requested")
            )
            await ann.dm(f"What is {number} + 100?")
            await ann.direct.wait_for_reply(contains=str(number + 100), timeout=LONG)
            await asking
    assert len(ours(ann.direct)) == 6


# The right place, and what was said there


async def test_a_thread_and_its_root_are_one_session(town, running, ask, ann, runs_of):
    async with running("slack"):
        root = await ask("My name is Ann.")
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, "What is my name?")
        await root.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{root.ts}", 2)


async def test_a_follow_up_without_a_mention_is_answered_even_after_a_restart(town, replica, ask, ann):
    async with replica():
        root = await ask("My name is Ann.")
        await root.thread.wait_for_reply(timeout=LONG)
    async with replica():
        await ann.replies(root, "What is my name?")
        await root.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        read = len(town.slack.calls("conversations.replies"))
        await ann.replies(root, "And once more: what is my name?")
        await root.thread.wait_for(lambda _: len(ours(root.thread)) == 3, timeout=LONG)
    # Only what was missed during the restart is asked for; the thread is not read anew at each turn.
    assert len(town.slack.calls("conversations.replies")) == read <= 1


async def test_what_people_say_to_each_other_in_a_followed_thread_is_not_answered(town, running, ask, ann, bob):
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, f"{bob.mention} what do you think?")
        await ann.dm("What is the speed of light?")
        await ann.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
    assert len(ours(root.thread)) == 1


async def test_a_direct_message_is_answered_at_its_top(town, running, ann):
    async with running("slack"):
        await ann.dm("hello")
        seen = await ann.direct.wait_for_reply(timeout=LONG)
    assert seen.thread_ts is None


async def test_called_into_a_thread_it_knows_what_it_posted_there_itself(town, running, ask, ann):
    root = await town.acme.bot.says(town.general, "Good morning, the report is ready.")
    await ann.replies(root, "thanks, which report?")
    async with running("slack"):
        await ask("tell me", thread_ts=root.ts)
        await root.thread.wait_for(lambda seen: seen[-1].is_ours and len(seen) == 4, timeout=LONG)
    told = "\n".join(town.said(0))
    assert told.index("the report is ready") < told.index("which report?")


async def test_a_throttled_history_holds_no_answer_up(town, running, ask, bob):
    root = await bob.says(town.general, "the build is broken")
    town.slack.faults.add(Fault(match="conversations.replies", kind="status", status=429, retry_after=60, times=50))
    async with running("slack"):
        await ask("why?", thread_ts=root.ts)
        await root.thread.wait_for_reply(timeout=LONG)


async def test_forwarded_messages_and_what_links_show_are_read(town, running, ann, bob):
    origin = await bob.says(town.general, "we ship on Friday")
    async with running("slack"):
        await ann.forwards(origin, ann.direct, "is that right?")
        await ann.direct.wait_for_reply(timeout=LONG)
    assert "we ship on Friday" in town.said(0)[-1]


async def test_a_question_that_is_deleted_before_its_turn_is_not_answered(town, running, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="First.", hold_after=0, release=release))
    async with running("slack"):
        await ann.dm("first")
        await town.openai.wait_for_requests(1)
        secret = await ann.dm("the code is 4711")
        await ann.deletes(secret)
        await town.slack.wait_until_settled()
        release.set()
        await ann.direct.wait_for_reply(contains="First.", timeout=LONG)
        await ann.dm("anything else?")
        await ann.direct.wait_for(lambda _: len(ours(ann.direct)) == 2, timeout=LONG)
    assert not any("4711" in "\n".join(town.said(number)) for number in range(len(town.openai.requests)))


# Apart


async def test_one_persons_talk_reaches_no_other_place_and_person(town, running, ask, ann, bob):
    async with running("slack"):
        await ann.dm("My favourite colour is green.")
        await ann.direct.wait_for_reply(timeout=LONG)
        await bob.dm("What is my favourite colour?")
        await bob.direct.wait_for_reply(timeout=LONG)
        root = await ask("What is my favourite colour?")
        await root.thread.wait_for_reply(timeout=LONG)
    assert not any("green" in "\n".join(town.said(number)) for number in (1, 2))


async def test_a_command_touches_the_conversation_in_which_it_is_given_and_no_other(town, running, ann, bob):
    async with running("slack"):
        for person in (ann, bob):
            await person.dm("My favourite colour is green.")
            await person.direct.wait_for_reply(timeout=LONG)
        await ann.dm("!new")
        await ann.direct.wait_for_reply(contains="fresh conversation", timeout=LONG)
        await bob.dm("What is my favourite colour?")
        await bob.direct.wait_for_reply(contains="colour is green", timeout=LONG)


async def test_talks_at_the_same_time_do_not_mix(town, running):
    people = [town.acme.user(f"Person{number}") for number in range(8)]
    async with running("slack"):
        await asyncio.gather(*(person.dm(f"My word is {person.id}.") for person in people))
        for person in people:
            await person.direct.wait_for_reply(timeout=LONG)
    for number in range(8):
        assert sum(person.id in "\n".join(town.said(number)) for person in people) == 1
