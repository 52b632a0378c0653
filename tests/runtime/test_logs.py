"""Nothing that is secret gets into the log, wherever in an event it stands."""

import io
import json
import logging
import string
import sys

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.runtime.logs import configure_logging
from threadkeep.runtime.redaction import MASK, Redactor

KEY = "sk-proj-4f9a8b7c6d5e"
SECRETS = {
    "a bot token": "xoxb-1234567890-abcDEF-ghi",
    "a user token": "xoxp-1234567890-abcDEF",
    "a rotated token": "xoxe.xoxb-1-Mi0yLTQ4",
    "an app-level token": "xapp-1-A0B1C2-345-deadbeef",
    "a model key": KEY,
    "a Discord token": "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
}
KNOWN = {"MY_API_KEY": "correct horse battery", "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef"}

CHATTY = ("httpx2", "httpcore2", "openai", "slack_sdk", "slack_bolt", "discord", "asyncio")

words = st.text(string.ascii_letters + string.digits + " .,:;()'\"\n/", max_size=40)
secrets = st.sampled_from([*SECRETS.values(), *KNOWN.values()])
values = st.recursive(
    st.tuples(words, secrets, words).map(" ".join) | st.none() | st.integers() | st.floats() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | secrets, inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(ValueError, inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", SECRETS)
def test_what_looks_like_a_secret_is_masked(kind):
    shown = Redactor({}).text(f"refused: {SECRETS[kind]}, try another")
    assert SECRETS[kind].split(".")[-1] not in shown
    assert shown.startswith("refused: ")
    assert shown.endswith(", try another")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@db:6379/0", f"redis://{MASK}@db:6379/0"),
        ("rediss://ann:p@ss@db", f"rediss://{MASK}@db"),
        ("wss://slack.test/link/?ticket=abc-123&app_id=A1", f"wss://slack.test/link/?ticket={MASK}&app_id=A1"),
        ("Authorization: Bearer abc.def-123", f"Authorization: Bearer {MASK}"),
        (
            "POST https://discord.com/api/v10/webhooks/12/aW50-_x.y?wait=1",
            f"POST https://discord.com/api/v10/webhooks/{MASK}?wait=1",
        ),
        ("POST /api/v10/interactions/34/aW50ZXI/callback", f"POST /api/v10/interactions/{MASK}/callback"),
        ("https://hooks.slack.com/commands/T1/2/aW50-_x refused", f"https://hooks.slack.com/{MASK} refused"),
        ("https://slack.test/api/chat.postMessage", "https://slack.test/api/chat.postMessage"),
        ("task-12345678 of slack:T1:C1:1795348614.191025", "task-12345678 of slack:T1:C1:1795348614.191025"),
        ("2026-11-22T12:00:00 reference 4f9a8b7c", "2026-11-22T12:00:00 reference 4f9a8b7c"),
    ],
)
def test_only_the_secret_of_a_text_is_masked(text, shown):
    assert Redactor({}).text(text) == shown


def test_secrets_of_the_environment_are_known_by_their_value():
    redactor = Redactor({**KNOWN, "HOME": "/home/ann/projects", "SHORT_TOKEN": "none", "EMPTY_SECRET": ""})
    assert redactor.text("it said: correct horse battery!") == f"it said: {MASK}!"
    assert redactor.text("none in /home/ann/projects") == "none in /home/ann/projects"


