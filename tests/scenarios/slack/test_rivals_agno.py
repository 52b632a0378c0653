"""What breaks in Slack interfaces of agent frameworks: memory in threads, order, limits, refusals."""

import asyncio

import pytest
from steps import LONG, ONE_STORE, labels, ours

from threadkeep import Approval, tool
from threadkeep.runs import RunStatus
from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer

pytestmark = ONE_STORE

NO_STREAMS = Fault(match="chat.startStream", kind="status", status=200, body={"ok": False, "error": "not_allowed"})
LONG_TEXT = " ".join(f"word{number}" for number in range(1_900))


async def test_a_second_person_in_a_thread_is_remembered_like_the_first(town, running, ask, ann, bob):
    async with running("slack", num_history_runs=10):
        root = await ask("alice 1")
        for number, (person, text) in enumerate([(bob, "bob 1"), (ann, "alice 2"), (bob, "bob 2"), (ann, "alice 3")]):
            await root.thread.wait_for(lambda seen, count=2 * number + 2: len(seen) == count, timeout=LONG)
            await person.replies(root, text)
        await root.thread.wait_for(lambda seen: len(seen) == 10 and seen[-1].is_ours, timeout=LONG)
    told = "\n".join(town.said(4))
    places = [told.index(text) for text in ("alice 1", "bob 1", "alice 2", "bob 2", "alice 3")]
    assert places == sorted(places)
    assert 'from="Bob"' in told


async def test_messages_in_quick_succession_are_answered_in_order_and_never_at_once(town, running, ask, ann, runs_of):
    town.openai.answers(*(Answer(text=f"Answer {number}.", first_delay=0.3) for number in range(3)))
    async with running("slack", num_history_runs=10):
        root = await ask("part 0")
        await ann.replies(root, "part 1")
        await ann.replies(root, "part 2")
        await root.thread.wait_for_reply(contains="Answer 1.", timeout=LONG)
        await ann.replies(root, "part 3")
        await root.thread.wait_for_reply(contains="Answer 2.", timeout=LONG)
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{root.ts}", 3)
    told = "\n".join(town.said(2))
    places = [told.index(f"part {number}") for number in range(4)]
    assert places == sorted(places)
    begun = [run.created_at for run in found.runs]
    assert begun == sorted(begun)
    assert len(town.openai.requests) == 3


async def test_a_thread_reply_without_a_mention_is_answered_and_remembered(town, running, ask, ann):
    async with running("slack"):
        root = await ask("hello")
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, "and a follow-up")
        await root.thread.wait_for(lambda seen: len(seen) == 4, timeout=LONG)
        await ann.replies(root, "what did I just say?")
        await root.thread.wait_for(lambda seen: len(seen) == 6, timeout=LONG)
    assert "and a follow-up" in "\n".join(town.said(2))


async def test_started_in_an_existing_thread_it_has_read_the_thread(town, running, ann, bob):
    root = await ann.says(town.general, "the build is broken")
    await bob.replies(root, "since commit abc")
    async with running("slack"):
        await ann.replies(root, f"{town.acme.bot.mention} since when?")
        await root.thread.wait_for_reply(timeout=LONG)
    told = "\n".join(town.said(0))
    assert told.index("the build is broken") < told.index("since commit abc") < told.index("since when?")


async def test_direct_messages_continue_one_conversation(town, running, ann):
    async with running("slack"):
        await ann.dm("My name is Ann.")
        await ann.direct.wait_for_reply(timeout=LONG)
        await ann.dm("What is my name?")
        await ann.direct.wait_for_reply(contains="Your name is Ann", timeout=LONG)


async def test_a_group_message_is_heard_and_a_broadcast_reply_in_a_direct_message_is_too(town, running, ann, bob):
    group = town.acme.group(ann, bob)
    async with running("slack"):
        await bob.says(group, "I like tulips")
        await ann.says(group, f"{town.acme.bot.mention} what does Bob like?")
        await group.wait_for_reply(timeout=LONG)
        first = await ann.dm("hello")
        await ann.direct.wait_for_reply(timeout=LONG)
        await ann.replies(first, "in the thread and outside", is_broadcast=True)
        await first.thread.wait_for_reply(timeout=LONG)
    assert "I like tulips" in "\n".join(town.said(0))
    assert "in the thread and outside" in "\n".join(town.said(2))


