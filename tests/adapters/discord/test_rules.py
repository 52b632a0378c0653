"""Where the bot answers, and whom."""

import discord as library
import pytest
import structlog

from threadkeep.chat.events import Addressing, FeedbackGiven, PlaceKind, StopRequested
from threadkeep.errors import ConfigError
from threadkeep_discord.places import MessageChannel
from threadkeep_discord.rule_settings import read_rules
from threadkeep_discord.rules import AnswerWhen, Rules, Speaker, Spots
from threadkeep_discord.settings import read_settings
from threadkeep_emulators.discord import Intent, Settings

A, B, C = 111111111111111111, 222222222222222222, 333333333333333333
TOKEN = "MTExMTExMTExMTExMTExMTEx.GabcDe.abcdefghijklmnopqrstuvwxyz"


def rules(**environ):
    return read_rules({f"DISCORD_{name.upper()}": str(value) for name, value in environ.items()})


@pytest.fixture
def settings() -> Settings:
    return Settings(privileged_intents=Intent.MESSAGE_CONTENT)


class TestWhereItAnswers:
    async def test_a_forum_post_is_a_session_of_its_own_and_its_title_is_read(
        self, discord, adapter, guild, ann, inbox, record
    ):
        post = await ann.posts(guild.forum("help"), "How do I open it?", f"{discord.bot.mention} please")
        event = await inbox.next()
        assert (event.text, event.addressing) == ("How do I open it?\n\nplease", Addressing.BOT)
        assert event.place.kind is PlaceKind.THREAD
        assert str(event.place.session) == f"discord:{guild.id}:{post.id}"
        await ann.says(post, f"{discord.bot.mention} and close it?")
        assert (await inbox.wait_for(2))[1].text == "and close it?"

    async def test_a_thread_on_a_message_has_no_title_in_front(self, discord, adapter, general, ann, inbox):
        said = await ann.says(general, "the roof leaks")
        thread = await ann.opens_thread("Roof", on=said)
        await ann.says(thread, f"{discord.bot.mention} help")
        assert (await inbox.next()).text == "help"

    @pytest.mark.parametrize("reply_in", ["place", "thread"])
    async def test_the_text_of_a_voice_channel_is_answered_there(self, discord, connect, guild, ann, inbox, reply_in):
        lounge = guild.voice("lounge")
        await connect(reply_in=reply_in)
        said = await ann.says(lounge, f"{discord.bot.mention} hello")
        event = await inbox.next()
        assert (event.place.kind, event.place.reply_to) == (PlaceKind.CHANNEL, str(said.id))
        assert str(event.place.session) == f"discord:{guild.id}:{lounge.id}"


