"""Files: fetched from Slack's file server with the token, and posted into threads."""

from dataclasses import replace

import pytest

from threadkeep.chat.adapter import ReadsFiles, SendsFiles
from threadkeep.errors import FileNotReadError, PlatformAuthError, PlatformError, PlatformUnavailableError
from threadkeep.messages import Attachment, File
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter
from threadkeep_slack.files import file_origins


@pytest.fixture
def hear(acme, sink, general, ann):
    """Ann posts a file; gives the event."""

    async def hear(data=b"some text", **fields):
        file = acme.file("a.txt", data, mimetype=fields.pop("mimetype", "text/plain"), owner=ann)
        for name, value in fields.items():
            setattr(file, name, value)
        await ann.says(general, f"{acme.bot.mention} see", files=[file])
        return (await sink.wait_for())[-1]

    return hear


async def test_the_adapter_reads_and_sends_files(adapter):
    assert isinstance(adapter, ReadsFiles)
    assert isinstance(adapter, SendsFiles)


async def test_a_file_is_read(adapter, hear):
    event = await hear()
    (attachment,) = event.attachments
    file = await adapter.read_file(event.place, attachment, most=100)
    assert (file.name, file.media_type, file.data) == ("a.txt", "text/plain", b"some text")


async def test_a_file_that_is_too_large_is_not_asked_for(adapter, hear, slack):
    event = await hear()
    with pytest.raises(FileNotReadError, match="too large; I read up to 8 bytes"):
        await adapter.read_file(event.place, event.attachments[0], most=8)
    assert slack.downloads == ()


async def test_a_deleted_file_is_gone(adapter, hear, acme):
    event = await hear()
    acme.team.files[event.attachments[0].id].mode = "tombstone"
    with pytest.raises(FileNotReadError, match="not there any more"):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_file_of_another_organisation_may_be_gone_closed_or_elsewhere(adapter, hear, acme):
    event = await hear(is_of_others=True)
    (attachment,) = event.attachments
    assert (await adapter.read_file(event.place, attachment, most=100)).name == "a.txt"
    stored = acme.team.files[attachment.id]
    for mode, reason in (("tombstone", "not there any more"), ("external", "outside of Slack")):
        stored.mode = mode
        with pytest.raises(FileNotReadError, match=reason):
            await adapter.read_file(event.place, attachment, most=100)
    with pytest.raises(FileNotReadError, match="not there any more"):
        await adapter.read_file(event.place, replace(attachment, id="F0NOTHING"), most=100)
    acme.team.scopes.discard("files:read")
    with pytest.raises(FileNotReadError, match="does not let me read files"):
        await adapter.read_file(event.place, attachment, most=100)
    acme.team.is_token_revoked = True
    with pytest.raises(PlatformAuthError):
        await adapter.read_file(event.place, attachment, most=100)


async def test_addresses_of_other_hosts_are_refused_before_anything_is_asked(adapter, hear):
    event = await hear()
    for url in ("https://evil.example/a", "http://169.254.169.254/latest", "file:///etc/passwd"):
        with pytest.raises(FileNotReadError, match="outside"):
            await adapter.read_file(event.place, Attachment(id="F1", name="a", url=url), most=100)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "does not let me read files"), (404, "not there any more"), (410, "not there any more")],
)
async def test_refusals_of_the_file_server_are_told(adapter, hear, slack, status, reason):
    event = await hear()
    slack.faults.add(Fault(match="files", kind="status", status=status))
    with pytest.raises(FileNotReadError, match=reason):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_file_server_that_fails_is_asked_again(adapter, hear, slack):
    event = await hear()
    slack.faults.add(Fault(match="files", kind="status", status=503, times=2))
    assert (await adapter.read_file(event.place, event.attachments[0], most=100)).data == b"some text"
    slack.faults.add(Fault(match="files", kind="status", status=429))
    with pytest.raises(PlatformUnavailableError, match="429"):
        await adapter.read_file(event.place, event.attachments[0], most=100)


@pytest.mark.parametrize(
    ("body", "error", "reason"),
    [
        ({"ok": True}, PlatformError, "described no file"),
        ({"ok": True, "file": {"id": "F1", "mode": "hosted"}}, FileNotReadError, "does not let me read"),
    ],
)
async def test_a_description_that_says_nothing_is_no_file(adapter, hear, slack, body, error, reason):
    event = await hear(is_of_others=True)
    slack.faults.add(Fault(match="files.info", kind="status", status=200, body=body))
    with pytest.raises(error, match=reason):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_canvas_is_a_page_and_the_sign_in_page_is_none(adapter, hear, acme):
    page = b"<!DOCTYPE html><h1>Plans</h1>"
    event = await hear(page, mimetype="application/vnd.slack-docs", stated_size=5)
    (attachment,) = event.attachments
    assert (await adapter.read_file(event.place, attachment, most=100)).data == page
    acme.team.files[attachment.id].content = b'<html><link href="https://a.slack-edge.com/x.css">Sign in</html>'
    with pytest.raises(FileNotReadError, match="does not let me read files"):
        await adapter.read_file(event.place, attachment, most=100)


async def test_a_file_that_cannot_be_reached_is_a_failure_of_slack(adapter, hear, slack):
    event = await hear(is_of_others=True)
    slack.faults.add(Fault(match="files.info", kind="status", status=503))
    with pytest.raises(PlatformUnavailableError):
        await adapter.read_file(event.place, event.attachments[0], most=100)


async def test_a_file_is_posted_into_the_thread_with_its_caption(acme, adapter, sink, general, ann):
    question = await ann.says(general, f"{acme.bot.mention} a table, please")
    event = (await sink.wait_for())[-1]
    found = await adapter.send_file(event.place, File(name="b.csv", data=b"1,2"), caption="<!here> for you & me")
    sent = question.thread.messages[-1]
    assert (sent.is_ours, sent.files[0].id, sent.files[0].content) == (True, found, b"1,2")
    assert (sent.source_text, sent.pings) == ("&lt;!here&gt; for you &amp; me", ())


async def test_a_file_that_slack_does_not_take_is_an_error(adapter, hear, slack, acme):
    event = await hear()
    with pytest.raises(PlatformError, match="empty"):
        await adapter.send_file(event.place, File(name="b.csv", data=b""))
    acme.team.scopes.discard("files:write")
    with pytest.raises(PlatformAuthError, match="files:write"):
        await adapter.send_file(event.place, File(name="b.csv", data=b"1"))


async def test_files_need_a_connection(socket_settings, hear, adapter):
    event = await hear()
    stopped = SlackAdapter(socket_settings())
    with pytest.raises(PlatformError, match="not connected"):
        await stopped.read_file(event.place, event.attachments[0], most=100)
    with pytest.raises(PlatformError, match="not connected"):
        await stopped.send_file(event.place, File(name="b.csv", data=b"1"))


@pytest.mark.parametrize(
    ("api_url", "origin"),
    [
        ("https://slack.com/api/", "https://files.slack.com"),
        ("https://slack-gov.com/api/", "https://files.slack-gov.com"),
        ("http://127.0.0.1:4000/api/", "http://127.0.0.1:4000"),
        ("https://slack.com.evil.example/api/", "https://slack.com.evil.example"),
    ],
)
def test_files_are_with_the_host_of_the_api(api_url, origin):
    assert file_origins(api_url) == {origin}
