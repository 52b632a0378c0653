"""A bot's redactor: nothing of what it takes out reaches the store, the model or the log."""

import structlog

from threadkeep import Agent, Bot, Redactor
from threadkeep.runtime.logs import configure_logging


async def test_nothing_is_stored_of_what_is_taken_out(platform, make_model, store, wait_for, load_runs):
    model = make_model()
    agent = Agent(model=model, store=store)
    async with Bot(agent=agent, adapters=[platform], store=store, redactor=Redactor()):
        await platform.sink(platform.said("I am ann@example.org"))
        await wait_for(lambda: platform.finals)
        (run,) = await wait_for(lambda: load_runs(store))
    assert platform.finals == ["You said: I am [email]"]
    assert run.messages[0].content == "I am [email]"


def test_the_log_is_redacted_as_configured(capsys):
    try:
        configure_logging(level="info", is_json=True, also=Redactor(kinds=["email"]))
        structlog.get_logger().info("said", text="ann@example.org")
    finally:
        structlog.reset_defaults()
    assert "[email]" in capsys.readouterr().err
