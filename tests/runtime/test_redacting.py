"""A bot's redactor: nothing of what it takes out reaches the store, the model or the log."""

import logging

import pytest
import structlog

from threadkeep import Agent, Bot, Redactor
from threadkeep.runtime.logs import configure_logging

CHATTY = ("httpx2", "httpcore2", "openai", "slack_sdk", "slack_bolt", "discord", "asyncio")


async def test_nothing_is_stored_of_what_is_taken_out(platform, make_model, store, wait_for, load_runs):
    model = make_model()
    agent = Agent(model=model, store=store)
    async with Bot(agent=agent, adapters=[platform], store=store, redactor=Redactor()):
        await platform.sink(platform.said("I am ann@example.org"))
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
    assert platform.finals == ["You said: I am [email]"]
    assert run.messages[0].content == "I am [email]"


@pytest.fixture
def _restored():
    """Puts the process's logging back as it was."""
    loggers = [logging.getLogger(), *map(logging.getLogger, CHATTY)]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("is_ours", [True, False])
def test_the_log_is_redacted_as_configured(capsys, is_ours):
    configure_logging(level="info", is_json=True, also=Redactor(kinds=["email"]))
    if is_ours:
        structlog.get_logger().info("said", text="ann@example.org")
    else:
        logging.getLogger("library").info("ann@example.org")
    written = capsys.readouterr().err
    assert "[email]" in written
    assert "ann@" not in written
