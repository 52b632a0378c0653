"""Files in the emulated Slack: what is told of them, how they are downloaded, and how an app uploads its own."""

from io import BytesIO

import pytest
from slack_sdk.errors import SlackApiError


async def refusal(awaitable) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return caught.value.response["error"]


@pytest.fixture
def share(acme, ann, general):
    async def share(**fields):
        file = acme.file("a.txt", b"some text", mimetype="text/plain", owner=ann)
        for name, value in fields.items():
            setattr(file, name, value)
        message = await ann.says(general, "see", files=[file])
        return file, message.deliveries[0].payload["event"]["files"][0]

    return share


@pytest.fixture
def get(session, acme):
    async def get(url):
        headers = {"Authorization": f"Bearer {acme.bot_token}"}
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            return response.status, response.headers.get("Location"), await response.read()

    return get


async def test_a_file_of_another_organisation_is_described_only_when_asked_for(client, share):
    file, told = await share(is_of_others=True)
    assert (told["file_access"], "url_private" in told, "name" in told) == ("check_file_info", False, False)
    asked = (await client.files_info(file=file.id))["file"]
    assert (asked["name"], asked["size"]) == ("a.txt", 9)


async def test_files_that_are_not_with_slack_say_so(client, share, get):
    file, told = await share(mode="tombstone")
    assert told == {"id": file.id, "mode": "tombstone"}
    assert await refusal(client.files_info(file=file.id)) == "file_deleted"
    _, told = await share(mode="hidden_by_limit")
    assert told["mode"] == "hidden_by_limit"
    _, told = await share(mode="external")
    assert (told["is_external"], "url_private_download" in told) == (True, False)


async def test_an_address_may_lead_on(slack, share, get):
    _, told = await share(hops=1, moved_to="https://elsewhere.example/a")
    status, location, _ = await get(told["url_private_download"])
    assert (status, location.endswith("?hop=1")) == (302, True)
    assert (await get(slack.url + location))[1] == "https://elsewhere.example/a"


async def test_a_token_without_the_scope_ends_at_the_sign_in_page(slack, acme, share, get):
    _, told = await share()
    assert (await get(told["url_private_download"]))[2] == b"some text"
    acme.team.scopes.discard("files:read")
    status, location, _ = await get(told["url_private_download"])
    assert (status, location.startswith("/login")) == (302, True)
    assert b"Sign in" in (await get(slack.url + location))[2]


async def test_an_app_uploads_a_file_into_a_thread(slack, acme, client, ann, general):
    question = await ann.says(general, "A picture, please")
    answer = await client.files_upload_v2(
        filename="b.png", file=b"picture", title="B", channel=general.id, thread_ts=question.ts, initial_comment="Here"
    )
    (shown,) = question.thread.messages[1:]
    assert (shown.text, shown.is_ours, shown.files[0].content) == ("Here", True, b"picture")
    assert answer["files"][0]["id"] == shown.files[0].id
    assert (shown.files[0].title, shown.files[0].mimetype) == ("B", "image/png")


async def test_uploads_that_slack_would_refuse_are_refused(slack, acme, client, session, general, ann):
    assert await refusal(client.files_getUploadURLExternal(filename="a.txt", length=0)) == "missing_argument"
    begun = await client.files_getUploadURLExternal(filename="a.txt", length=4)
    entry = [{"id": begun["file_id"], "title": "a"}]
    assert await refusal(client.files_completeUploadExternal(files=entry)) == "file_not_found"
    async with session.post(begun["upload_url"], data=b"too long") as response:
        assert response.status == 400
    async with session.post(f"{slack.url}/upload/v1/nothing", data=b"abcd") as response:
        assert response.status == 404
    for sent in (b"abcd", {"filename": BytesIO(b"abcd")}):
        async with session.post(begun["upload_url"], data=sent) as response:
            assert (response.status, await response.text()) == (200, "OK - 4")
    root = await ann.says(general, "root")
    reply = await ann.replies(root, "reply")
    in_reply = client.files_completeUploadExternal(files=entry, channel_id=general.id, thread_ts=reply.ts)
    assert await refusal(in_reply) == "thread_not_found"
    closed = acme.channel("closed", has_bot=False)
    assert await refusal(client.files_completeUploadExternal(files=entry, channel_id=closed.id)) == "not_in_channel"
    assert (await client.files_completeUploadExternal(files=entry))["files"][0]["name"] == "a.txt"
    assert await refusal(client.files_completeUploadExternal(files=entry)) == "file_not_found"
    acme.team.scopes.discard("files:write")
    assert await refusal(client.files_getUploadURLExternal(filename="a.txt", length=4)) == "missing_scope"
