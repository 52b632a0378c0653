"""Messages of a reply: posted once, edited in place, pinging nobody; refusals in the core's words."""

from dataclasses import replace

import pytest

from threadkeep.chat.adapter import ReplyRequest
from threadkeep.chat.events import Place, PlaceKind
from threadkeep.errors import (
    PlaceGoneError,
    PlatformAuthError,
    PlatformError,
    PlatformRateLimitError,
    PlatformUnavailableError,
)
from threadkeep.sessions import SessionKey
from threadkeep_emulators.faults import Fault
from threadkeep_slack.limits import EDITS_PER_MINUTE
from threadkeep_slack.replies.pacing import Pacing
from threadkeep_slack.replies.poster import SlackPoster
from threadkeep_slack.web_api import new_client, new_session

BREAK = "\u200b"


@pytest.fixture
async def client(socket_settings):
    async with new_session() as session:
        yield new_client(socket_settings(), session)


@pytest.fixture
async def question(acme):
    return await acme.user("Ann").says(acme.channel("general"), f"{acme.bot.mention} hello")


@pytest.fixture
def request_of(acme):
    async def on_posted(part, message):
        pass

    def make(message, *, is_threaded=True, **changes):
        thread = message.ts if is_threaded else None
        session = SessionKey(platform="slack", workspace=acme.id, channel=message.channel_id, thread=thread)
        place = Place(session=session, kind=PlaceKind.THREAD, reply_to=message.ts)
        request = ReplyRequest(place=place, run_id="run1", posted={}, on_posted=on_posted)
        return replace(request, **changes)

    return make


@pytest.fixture
def poster_for(acme, client):
    pacing = Pacing()

    def make(request, pace=pacing):
        return SlackPoster(request, client=client, pacing=pace, bot_user=acme.bot.bot.user_id)

    return make


@pytest.fixture
def poster(poster_for, request_of, question):
    return poster_for(request_of(question))


def ours(place):
    return [message for message in place.messages if message.is_ours]


async def test_a_part_is_posted_as_markdown_into_the_thread(slack, question, poster):
    ts = await poster.post(0, "**Hello** [you](https://example.org)")
    (message,) = ours(question.thread)
    assert (message.ts, message.text) == (ts, "**Hello** [you](https://example.org)")
    assert message.metadata == {"event_type": "threadkeep_reply", "event_payload": {"run": "run1", "part": 0}}
    (call,) = slack.calls("chat.postMessage")
    assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)
    assert "text" not in call.args


async def test_a_part_can_be_edited_and_removed(question, poster):
    ts = await poster.post(0, "one")
    await poster.edit(ts, "two")
    (message,) = ours(question.thread)
    assert message.text == "two"
    assert message.metadata["event_payload"] == {"run": "run1", "part": 0}
    await poster.remove(ts)
    assert ours(question.thread) == []
    await poster.remove(ts)


async def test_a_direct_message_is_answered_in_place(acme, poster_for, request_of):
    ann = acme.user("Ann")
    question = await ann.dm("hello")
    await poster_for(request_of(question, is_threaded=False)).post(0, "hello yourself")
    (message,) = ours(ann.direct)
    assert message.thread_ts is None


async def test_nothing_pings(slack, poster):
    text = "<!channel> <@U012> <!subteam^S1> @here `<!here>` https://example.org/@here"
    ts = await poster.post(0, text)
    await poster.edit(ts, text)
    for call in (*slack.calls("chat.postMessage"), *slack.calls("chat.update")):
        sent = call.args["markdown_text"]
        assert sent.replace(BREAK, "") == text
        assert "<!" not in sent
        assert "<@" not in sent
        assert " @here" not in sent
        assert "https://example.org/@here" in sent


async def test_slack_sdk_never_posts_twice_by_itself(slack, question, poster):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    with pytest.raises(PlatformUnavailableError):
        await poster.post(0, "hello")
    assert len(slack.calls("chat.postMessage")) == 1
    assert len(ours(question.thread)) == 1


async def test_a_post_of_unknown_outcome_is_looked_for_and_not_repeated(slack, question, poster):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_after"))
    with pytest.raises(PlatformUnavailableError):
        await poster.post(0, "hello")
    ts = await poster.post(0, "hello, with more")
    (message,) = ours(question.thread)
    assert (message.ts, message.text) == (ts, "hello, with more")


async def test_a_post_that_did_not_happen_is_made(slack, question, poster):
    slack.faults.add(Fault(match="chat.postMessage", kind="drop_before"))
    with pytest.raises(PlatformUnavailableError):
        await poster.post(0, "hello")
    await poster.post(0, "hello")
    assert [message.text for message in ours(question.thread)] == ["hello"]


@pytest.mark.parametrize("is_threaded", [True, False])
async def test_a_retried_run_finds_what_an_earlier_process_posted(
    slack, acme, question, poster_for, request_of, is_threaded
):
    first = await poster_for(request_of(question, is_threaded=is_threaded)).post(0, "begun")
    retried = poster_for(request_of(question, is_threaded=is_threaded, is_retry=True))
    assert await retried.post(0, "begun and done") == first
    await retried.post(1, "more")
    place = question.thread if is_threaded else acme.channel("general")
    assert [message.text for message in ours(place)] == ["begun and done", "more"]


