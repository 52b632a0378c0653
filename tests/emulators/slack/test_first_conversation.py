"""The whole way once: a person asks in a channel, a Bolt app answers in the thread."""

from slack_bolt.async_app import AsyncSay


async def test_bolt_app_answers_a_mention_in_its_thread(slack, acme, ann, general, make_bolt, connect):
    app = make_bolt()

    @app.event("app_mention")
    async def on_mention(event: dict, say: AsyncSay):
        await say(text=f"Hello <@{event['user']}>", thread_ts=event["ts"])

    @app.event("message")
    async def on_message():
        pass

    await connect(app)
    question = await ann.says(general, f"{acme.bot.mention} hello")
    answer = await question.thread.wait_for_reply(contains="Hello")

    assert answer.text == f"Hello {ann.mention}"
    assert answer.author == "Keeper"
    assert [seen.author for seen in question.thread.messages] == ["Ann", "Keeper"]
    assert [call.is_ok for call in slack.calls("chat.postMessage")] == [True]
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