def test_of_two_secrets_the_longer_one_goes_whole():
    redactor = Redactor({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-ijkl"})
    assert redactor.text("abcdefgh-ijkl abcdefgh") == f"{MASK} {MASK}"


def test_a_field_that_is_named_like_a_secret_is_masked():
    event = {"token": "anything", "headers": {"authorization": "Basic QQ=="}, "input_tokens": 12, "api_key": None}
    shown = Redactor({})(None, "info", dict(event))
    assert shown == {"token": MASK, "headers": {"authorization": MASK}, "input_tokens": 12, "api_key": None}


def test_what_refers_to_itself_ends():
    loop = []
    loop.append(loop)
    Redactor({})(None, "info", {"loop": loop})


@given(event=st.dictionaries(st.sampled_from(["event", "error", "payload", "calls"]), values))
def test_no_secret_gets_through_anywhere(event):
    shown = repr(Redactor(KNOWN)(None, "info", event))
    for secret in (*SECRETS.values(), *KNOWN.values()):
        assert secret not in shown
    json.dumps(event, default=repr)


class Log:
    """The log of this process, set up as the commands do."""

    def __init__(self, monkeypatch, *, is_json):
        self._monkeypatch = monkeypatch
        self._stream = io.StringIO()
        self.is_json = is_json

    def start(self, level="info"):
        # pytest gives each phase of a test its own standard error, so this stands in the test.
        self._monkeypatch.setattr(sys, "stderr", self._stream)
        configure_logging(level=level, is_json=self.is_json)

    def written(self):
        """Give what was written since it was asked last."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text


@pytest.fixture(params=[False, True], ids=["text", "json"])
def log(request, monkeypatch):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in CHATTY}
    monkeypatch.setenv("LIBRARY_API_KEY", "correct horse battery")
    yield Log(monkeypatch, is_json=request.param)
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def fail(text):
    raise PermissionError(text)


def test_our_events_are_written_without_secrets(log):
    log.start()
    error = PermissionError(f"wrong key {KEY}")
    structlog.get_logger("threadkeep.test").error(
        "call_failed", error=error, request={"headers": [("authorization", "Bearer abcdef")], "key": KEY}, status=401
    )
    shown = log.written()
    assert KEY not in shown
    assert "abcdef" not in shown
    assert "call_failed" in shown
    assert "401" in shown


def test_texts_of_exceptions_are_written_without_secrets(log):
    log.start()
    try:
        try:
            fail(f"{KEY} is wrong")
        except PermissionError as error:
            raise RuntimeError("correct horse battery") from error
    except RuntimeError as error:
        structlog.get_logger("threadkeep.test").exception("run_failed")
        structlog.get_logger("threadkeep.test").error("run_failed", exc_info=error)
    shown = log.written()
    assert "RuntimeError: [secret]" in shown
    assert KEY not in shown
    assert shown.count("PermissionError: [secret] is wrong") == 2


def test_libraries_are_written_in_the_same_form_without_secrets(log):
    log.start()
    logger = logging.getLogger("another.package")
    try:
        fail(f"redis://:hunter2@db/0 {KEY}")
    except PermissionError:
        logger.exception("could not connect with %s", {"token": KEY})
    shown = log.written()
    assert KEY not in shown
    assert "hunter2" not in shown
    assert "could not connect" in shown
    assert "PermissionError" in shown


def test_each_line_of_json_is_an_object(log):
    log.start()
    structlog.get_logger("threadkeep.test").warning("store_unavailable", retry_in=0.5, error=OSError("no"))
    lines = log.written().splitlines()
    if log.is_json:
        (entry,) = [json.loads(line) for line in lines]
        assert entry["event"] == "store_unavailable"
        assert entry["level"] == "warning"
        assert entry["retry_in"] == 0.5
    else:
        assert "store_unavailable" in lines[0]
        assert "retry_in=0.5" in lines[0]


def test_chatty_libraries_are_quiet_unless_debugging(log):
    log.start()
    logging.getLogger("slack_sdk.socket_mode").info("ping")
    logging.getLogger("openai").warning("retrying")
    shown = log.written()
    assert "ping" not in shown
    assert "retrying" in shown
    log.start("debug")
    logging.getLogger("slack_sdk.socket_mode").debug("ping")
    assert "ping" in log.written()
    log.start("warning")
    structlog.get_logger("threadkeep.test").info("run_committed")
    assert log.written() == ""
