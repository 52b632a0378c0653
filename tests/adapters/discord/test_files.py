"""Files: fetched from Discord's file server, also when their links have expired, and posted."""

import pytest

from threadkeep.chat.adapter import ReadsFiles, SendsFiles
from threadkeep.errors import FileNotReadError, PlatformError, PlatformUnavailableError
from threadkeep.messages import Attachment, File
from threadkeep_discord.files import DiscordFiles
from threadkeep_emulators.discord import MessageFlag
from threadkeep_emulators.faults import Fault


@pytest.fixture
def hear(ann, inbox):
    async def hear(**files):
        message = await ann.dm("see", files=files or {"a.txt": b"some text"})
        return message, (await inbox.wait_for(1))[-1]

    return hear


async def test_the_adapter_reads_and_sends_files(adapter):
    assert isinstance(adapter, ReadsFiles)
    assert isinstance(adapter, SendsFiles)


async def test_a_file_is_read_without_the_token(adapter, hear):
    _, event = await hear()
    file = await adapter.read_file(event.place, event.attachments[0], most=100)
    assert (file.name, file.media_type, file.data) == ("a.txt", "text/plain", b"some text")


async def test_an_expired_link_is_asked_for_anew(discord, adapter, hear):
    _, event = await hear()
    discord.expire_links()
    file = await adapter.read_file(event.place, event.attachments[0], most=100)
    assert file.data == b"some text"
    discord.expire_links()
    other = Attachment(id=event.attachments[0].id.rpartition("/")[0] + "/1", name="b", url=event.attachments[0].url)
    with pytest.raises(FileNotReadError, match="not there any more"):
        await adapter.read_file(event.place, other, most=100)


async def test_a_file_server_that_fails_is_asked_again(discord, adapter, hear):
    _, event = await hear()
    cdn = "GET /attachments/{channel_id}/{attachment_id}/{filename}"
    discord.faults.add(Fault(match=cdn, kind="status", status=503, times=2))
    assert (await adapter.read_file(event.place, event.attachments[0], most=100)).data == b"some text"
    discord.faults.add(Fault(match=cdn, kind="status", status=429))
    with pytest.raises(PlatformUnavailableError, match="429"):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_file_of_a_deleted_message_is_gone(adapter, hear, ann):
    message, event = await hear()
    await ann.deletes(message)
    with pytest.raises(FileNotReadError, match="not there any more"):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_file_that_is_too_large_is_not_asked_for(adapter, hear):
    _, event = await hear()
    with pytest.raises(FileNotReadError, match="too large"):
        await adapter.read_file(event.place, event.attachments[0], most=8)


async def test_only_discords_own_hosts_are_asked(adapter, hear):
    _, event = await hear()
    evil = Attachment(id="1/2/3", name="a", url="https://evil.example/a")
    with pytest.raises(FileNotReadError, match="outside"):
        await adapter.read_file(event.place, evil, most=100)


async def test_a_file_of_a_forwarded_message_comes_along(discord, adapter, ann, inbox):
    await ann.dm("first")
    await inbox.next()
    file = {
        "id": "5",
        "filename": "f.txt",
        "size": 3,
        "url": "https://cdn.discordapp.com/f.txt",
        "proxy_url": "https://media.discordapp.net/f.txt",
    }
    snapshot = {
        "type": 0,
        "content": "",
        "embeds": [],
        "attachments": [file],
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
        "components": [],
    }
    discord.gateway.dispatch(
        "MESSAGE_CREATE",
        {
            "id": "99",
            "channel_id": str(ann.dm_channel.id),
            "author": {"id": str(ann.id), "username": "ann", "discriminator": "0", "avatar": None},
            "content": "",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "message_snapshots": [{"message": snapshot}],
        },
    )
    event = (await inbox.wait_for(2))[-1]
    assert [(one.name, one.id) for one in event.attachments] == [("f.txt", f"{ann.dm_channel.id}/99/5")]


async def test_a_file_is_posted_with_its_caption(discord, adapter, hear, ann):
    _, event = await hear()
    found = await adapter.send_file(event.place, File(name="b.csv", data=b"1,2"), caption="@everyone " + "x" * 3000)
    sent = ann.dm_channel.messages[-1]
    assert (str(sent.id), sent.attachments[0].filename, sent.attachments[0].data) == (found, "b.csv", b"1,2")
    assert len(sent.content) == 2000
    assert discord.pings == ()


@pytest.mark.parametrize("link_previews", [False, True])
async def test_links_in_a_caption_show_previews_only_if_asked_for(connect, general, ann, inbox, link_previews):
    adapter = await connect(link_previews=link_previews)
    await ann.dm("a file, please")
    event = await inbox.next()
    await adapter.send_file(event.place, File(name="b.csv", data=b"1,2"), caption="https://example.org/?secret")
    assert (MessageFlag.SUPPRESS_EMBEDS in ann.dm_channel.messages[-1].flags) is not link_previews


async def test_a_file_opens_the_thread_of_its_question(discord, connect, ann, general, inbox):
    adapter = await connect(reply_in="thread")
    question = await ann.says(general, f"{discord.bot.mention} a file, please")
    event = await inbox.next()
    await adapter.send_file(event.place, File(name="b.csv", data=b"1,2"))
    thread = discord.channel(question.id)
    assert thread.messages[-1].attachments[0].filename == "b.csv"


async def test_a_file_that_discord_does_not_take_is_an_error(adapter, hear, discord):
    _, event = await hear()
    with pytest.raises(PlatformError):
        await adapter.send_file(event.place, File(name="b.bin", data=bytes(11 * 1024 * 1024)))


async def test_a_file_server_that_is_away_is_a_failure_of_discord(unused_url):
    def nobody():
        raise PlatformUnavailableError("Discord is not connected")

    files = DiscordFiles(nobody, api_url=f"{unused_url}/api/v10")
    with pytest.raises(PlatformUnavailableError):
        await files.read(Attachment(id="1/2/3", name="a", url=f"{unused_url}/attachments/1/3/a"), most=100)
    await files.aclose()
    await files.aclose()
