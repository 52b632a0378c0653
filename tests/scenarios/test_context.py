"""A bot that is called into a conversation knows what was said before."""

import re


async def test_a_slack_thread_is_read_back_when_the_bot_is_called_into_it(town, running, runs_of):
    ann, bob = town.acme.user("Ann"), town.acme.user("Bob")
    root = await bob.says(town.general, "The deployment of yesterday is broken.")
    await bob.replies(root, "It says: no space left.")
    async with running("slack"):
        await ann.replies(root, f"{town.acme.bot.mention} What do you think?")
        found = await runs_of(f"slack:{town.acme.id}:{town.general.id}:{root.ts}", 1)
        await ann.replies(root, "And now?")
        await runs_of(f"slack:{town.acme.id}:{town.general.id}:{root.ts}", 2)
    said = [
        '<message from="Bob">The deployment of yesterday is broken.</message>',
        '<message from="Bob">It says: no space left.</message>',
    ]
    assert town.said(0) == [*said, '<message from="Ann">What do you think?</message>']
    kept = [re.sub(r' id="[^"]*"', "", message.content) for message in found.runs[0].messages]
    assert kept[:2] == said
    assert town.said(1)[:2] == said
    assert town.said(1)[-1] == '<message from="Ann">And now?</message>'