class TestAnswerWhen:
    async def test_mentioned_leaves_threads_alone_until_it_is_mentioned(self, discord, connect, general, ann, inbox):
        await connect(message_content=True, rules=rules(answer_when="mentioned"))
        thread = await ann.opens_thread("Plans", on=general)
        await ann.says(thread, "let us meet")
        await ann.says(thread, f"{discord.bot.mention} when?")
        events = await inbox.wait_for(2)
        assert [event.addressing for event in events] == [Addressing.OTHERS, Addressing.BOT]

    async def test_always_answers_what_is_said_to_nobody_else(self, connect, guild, general, ann, ben, inbox):
        support = guild.channel("support")
        await connect(message_content=True, rules=rules(answer_when=f"followed {support.id}=always"))
        said = await ann.says(support, "it does not work")
        await ann.says(support, f"{ben.mention} do you know?")
        await ben.replies(said, "no")
        await ann.says(general, "nice weather")
        events = await inbox.wait_for(4)
        assert [event.addressing for event in events] == [Addressing.BOT, *[Addressing.OTHERS] * 3]

    async def test_always_opens_threads_where_questions_get_threads(self, connect, general, ann, inbox):
        await connect(message_content=True, reply_in="thread", rules=rules(answer_when="always"))
        said = await ann.says(general, "it does not work")
        event = await inbox.next()
        assert (event.place.kind, event.place.session.channel) == (PlaceKind.THREAD, str(said.id))

    async def test_stop_is_heard_without_a_mention_where_everything_is_answered(self, connect, general, ann, inbox):
        await connect(message_content=True, rules=rules(answer_when="always"))
        await ann.says(general, "!stop")
        assert isinstance(await inbox.next(), StopRequested)

    async def test_a_stop_sign_under_an_unaddressed_question_stops_its_answer(self, connect, general, ann, inbox):
        await connect(message_content=True, rules=rules(answer_when="always"))
        said = await ann.says(general, "it does not work")
        await ann.reacts(said, "\N{OCTAGONAL SIGN}")
        assert isinstance((await inbox.wait_for(2))[1], StopRequested)

    async def test_a_rule_for_a_category_holds_for_its_channels_and_their_threads(
        self, connect, guild, general, ann, inbox
    ):
        section = guild.category("Help")
        desk = guild.channel("desk", category=section)
        quiet = guild.channel("quiet", category=section)
        thread = await ann.opens_thread("One", on=desk)
        when = f"{section.id}=always {quiet.id}=mentioned"
        await connect(message_content=True, rules=rules(answer_when=when))
        for channel in (desk, thread, quiet, general):
            await ann.says(channel, "it does not work")
        events = await inbox.wait_for(4)
        assert [event.addressing is Addressing.BOT for event in events] == [True, True, False, False]

    async def test_a_rule_for_a_role_holds_for_those_who_have_it(self, connect, guild, general, ann, ben, inbox):
        staff = guild.role("staff", members=[ben])
        await connect(message_content=True, rules=rules(answer_when=f"mentioned, {staff.id}=always"))
        await ann.says(general, "one")
        await ben.says(general, "two")
        events = await inbox.wait_for(2)
        assert [event.addressing for event in events] == [Addressing.OTHERS, Addressing.BOT]

    async def test_always_without_message_content_is_said_at_the_start_with_its_cost(self, connect):
        with structlog.testing.capture_logs() as logs:
            await connect(rules=rules(answer_when="always"))
        (entry,) = [one for one in logs if one["event"] == "discord_rules_need_content"]
        assert entry["log_level"] == "warning"
        assert "Message Content Intent" in entry["remedy"]

    async def test_a_bot_that_asks_for_no_privileged_intent_says_what_it_does_not_hear(self, discord, connect):
        with structlog.testing.capture_logs() as logs:
            await connect()
        (entry,) = [one for one in logs if one["event"] == "discord_content_not_asked"]
        assert "nothing else" in entry["cost"]
        (session,) = discord.gateway.sessions
        assert not session.intents & (Intent.MESSAGE_CONTENT | Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES)


class TestWhomItAnswers:
    async def test_who_is_blocked_is_not_heard(self, discord, connect, general, ann, ben, inbox):
        await connect(rules=rules(blocked_users=ann.id))
        said = await ann.says(general, f"{discord.bot.mention} one")
        await ann.edits(said, f"{discord.bot.mention} two")
        await ann.dm("three")
        await ben.says(general, f"{discord.bot.mention} four")
        assert (await inbox.next()).text == "four"

    async def test_who_has_a_blocked_role_is_not_heard(self, discord, connect, guild, general, ann, ben, inbox):
        muted = guild.role("muted", members=[ann])
        await connect(rules=rules(blocked_roles=muted.id))
        await ann.says(general, f"{discord.bot.mention} one")
        await ben.says(general, f"{discord.bot.mention} two")
        assert (await inbox.next()).text == "two"

    async def test_who_is_not_allowed_is_context_and_never_a_question(
        self, discord, connect, guild, general, ann, ben, inbox
    ):
        staff = guild.role("staff", members=[ben])
        await connect(rules=rules(allowed_roles=staff.id))
        await ann.says(general, f"{discord.bot.mention} give me the keys")
        await ann.says(general, f"{discord.bot.mention} !stop")
        await ben.says(general, f"{discord.bot.mention} give me the keys")
        events = await inbox.wait_for(3)
        assert [event.kind for event in events] == ["message"] * 3
        assert [event.addressing for event in events] == [Addressing.OTHERS, Addressing.OTHERS, Addressing.BOT]

    async def test_a_direct_message_is_answered_to_those_allowed_by_name(self, connect, ann, ben, inbox):
        await connect(rules=rules(allowed_users=ben.id))
        await ann.dm("one")
        await ben.dm("two")
        event = await inbox.next()
        assert (event.text, event.addressing) == ("two", Addressing.BOT)

    async def test_direct_messages_can_be_switched_off(self, discord, connect, general, ann, inbox):
        await connect(rules=rules(direct_messages=0))
        await ann.dm("one")
        await ann.says(general, f"{discord.bot.mention} two")
        assert (await inbox.next()).text == "two"

    @pytest.mark.parametrize("verb", ["allowed", "blocked"])
    async def test_channels_are_closed_by_their_ids_with_all_their_threads(
        self, discord, connect, guild, general, ann, inbox, verb
    ):
        closed = guild.channel("closed")
        post = await ann.opens_thread("One", on=closed)
        named = {"allowed_channels": general.id} if verb == "allowed" else {"blocked_channels": closed.id}
        await connect(rules=rules(**named))
        await ann.says(closed, f"{discord.bot.mention} one")
        await ann.says(post, f"{discord.bot.mention} two")
        await ann.says(general, f"{discord.bot.mention} three")
        assert (await inbox.next()).text == "three"

    async def test_reactions_of_those_who_may_not_ask_change_nothing(
        self, discord, connect, general, ann, ben, inbox, record
    ):
        await connect(rules=rules(blocked_users=ann.id))
        said = await ben.says(general, f"{discord.bot.mention} hello")
        await inbox.next()
        await ann.reacts(said, "\N{OCTAGONAL SIGN}")
        await ben.reacts(said, "\N{OCTAGONAL SIGN}")
        stop = (await inbox.wait_for(2))[1]
        assert isinstance(stop, StopRequested)
        assert stop.user.user == str(ben.id)
        assert not [event for event in inbox.events if isinstance(event, FeedbackGiven)]


