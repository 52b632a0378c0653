"""Whatever is shown and whatever fails, the place ends with the final text, posted once."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.markdown import split_markdown
from threadkeep.errors import PlatformRateLimitError, PlatformUnavailableError

texts = st.lists(st.sampled_from(["word", "longer words", "\n\n", "```\nx = 1\n", "- item\n", " "]), max_size=14).map(
    " ".join,
)
final_texts = texts.filter(str.strip)
contents = st.builds(
    ReplyContent,
    text=texts,
    activity=st.lists(st.sampled_from(["Using calculator", "Reading"]), max_size=2).map(tuple),
)
outages = st.sampled_from(["limited", "down", "lost"])
failures = st.lists(st.one_of(st.none(), outages), max_size=12)
steps = st.lists(
    st.one_of(
        contents,
        st.integers(0, 60),  # so many turns of the loop pass
        st.tuples(st.just("finish"), final_texts, st.integers(0, 40)),  # cancelled after so many turns
        st.tuples(st.just("delete"), st.integers(0, 3)),
    ),
    max_size=10,
)


async def perform(step, reply, platform, deleted):
    if isinstance(step, int):
        for _ in range(step):
            await asyncio.sleep(0)
    elif isinstance(step, ReplyContent):
        await reply.show(step)
    elif step[0] == "delete":
        messages = platform.poster.messages
        if step[1] < len(messages) and not deleted:
            message = list(messages)[step[1]]
            deleted.append(message)
            del messages[message]
    else:
        finishing = asyncio.ensure_future(reply.finish(ReplyContent(text=step[1])))
        for _ in range(step[2]):
            await asyncio.sleep(0)
        finishing.cancel()
        await asyncio.wait({finishing})


@given(steps, failures, final_texts, st.integers(0, 3))
async def test_place_ends_with_the_final_text_posted_once(new_platform, late, steps, failures, final, earlier):
    kinds = {
        None: lambda: None,
        "limited": lambda: PlatformRateLimitError("slow down", retry_after=1.5),
        "down": lambda: PlatformUnavailableError("down"),
        "lost": lambda: late(PlatformUnavailableError("answer lost")),
    }
    platform = new_platform(is_hasty=True, failures=[kinds[failure]() for failure in failures])
    posted = {part: f"e{part}" for part in range(earlier)}
    platform.poster.messages.update((message, "of an earlier attempt") for message in posted.values())
    reply = platform.open(posted=posted, finish_timeout=1000)
    deleted = []
    try:
        for step in steps:
            await perform(step, reply, platform, deleted)
        await reply.finish(ReplyContent(text=final))
    finally:
        await reply.aclose()

    places = {message: part for part, message in posted.items()}
    places |= {message: part for part, message, _ in platform.recorder.reported}
    shown = {places[message]: words for message, words in platform.poster.messages.items()}
    expected = dict(enumerate(part.text for part in split_markdown(final, platform.limits.part_length)))
    unnoticed = {places.get(message) for message in deleted} - shown.keys()  # nothing was left to edit in them
    assert len(shown) == len(platform.poster.messages)
    assert shown == {part: words for part, words in expected.items() if part not in unnoticed}
    removed = [call[1] for call in platform.poster.calls if call[0] == "remove"]
    for part in set(platform.poster.posts):
        vanished = sum(places[message] == part for message in {*deleted, *removed})
        assert platform.poster.posts.count(part) + (part in posted) <= 1 + vanished
    messages = [message for _, message, _ in platform.recorder.reported]
    assert len(set(messages)) == len(messages) == len(platform.poster.posts)
