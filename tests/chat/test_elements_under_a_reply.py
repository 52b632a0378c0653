"""What can be pressed stands under the last message of a reply, where the platform shows such things."""

from dataclasses import replace

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.elements import Button

STOP = Button(action="stop", label="Stop")
TWO_PARTS = "one two three four. five six seven."


def heard(poster):
    """Let a poster keep what stands under each message."""
    under = {}
    post, edit = poster.post, poster.edit

    async def post_and_keep(part, text, elements=()):
        message_id = await post(part, text)
        under[message_id] = elements
        return message_id

    async def edit_and_keep(message_id, text, elements=()):
        await edit(message_id, text)
        under[message_id] = elements

    poster.post, poster.edit = post_and_keep, edit_and_keep
    return under


async def test_elements_stand_under_the_last_message_and_move_with_it(platform):
    under = heard(platform.poster)
    reply = platform.open(limits=replace(platform.limits, has_elements=True))
    await reply.show(ReplyContent(text="one", elements=(STOP,)))
    await platform.settle()
    assert under == {"m1": (STOP,)}
    await reply.finish(ReplyContent(text=TWO_PARTS, is_final=True, elements=(STOP,)))
    assert under == {"m1": (), "m2": (STOP,)}
    await reply.aclose()


async def test_elements_go_though_the_text_stays(platform):
    under = heard(platform.poster)
    reply = platform.open(limits=replace(platform.limits, has_elements=True))
    await reply.show(ReplyContent(text="one", elements=(STOP,)))
    await platform.settle()
    await reply.finish(ReplyContent(text="one", is_final=True))
    assert under == {"m1": ()}
    assert [call[0] for call in platform.poster.calls] == ["post", "edit"]
    await reply.aclose()


async def test_a_platform_without_elements_is_not_called_for_their_sake(platform):
    reply = platform.open()
    await reply.show(ReplyContent(text="one", elements=(STOP,)))
    await platform.settle()
    await reply.finish(ReplyContent(text="one", is_final=True))
    assert platform.poster.calls == [("post", 0, "one")]
    await reply.aclose()
