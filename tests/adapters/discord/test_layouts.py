"""Answers that become messages of components where they outgrow a plain one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.elements import Button
from threadkeep.errors import PlatformError
from threadkeep_discord.layouts import layout_of, words_of
from threadkeep_discord.look_back import squeezed
from threadkeep_discord.poster import DiscordPoster
from threadkeep_discord.text import utf16_length
from threadkeep_discord.wording import DIVIDER
from threadkeep_emulators.discord import Intent, MessageFlag, Settings
from threadkeep_emulators.discord.components import check_components
from threadkeep_emulators.discord.errors import ApiError, FormErrors
from threadkeep_emulators.faults import Fault

V2 = MessageFlag.IS_COMPONENTS_V2
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
LATER = 1_000.0
LONG = ("word " * 500).strip()
ELEMENTS = tuple(Button(action=f"do-{number}", label=f"Do {number}") for number in range(25))


@pytest.fixture
def settings():
    return Settings(privileged_intents=Intent.MESSAGE_CONTENT)


@pytest.fixture
async def adapter(connect, guild, general, ann):
    return await connect(long_answers="components", message_content=True)


@pytest.fixture
async def event(discord, adapter, general, ann, inbox):
    await ann.says(general, f"{discord.bot.mention} hi")
    return await inbox.next()


@pytest.fixture
def attempt(adapter, record):
    """Make the poster of an attempt that knows nothing but what was recorded."""

    def attempt(event, *, run_id="run-1", is_retry=True):
        request = record.request(event, run_id=run_id, is_retry=is_retry)
        return DiscordPoster(request, client=adapter._connected, link_previews=False)

    return attempt


def answers(discord, channel):
    return [message for message in channel.messages if message.author.id == discord.bot.id]


async def finish(adapter, record, event, text, **fields):
    reply = adapter.open_reply(record.request(event))
    try:
        await reply.finish(ReplyContent(text=text, is_final=True, **fields))
    finally:
        await reply.aclose()


class TestAnswers:
    async def test_a_short_answer_stays_plain(self, discord, adapter, general, event, record):
        await finish(adapter, record, event, "word " * 399)
        (answer,) = answers(discord, general)
        assert V2 not in answer.flags
        assert answer.content == ("word " * 399).strip()

    async def test_an_answer_that_grows_goes_on_in_the_same_message(self, discord, general, event, attempt):
        poster = attempt(event, is_retry=False)
        message_id = await poster.post(0, "word", ELEMENTS[:1])
        await poster.edit(message_id, LONG, ELEMENTS[:1])
        (answer,) = answers(discord, general)
        assert str(answer.id) == message_id
        assert V2 in answer.flags
        assert (answer.content, answer.text) == ("", LONG)
        assert list(answer.buttons.values()) == ["Do 0"]
        assert answer.reference is not None
        assert MessageFlag.SUPPRESS_EMBEDS in answer.flags

    async def test_what_is_longer_than_that_goes_on_in_the_next_message(self, discord, adapter, general, event, record):
        await finish(adapter, record, event, "word " * 1_700, elements=ELEMENTS[:2])
        first, second, third = answers(discord, general)
        assert [V2 in one.flags for one in (first, second, third)] == [True, True, False]
        assert " ".join(one.text for one in (first, second, third)).split() == ["word"] * 1_700
        assert (first.buttons, second.buttons) == ({}, {})
        assert list(third.buttons.values()) == ["Do 0", "Do 1"]

    async def test_units_are_counted_as_for_plain_messages(self, discord, adapter, general, event, record):
        await finish(adapter, record, event, "\N{GRINNING FACE}" * 2_500)
        first, second = answers(discord, general)
        assert [(utf16_length(one.text), V2 in one.flags) for one in (first, second)] == [(4_000, True), (1_000, False)]

    async def test_by_default_it_goes_on_in_messages(self, discord, connect, guild, general, ann, inbox, record):
        adapter = await connect()
        await ann.says(general, f"{discord.bot.mention} hi")
        await finish(adapter, record, await inbox.next(), LONG)
        assert [V2 in one.flags for one in answers(discord, general)] == [False, False]

    async def test_no_note_of_what_the_agent_does_turns_a_short_answer_into_components(
        self, discord, adapter, general, event, record
    ):
        reply = adapter.open_reply(record.request(event))
        near = "word " * 398
        await reply.show(ReplyContent(text=near, activity=("Using the calculator",)))
        await general.wait_for(lambda seen: len(seen) == 2)
        await reply.finish(ReplyContent(text=near, is_final=True))
        await reply.aclose()
        (answer,) = answers(discord, general)
        assert V2 not in answer.flags

    async def test_a_note_stands_under_a_long_answer(self, discord, adapter, general, event, record):
        reply = adapter.open_reply(record.request(event))
        await reply.show(ReplyContent(text=LONG, activity=("Using the calculator",)))
        await general.wait_for(lambda seen: seen[-1].text.endswith("_Using the calculator\N{HORIZONTAL ELLIPSIS}_"))
        await reply.aclose()

    async def test_nobody_is_pinged_by_components(self, discord, general, ann, event, attempt):
        poster = attempt(event, is_retry=False)
        evil = f"@everyone {ann.mention} {LONG}"
        await poster.edit(await poster.post(0, evil), f"{evil} @here")
        assert [ping for ping in discord.pings if ping.author.id == discord.bot.id] == []
        assert answers(discord, general)[0].mentions == ()

    async def test_what_discord_refuses_for_another_reason_is_told(self, discord, general, event, attempt):
        poster = attempt(event, is_retry=False)
        message_id = await poster.post(0, "Hello")
        refusal = {"message": "Invalid Form Body", "code": 50035, "errors": {}}
        discord.faults.add(Fault(match=EDIT, kind="status", status=400, body=refusal, times=2))
        with pytest.raises(PlatformError, match="50035"):
            await poster.edit(message_id, "Hello again")
        assert V2 not in answers(discord, general)[0].flags


class TestLaterAttempts:
    async def test_a_message_of_components_shows_a_shorter_answer(self, discord, general, event, attempt, record):
        record.posted[0] = await attempt(event, is_retry=False).post(0, LONG, ELEMENTS[:1])
        later = attempt(event)
        await later.edit(record.posted[0], "Short.", ELEMENTS[1:2])
        await later.edit(record.posted[0], "Shorter.")
        (answer,) = answers(discord, general)
        assert (V2 in answer.flags, answer.text, answer.buttons) == (True, "Shorter.", {})
        # It is tried as a plain message once only.
        assert len(discord.calls.of(EDIT)) == 3

    async def test_the_nonce_gives_the_plain_message_which_becomes_one_of_components(
        self, discord, general, event, attempt
    ):
        first = await attempt(event, is_retry=False).post(0, "word")
        assert await attempt(event, is_retry=False).post(0, LONG) == first
        assert [one.text for one in answers(discord, general)] == [LONG]

    @pytest.mark.parametrize(("shown", "now"), [(LONG, f"{LONG} more"), (LONG, "Other words"), ("word", LONG)])
    async def test_a_reply_is_found_again_and_edited(self, discord, general, event, attempt, clock, shown, now):
        first = await attempt(event, is_retry=False).post(0, shown)
        clock.skip(LATER)
        assert await attempt(event).post(0, now) == first
        assert [squeezed(one.text) for one in answers(discord, general)] == [squeezed(now)]

    async def test_what_is_there_already_is_not_edited(self, discord, general, event, attempt, clock):
        text = f"One{' one' * 300}\n\n{DIVIDER}\n\nTwo{' two' * 300}"
        first = await attempt(event, is_retry=False).post(0, text, ELEMENTS[:3])
        clock.skip(LATER)
        assert await attempt(event).post(0, text, ELEMENTS[:3]) == first
        assert discord.calls.of(EDIT) == []

    @pytest.mark.parametrize("shown", [LONG, f"One.\n{DIVIDER}\n{LONG}", f"{LONG}\n\n_Reading\N{HORIZONTAL ELLIPSIS}_"])
    async def test_a_direct_answer_is_known_by_its_words(self, discord, ann, inbox, adapter, attempt, clock, shown):
        await ann.dm("hi")
        event = await inbox.next()
        first = await attempt(event, is_retry=False).post(0, shown)
        clock.skip(LATER)
        now = LONG if "Reading" in shown else f"{shown} and more"
        assert await attempt(event).post(0, now) == first
        assert len(answers(discord, ann.dm_channel)) == 1

    async def test_a_process_with_another_setting_goes_on_with_the_message(
        self, discord, connect, adapter, general, event, record
    ):
        await finish(adapter, record, event, LONG)
        other = await connect(None, long_answers="messages")
        await finish(other, record, event, f"Other {LONG}")
        first, second = answers(discord, general)
        assert str(first.id) == record.posted[0]
        assert (V2 in first.flags, V2 in second.flags) == (True, False)
        assert f"{first.text} {second.text}".split() == f"Other {LONG}".split()


class TestLayouts:
    def test_separators_stand_for_horizontal_rules(self):
        parts = layout_of(f"One.\n\n{DIVIDER}\n\nTwo.\n{DIVIDER}\nThree.", ELEMENTS[:2])
        assert [part["type"] for part in parts] == [10, 14, 10, 14, 10, 1]
        assert [part["content"] for part in parts if part["type"] == 10] == ["One.", "Two.", "Three."]

    @pytest.mark.parametrize(
        "text",
        [f"{DIVIDER}\nOne.", f"One.\n{DIVIDER}", f"```\nOne.\n{DIVIDER}\nTwo.\n```", f"> One.\n> {DIVIDER}\n> Two."],
    )
    def test_a_rule_at_an_edge_in_code_or_in_a_quote_stays_text(self, text):
        assert layout_of(text, ()) == [{"type": 10, "content": text}]

    def test_a_rule_behind_code_is_a_separator(self):
        text = f"```py\n{DIVIDER}\n```\nOne ```x``` two.\n{DIVIDER}\nThree."
        assert [part["type"] for part in layout_of(text, ())] == [10, 14, 10]

    @pytest.mark.parametrize("elements", [(), ELEMENTS])
    def test_there_are_no_more_parts_than_discord_takes(self, elements):
        text = f"\n{DIVIDER}\n".join(["x"] * 100)
        parts = layout_of(text, elements)
        errors = FormErrors()
        check_components(parts, V2, errors)
        errors.raise_if_any()
        assert words_of({"components": parts}) == text
        assert sum(part["type"] == 14 for part in parts) == (4 if elements else 19)

    @given(
        st.lists(st.sampled_from(["word ", "\N{GRINNING FACE}", "\n", f"\n{DIVIDER}\n", "```\n", "> ", " "])),
        st.integers(0, 25),
    )
    def test_whatever_is_laid_out_is_taken_and_reads_the_same(self, pieces, count):
        text = "".join(pieces).strip()
        if not text or utf16_length(text) > 4_000:
            return
        parts = layout_of(text, ELEMENTS[:count])
        errors = FormErrors()
        check_components(parts, V2, errors)
        try:
            errors.raise_if_any()
        except ApiError as error:
            raise AssertionError(error.errors) from error
        assert squeezed(words_of({"components": parts})) == squeezed(text)
