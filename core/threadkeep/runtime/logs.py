"""The log of a process: one form for our own events and for those of the libraries, without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Slack tokens and app-level tokens, OpenAI-style keys, Discord bot tokens, and passwords within URLs.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|\bsk-[\w-]{8,}|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}|(?<=://)[^\s/@]*:[^\s/@]+(?=@)"
)
_MASK = "[secret]"

EventDict = MutableMapping[str, Any]


def redact(text: str) -> str:
    """Return a text with everything that looks like a token, a key or a password masked."""
    return _SECRETS.sub(_MASK, text)


def _redact_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redact(value)
    return event


def configure_logging(*, level: str, is_json: bool) -> None:
    """Send all logs of the process to standard error.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        is_json: One JSON object a line, for collectors; else text for people.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact_values, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx2", "httpcore2", "openai", "slack_sdk", "slack_bolt", "discord", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
