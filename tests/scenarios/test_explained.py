"""What ``threadkeep why`` finds by the links that people copy, after a bot answered on the platforms."""

import time

from slack_sdk.web.async_client import AsyncWebClient
from steps import LONG

from threadkeep.runtime.explaining import Inquiry
from threadkeep.runtime.story import Verdict, tell
from threadkeep.runtime.subjects import read_subject
from threadkeep_discord.links import parse_link as parse_discord_link
from threadkeep_slack.links import parse_link as parse_slack_link


async def verdict(store, link):
    subject = read_subject(link, (parse_slack_link, parse_discord_link))
    facts = await Inquiry(store, platforms=("discord", "slack"), clock=time.time).facts(subject)
    return tell(facts, now=time.time()).verdict


async def test_links_of_slack_lead_to_question_reply_and_answers(town, running, runs_of, store):
    ann = town.acme.user("Ann")
    client = AsyncWebClient(token=town.acme.bot_token, base_url=town.slack.api_url)

    async def link(said):
        answer = await client.chat_getPermalink(channel=said.channel_id, message_ts=said.ts)
        return answer["permalink"]

    async with running("slack"):
        question = await ann.says(town.general, f"{town.acme.bot.mention} My name is Ann.")
        await question.thread.wait_for_reply(contains="Ann", timeout=LONG)
        further = await ann.replies(question, "What is my name?")
        await question.thread.wait_for_reply(contains="Your name is Ann", timeout=LONG)
        direct = await ann.dm("hello")
        await ann.direct.wait_for_reply(timeout=LONG)
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{question.ts}", 2)
        await runs_of(f"slack:{town.acme.id}:{ann.direct.id}", 1)
        aside = await ann.says(town.general, "not for the bot")
        for said in (question, further, direct):
            assert await verdict(store, await link(said)) is Verdict.ANSWERED
        assert await verdict(store, await link(aside)) is Verdict.UNKNOWN
        for ours in (seen for seen in question.thread.messages if seen.is_ours):
            address = await client.chat_getPermalink(channel=town.general.id, message_ts=ours.ts)
            assert await verdict(store, address["permalink"]) is Verdict.REPLY


async def test_links_of_discord_lead_to_question_and_answer(town, running, runs_of, store):
    cleo = town.discord.user("Cleo")
    town.club.join(cleo)
    async with running("discord"):
        question = await cleo.says(town.lounge, f"{town.discord.bot.mention} hello")
        answer = await town.lounge.wait_for_reply(to=question, timeout=LONG)
        direct = await cleo.dm("hello")
        await cleo.dm_channel.wait_for_reply(to=direct, timeout=LONG)
        await runs_of(f"discord:{town.club.id}:{town.lounge.id}", 1)
        await runs_of(f"discord:@me:{cleo.dm_channel.id}", 1)
        channel = f"https://discord.com/channels/{town.club.id}/{town.lounge.id}"
        assert await verdict(store, f"{channel}/{question.id}") is Verdict.ANSWERED
        assert await verdict(store, f"{channel}/{answer.id}") is Verdict.REPLY
        assert await verdict(store, f"{channel}/1") is Verdict.UNKNOWN
        link = f"https://discord.com/channels/@me/{cleo.dm_channel.id}/{direct.id}"
        assert await verdict(store, link) is Verdict.ANSWERED
