"""Everything said on Slack reaches the model, and what it writes reads well and pings nobody."""

import pytest
from steps import LONG

from threadkeep_emulators.openai import Answer

MARKDOWN = """# Result
Two<br>lines with <b>bold</b>, a note[^1] and <!channel>.

| Name | Count |
|------|------:|
| Ann | 1 |

- [X] done
- [ ] open

```html
<b>code</b>
```

[^1]: The source."""

SHOWN = """# Result
Two
lines with **bold**, a note¹ and <\u200b!channel>.

| Name | Count |
|------|------:|
| Ann | 1 |

- [x] done
- [ ] open

```html
<b>code</b>
```

¹ The source."""


@pytest.fixture
def shown(town):
    """The last thing that the model was shown, once there were so many requests."""

    def read(number):
        return town.said(number)[-1]

    return read


async def test_talk_of_others_in_a_followed_thread_reaches_the_next_answer(town, running, shown, ann, bob):
    town.openai.answers(Answer(text="First."), Answer(text="Second."))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} hello")
        await root.thread.wait_for_reply(contains="First.", timeout=LONG)
        said = await bob.replies(root, f"{ann.mention} the build is green")
        await bob.edits(said, f"{ann.mention} the build is red")
        await bob.replies(root, f"{ann.mention} sorry", is_broadcast=True)
        await ann.replies(root, f"{town.acme.bot.mention} what did Bob say?")
        await root.thread.wait_for_reply(contains="Second.", timeout=LONG)
    told = "\n".join(town.said(1))
    assert '<message from="Bob">@Ann the build is red</message>' in told
    assert '<message from="Bob">@Ann sorry</message>' in told
    assert "green" not in told


async def test_a_forwarded_message_and_blocks_reach_the_model(town, running, shown, ann, bob):
    town.openai.answers(Answer(text="First."))
    origin = await bob.says(town.general, "we ship on Friday")
    async with running("slack"):
        await ann.forwards(origin, ann.direct, "is that right?")
        await ann.direct.wait_for_reply(contains="First.", timeout=LONG)
    assert shown(0) == "is that right?\n[shared message from Bob in #general]\n> we ship on Friday"


async def test_a_stranger_of_another_organisation_is_answered_by_name(town, running, shown):
    zoe = town.acme.stranger("Zoe", team_id="T0GLOBEX")
    town.openai.answers(Answer(text="Welcome."))
    async with running("slack"):
        root = await zoe.says(town.general, f"{town.acme.bot.mention} hello from outside")
        await root.thread.wait_for_reply(contains="Welcome.", timeout=LONG)
    assert shown(0) == '<message from="Zoe">hello from outside</message>'


async def test_markdown_reads_as_slack_renders_it(town, running, ann):
    town.openai.answers(Answer(text=MARKDOWN, chunk_size=7))
    async with running("slack"):
        root = await ann.says(town.general, f"{town.acme.bot.mention} show me")
        seen = await root.thread.wait_for_reply(contains="The source.", timeout=LONG)
    assert seen.text == SHOWN
    assert seen.pings == ()


async def test_called_into_a_thread_the_bot_knows_what_was_said_before(town, running, shown, ann, bob):
    deploy = town.acme.other_bot("Deploy")
    root = await deploy.says(town.general, "release 12 failed", is_classic=True)
    await bob.replies(root, f"{ann.mention} who knows why?")
    town.openai.answers(Answer(text="I have read it."))
    async with running("slack"):
        await ann.replies(root, f"{town.acme.bot.mention} do you?")
        await root.thread.wait_for_reply(contains="I have read it.", timeout=LONG)
    told = "\n".join(town.said(0))
    assert told.index("release 12 failed") < told.index("@Ann who knows why?") < told.index("do you?")
    assert 'from="Deploy (bot)"' in told
    assert 'from="Bob"' in told