async def test_an_event_that_comes_to_two_replicas_or_again_after_a_restart_is_answered_once(town, replica, ask):
    async with replica(), replica():
        root = await ask("hello")
        await root.thread.wait_for_reply(timeout=LONG)
        for delivery in root.deliveries * 2:
            await town.slack.wait_until_acked(town.slack.redeliver(delivery))
    async with replica():
        for delivery in root.deliveries:
            await town.slack.wait_until_acked(town.slack.redeliver(delivery))
            again = delivery.payload | {"event_id": f"{delivery.payload['event_id']}X"}
            await town.slack.wait_until_acked(town.slack.deliver_payload(again))
    assert len(ours(root.thread)) == 1
    assert len(town.openai.requests) == 1


async def test_only_who_may_approve_approves_and_a_double_click_runs_the_tool_once(town, running, ann, bob):
    deployed = []

    @tool(requires_approval=Approval(by=(f"slack:{town.acme.id}:{bob.id}",)))
    async def deploy(environment: str) -> str:
        """Deploy.

        Args:
            environment: Where.
        """
        deployed.append(environment)
        return f"deployed to {environment}"

    async with running("slack", tools=[deploy]):
        root = await ann.says(town.general, f'{town.acme.bot.mention} Use the tool deploy environment="prod"')
        seen = await root.thread.wait_for(lambda found: labels(found[-1]) == ["Approve", "Deny"], timeout=LONG)
        presses = [await person.clicks(seen[-1], "Approve") for person in (ann, bob, bob)]
        await root.thread.wait_for_reply(contains="deployed to prod", timeout=LONG)
        await town.slack.wait_until_settled(*(press.delivery for press in presses))
    assert deployed == ["prod"]


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream", "chat.postMessage", "chat.appendStream"])
async def test_a_request_to_wait_costs_no_answer(town, running, ask, method):
    town.slack.faults.add(Fault(match=method, kind="status", status=429, retry_after=1))
    town.openai.answers(Answer(text="The whole answer. " * 30, delay=0.01))
    async with running("slack"):
        if method == "chat.postMessage":
            town.slack.faults.add(NO_STREAMS)
        place = (await ask()).thread
        await place.wait_for(
            lambda seen: not seen[-1].is_streaming and seen[-1].text.count("The whole answer.") == 30, timeout=LONG
        )
    assert len(ours(place)) == 1


@pytest.mark.parametrize("error", ["method_not_supported_for_channel_type", "missing_recipient_user_id"])
async def test_a_refused_stream_falls_back_to_a_message(town, running, ask, error):
    body = {"ok": False, "error": error}
    town.slack.faults.add(Fault(match="chat.startStream", kind="status", status=200, body=body, times=20))
    town.openai.answers(Answer(text="The answer in spite of it."))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for_reply(contains="The answer in spite of it.", timeout=LONG)
    assert len(ours(root.thread)) == 1


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_text_that_comes_in_one_long_piece_arrives_whole(town, replica, ask, streamed):
    assert len(LONG_TEXT) > 13_000
    town.openai.answers(Answer(chunks=(LONG_TEXT,)))
    bot = replica()
    bot.stream = streamed
    async with bot:
        root = await ask()
        await root.thread.wait_for(lambda seen: seen[-1].text.endswith("word1899"), timeout=LONG)
    assert " ".join(" ".join(ours(root.thread)).split()) == LONG_TEXT
    assert all(len(text) <= 12_000 for text in ours(root.thread))


@pytest.mark.parametrize("streamed", [True, False])
async def test_markdown_is_sent_as_markdown_and_pings_nobody(town, replica, ask, bob, streamed):
    town.openai.answers(Answer(text=f"# H\n**bold** [x](https://example.org) <!channel> <@{bob.id}> a < b & c"))
    bot = replica()
    bot.stream = streamed
    async with bot:
        root = await ask()
        answer = await root.thread.wait_for_reply(contains="a < b & c", timeout=LONG)
    assert "**bold** [x](https://example.org)" in answer.text
    assert answer.pings == ()