async def test_a_retried_run_does_not_take_messages_of_others_for_its_own(acme, question, poster_for, request_of):
    await poster_for(request_of(question, run_id="run0")).post(0, "another run")
    await poster_for(request_of(question)).post(1, "another part")
    await poster_for(request_of(question, is_retry=True)).post(0, "this part")
    assert [message.text for message in ours(question.thread)] == ["another run", "another part", "this part"]


async def test_a_retried_run_edits_what_is_recorded_without_looking(slack, question, poster_for, request_of):
    first = await poster_for(request_of(question)).post(0, "begun")
    retried = poster_for(request_of(question, posted={0: first}, is_retry=True))
    await retried.edit(first, "done")
    assert [message.text for message in ours(question.thread)] == ["done"]
    assert not slack.calls("conversations.replies")


async def test_without_the_scope_to_look_back_the_part_is_posted(slack, acme, question, poster_for, request_of):
    acme.team.scopes.discard("channels:history")
    await poster_for(request_of(question, is_retry=True)).post(0, "hello")
    assert [message.text for message in ours(question.thread)] == ["hello"]


async def test_looking_back_reads_beyond_one_page(monkeypatch, acme, question, poster_for, request_of):
    monkeypatch.setattr("threadkeep_slack.replies.look_back.LOOK_BACK_PAGE", 2)
    for number in range(3):
        await acme.user("Bob").replies(question, f"talk {number}")
    first = await poster_for(request_of(question)).post(0, "begun")
    assert await poster_for(request_of(question, is_retry=True)).post(0, "done") == first


@pytest.mark.parametrize("retry_after", [7.0, None])
async def test_being_asked_to_wait_says_how_long(slack, poster, retry_after):
    slack.faults.add(Fault(match="chat.postMessage", kind="status", status=429, retry_after=retry_after))
    with pytest.raises(PlatformRateLimitError) as refused:
        await poster.post(0, "hello")
    assert refused.value.retry_after == pytest.approx(retry_after or 10.0)


async def test_when_slack_asks_one_reply_to_wait_the_others_wait_too(slack, question, poster, poster_for, request_of):
    first = await poster.post(0, "one")
    slack.faults.add(Fault(match="chat.update", kind="status", status=429, retry_after=30))
    with pytest.raises(PlatformRateLimitError):
        await poster.edit(first, "two")
    other = poster_for(request_of(question, run_id="run2"))
    with pytest.raises(PlatformRateLimitError):
        await other.edit(first, "three")
    assert len(slack.calls("chat.update")) == 1


async def test_edits_beyond_the_workspaces_share_are_not_sent(slack, poster):
    ts = await poster.post(0, "text")
    for number in range(EDITS_PER_MINUTE):
        await poster.edit(ts, f"text {number}")
    with pytest.raises(PlatformRateLimitError):
        await poster.edit(ts, "one too many")
    assert len(slack.calls("chat.update")) == EDITS_PER_MINUTE


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(match="chat.postMessage", kind="status", status=500), PlatformUnavailableError),
        (Fault(match="chat.postMessage", kind="status", status=503, body={}), PlatformUnavailableError),
        (Fault(match="chat.postMessage", kind="drop_before"), PlatformUnavailableError),
    ],
)
async def test_a_failing_slack_is_unavailable(slack, poster, fault, error):
    slack.faults.add(fault)
    with pytest.raises(error):
        await poster.post(0, "hello")


async def test_a_slow_slack_is_unavailable(monkeypatch, slack, socket_settings, acme, question, request_of):
    monkeypatch.setattr("threadkeep_slack.web_api.WEB_API_SECONDS", 0.1)
    slack.faults.add(Fault(match="chat.postMessage", kind="delay", seconds=1))
    async with new_session() as session:
        client = new_client(socket_settings(), session)
        slow = SlackPoster(request_of(question), client=client, pacing=Pacing(), bot_user=acme.bot.bot.user_id)
        with pytest.raises(PlatformUnavailableError, match="in time"):
            await slow.post(0, "hello")


async def test_a_place_that_is_gone_is_said_to_be_gone(acme, question, poster, poster_for, request_of):
    ts = await poster.post(0, "hello")
    with pytest.raises(PlaceGoneError):
        await poster.edit("1.000001", "no such message")
    acme.channel("general").record.is_archived = True
    with pytest.raises(PlaceGoneError):
        await poster.post(1, "too late")
    with pytest.raises(PlaceGoneError):
        await poster.edit(ts, "too late")


async def test_a_channel_without_the_bot_is_closed(acme, poster_for, request_of):
    private = acme.channel("secret", is_private=True, has_bot=False)
    message = await acme.user("Ann").says(private, "hello")
    with pytest.raises(PlaceGoneError):
        await poster_for(request_of(message)).post(0, "hello")


async def test_a_missing_scope_is_named(acme, poster):
    acme.team.scopes.discard("chat:write")
    with pytest.raises(PlatformAuthError, match=r"add chat:write under OAuth & Permissions"):
        await poster.post(0, "hello")


async def test_a_revoked_token_is_said_to_be_so(acme, poster):
    acme.team.is_token_revoked = True
    with pytest.raises(PlatformAuthError, match="token_revoked"):
        await poster.post(0, "hello")


async def test_any_other_refusal_is_final(poster):
    with pytest.raises(PlatformError, match=r"too_long") as refused:
        await poster.post(0, "x" * 12_001)
    assert type(refused.value) is PlatformError


async def test_calls_share_one_connection(slack, client, poster):
    ts = await poster.post(0, "one")
    await poster.edit(ts, "two")
    assert client.session is not None
    assert not client.session.closed
    assert len(client.session.connector._conns) == 1
