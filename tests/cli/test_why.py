"""``threadkeep why`` as an operator meets it, on both stores."""

import json

import pytest

LINK = "https://acme.slack.com/archives/C1/p1700000000000100"
KEY = "slack:T1:C1:1700000000.000100"
RUN = "1a2b3c4d" + "0" * 24

PARSER = """
from threadkeep.chat.links import MessageLink

def parse_link(text):
    if text.startswith("https://chat.example/"):
        message = "1700000000.000100"
        return MessageLink(platform="slack", workspace=None, channel="C1", message=message, conversations=())
"""


@pytest.fixture
async def answered(desk):
    await desk.store.inbox.accept(desk.said("a secret question"))
    await desk.store.inbox.accept(desk.said("a secret question"))
    await desk.answer(RUN)
    return desk


@pytest.mark.parametrize("name", [LINK, KEY])
async def test_an_answered_message_is_told_line_by_line(answered, name):
    done = await answered.threadkeep("why", name)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Message  {KEY}"
    wanted = (
        "received, stored to be answered",
        "delivered 1 time more",
        "claimed by host:1, attempt 1: run 1a2b3c4d",
        "the model was asked 1 time: 70 tokens in, 64 of them cached, 8 out; first text after 0.25 s",
        "posted as 1700000001.000200",
        "completed, after 0.50 s",
        "It was answered.",
    )
    positions = [next(index for index, line in enumerate(lines) if part in line) for part in wanted]
    assert positions == sorted(positions)
    assert "secret" not in done.stdout
    assert "the answer" not in done.stdout


async def test_programs_get_json(answered):
    done = await answered.threadkeep("why", KEY, "--json")
    found = json.loads(done.stdout)
    assert (found["message"], found["verdict"]) == (KEY, "answered")
    assert [one["what"] for one in found["happened"]] == [
        *("received", "duplicate", "claimed", "model", "posted", "completed")
    ]
    (run,) = found["runs"]
    assert (run["run_id"], run["posted"], run["input_tokens"]) == (RUN, ["1700000001.000200"], 70)


async def test_the_bots_own_message_leads_to_the_run(answered):
    link = "https://acme.slack.com/archives/C1/p1700000001000200?thread_ts=1700000000.000100&cid=C1"
    done = await answered.threadkeep("why", link)
    assert done.returncode == 0
    assert "run 1a2b3c4d" in done.stdout
    assert "It is the bot's own message." in done.stdout


async def test_a_link_of_discord_names_its_server(desk):
    done = await desk.threadkeep("why", "https://discord.com/channels/@me/202/303")
    assert done.returncode == 1
    assert "Message  discord:@me:202:303" in done.stdout


async def test_another_package_may_bring_the_links_of_its_platform(answered):
    info = answered.folder / "chat_links-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chat-links\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[threadkeep.links]\nchat = chat_links:parse_link\n")
    (answered.folder / "chat_links.py").write_text(PARSER)
    done = await answered.threadkeep("why", "https://chat.example/7", PYTHONPATH=str(answered.folder))
    assert done.returncode == 0, done.stderr
    assert "It was answered." in done.stdout


async def test_a_reference_leads_to_the_dead_letter(desk, kill_message):
    run_id = await kill_message()
    done = await desk.threadkeep("why", run_id[:8])
    assert done.returncode == 0
    assert "given up after 1 attempt: PlatformUnavailableError" in done.stdout
    assert f"threadkeep dead retry {run_id[:8]}" in done.stdout


async def test_a_waiting_message_says_so(desk):
    await desk.store.inbox.accept(desk.said("x"))
    done = await desk.threadkeep("why", LINK)
    assert "It still waits for a worker that is free." in done.stdout


@pytest.mark.parametrize("name", [LINK, KEY])
async def test_a_message_that_never_came_is_status_one(desk, name):
    done = await desk.threadkeep("why", name)
    assert done.returncode == 1
    assert "Nothing is known of it." in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("0badcafe", "No run of the last 7 days has the reference 0badcafe"),
        ("hello", "is no message"),
        ("https://example.org/7", "not a link to a message"),
    ],
)
async def test_what_cannot_be_found_is_one_line(desk, name, message):
    done = await desk.threadkeep("why", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_no_store_is_made_by_asking(tmp_path, desk):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for command in (("why", KEY), ("dead", "list")):
        done = await desk.threadkeep(*command, THREADKEEP_DB=str(folder / "none.db"), REDIS_URL="")
        assert done.returncode == 1
        assert "There is no store" in done.stderr
    assert list(folder.iterdir()) == []