async def test_a_long_answer_is_cut_at_words_with_its_code_fences_whole(town, running, ask):
    code = "```python\n" + "\n".join(f"value_{number} = {number}" for number in range(1_200)) + "\n```"
    town.openai.answers(Answer(text=code, chunk_size=500))
    async with running("slack"):
        root = await ask()
        await root.thread.wait_for(lambda seen: "value_1199 = 1199" in seen[-1].text, timeout=LONG)
        await root.thread.wait_for(lambda seen: not seen[-1].is_streaming, timeout=LONG)
    parts = ours(root.thread)
    assert len(parts) > 1
    assert all(text.count("```") == 2 and len(text) <= 12_000 for text in parts)
    lines = [line for text in parts for line in text.splitlines() if line.startswith("value_")]
    assert lines == code.splitlines()[1:-1]


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_providers_error_is_not_shown_and_the_question_is_kept(town, replica, ann, runs_of, streamed):
    secret = "key sk-123 of org-9 exceeded its quota"
    town.openai.answers(Answer(status=400, error_message=secret))
    bot = replica()
    bot.stream = streamed
    async with bot:
        await ann.dm("remember tulip")
        seen = await ann.direct.wait_for_reply(contains="reference", timeout=LONG)
    assert "sk-123" not in seen.text
    found = await bot.store.__aenter__()
    try:
        transcript = await found.history.load(f"slack:{town.acme.id}:{ann.direct.id}", runs=1)
    finally:
        await found.__aexit__(None, None, None)
    (run,) = transcript.runs
    assert run.status is RunStatus.FAILED
    assert run.messages[0].content == "remember tulip"
    assert secret not in (run.content or "")


async def test_a_file_that_slack_answers_with_its_login_page_is_no_image_and_that_is_said(town, running, ann):
    town.acme.team.scopes.discard("files:read")
    file = town.acme.file("cat.png", b"\x89PNG", mimetype="image/png", owner=ann)
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} what is this?", files=[file])
        await root.thread.wait_for_reply(contains="cat.png", timeout=LONG)
    assert "image_url" not in str(town.openai.messages(0))


async def test_what_people_write_is_never_taken_for_a_template(town, running, ann):
    text = "{action_token} {api_key} ${HOME} $$5 %s {0}"
    async with running("slack"):
        await ann.dm(text)
        await ann.direct.wait_for_reply(timeout=LONG)
    assert town.said(0)[-1] == text


async def test_a_stop_between_two_processes_loses_nothing(town, replica, ann):
    release = asyncio.Event()
    town.openai.answers(Answer(text="never shown", hold_after=0, release=release))
    first = replica()
    first.grace_seconds = 0.1
    async with first:
        await ann.dm("one")
        await town.openai.wait_for_requests(1)
        await ann.dm("two")
        await town.slack.wait_until_settled()
    release.set()
    town.openai.answers(Answer(text="Both answered."), Answer(text="Both answered."))
    async with replica():
        await ann.direct.wait_for_reply(contains="Both answered.", timeout=LONG)
    assert "two" in "\n".join(town.said(-1))


async def test_a_session_names_its_workspace_and_a_stop_works_from_slack(town, running, ask, ann, runs_of):
    release = asyncio.Event()
    town.openai.answers(Answer(text="one two three four five", hold_after=3, release=release))
    async with running("slack"):
        root = await ask("count")
        await root.thread.wait_for(lambda seen: "two" in seen[-1].text, timeout=LONG)
        await ann.replies(root, "!stop")
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{root.ts}", 1)
        release.set()
    assert found.runs[0].status is RunStatus.CANCELLED
    assert found.session.session_id.split(":")[1] == town.acme.id


async def test_a_conversation_that_waits_holds_up_no_other(town, running, ann, bob):
    release = asyncio.Event()
    town.openai.answers(Answer(text="late", hold_after=0, release=release), when=lambda seen: "slow" in str(seen))
    async with running("slack"):
        await ann.dm("a slow question")
        await town.openai.wait_for_requests(1)
        await bob.dm("What is the speed of light?")
        await bob.direct.wait_for_reply(contains="299,792,458", timeout=LONG)
        release.set()
        await ann.direct.wait_for_reply(contains="late", timeout=LONG)


async def test_a_turn_makes_no_calls_that_change_nothing(town, running, ask, ann):
    async with running("slack"):
        root = await ask("My name is Ann.")
        await root.thread.wait_for_reply(timeout=LONG)
        await ann.replies(root, "What is my name?")
        await root.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
    made = [call.method for call in town.slack.calls()]
    for method in ("auth.test", "conversations.info", "users.info", "apps.connections.open"):
        assert made.count(method) <= 1, made
    assert made.count("agents.sessions.rename") + made.count("assistant.threads.setTitle") <= 1
    assert made.count("conversations.replies") == 0