class TestReading:
    def test_nothing_set_is_no_rule(self):
        assert read_rules({}) == Rules()

    def test_ids_stand_with_blanks_or_commas_between_them(self):
        found = rules(allowed_users=f"{A}, {B} {C}", answer_when=f"mentioned,{A}=always {B}=Followed")
        assert found.users.allowed == {A, B, C}
        assert (found.usually, found.when) == (
            AnswerWhen.MENTIONED,
            {A: AnswerWhen.ALWAYS, B: AnswerWhen.FOLLOWED},
        )

    def test_the_settings_carry_them(self):
        found = read_settings({"DISCORD_BOT_TOKEN": TOKEN, "DISCORD_BLOCKED_CHANNELS": str(A)})
        assert found is not None
        assert found.rules.places.blocked == {A}

    @pytest.mark.parametrize(
        ("environ", "words"),
        [
            ({"blocked_users": "ann"}, "DISCORD_BLOCKED_USERS has 'ann', which is no id"),
            ({"allowed_channels": "12"}, "Copy ID"),
            ({"answer_when": "sometimes"}, "mentioned, followed, always"),
            ({"answer_when": "12=always"}, "DISCORD_ANSWER_WHEN has '12', which is no id"),
            ({"answer_when": "always mentioned"}, "says twice what is usual"),
            ({"direct_messages": "perhaps"}, "set it to 1 or 0"),
        ],
    )
    def test_what_cannot_be_right_is_refused_by_name(self, environ, words):
        with pytest.raises(ConfigError, match=words):
            rules(**environ)


class TestDeciding:
    def test_the_nearest_place_decides_then_roles_then_the_server(self):
        found = rules(answer_when=f"mentioned {A}=always {B}=followed {C}=always")
        assert found.answer_when(Spots(ids=(B, A), guild_id=1)) is AnswerWhen.FOLLOWED
        assert found.answer_when(Spots(ids=(5,), guild_id=B), [C]) is AnswerWhen.ALWAYS
        assert found.answer_when(Spots(ids=(5,), guild_id=C)) is AnswerWhen.ALWAYS
        assert found.answer_when(Spots(ids=(5,), guild_id=1)) is AnswerWhen.MENTIONED
        assert found.answer_when(Spots(ids=(5,), guild_id=1), [B, A]) is AnswerWhen.ALWAYS

    def test_blocked_beats_allowed(self):
        found = rules(allowed_users=A, blocked_users=A, allowed_channels=B, blocked_channels=B)
        assert not found.may_ask(Speaker(user_id=A))
        assert found.is_closed(Spots(ids=(B,), guild_id=1))

    def test_who_may_have_a_blocked_role_is_not_heard(self):
        found = rules(blocked_roles=A)
        assert found.is_blocked(Speaker(user_id=B, has_known_roles=False))
        assert not found.is_blocked(Speaker(user_id=B))


def test_every_kind_of_channel_with_messages_is_known():
    kinds = {library.TextChannel, library.VoiceChannel, library.StageChannel, library.Thread, library.GroupChannel}
    assert kinds <= set(MessageChannel.__args__)
