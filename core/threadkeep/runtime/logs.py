"""The log of a process: one form for our own events and for those of the libraries, without secrets."""

import logging
import os
import sys

import structlog

from threadkeep.errors import ThreadkeepError
from threadkeep.redactor import Redactor
from threadkeep.runtime.redaction import Redactor as SecretRedactor


def configure_logging(*, level: str, is_json: bool, is_brief: bool = False, also: Redactor | None = None) -> None:
    """Send all logs of the process to standard error, without secrets.

    It reads the environment, for the values that must not be shown; a ``.env`` file is to be loaded before.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        is_json: One JSON object a line, for collectors; else text for people.
        is_brief: Whether failures that say what to do come without their traceback, as at a terminal.
        also: What else is taken out of the log, besides secrets.
    """
    redactor = SecretRedactor(os.environ)
    more: list[structlog.typing.Processor] = [] if also is None else [also.processor]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        *([_without_traceback] if is_brief else []),
        structlog.processors.format_exc_info,
        redactor,
        *more,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # Our own events go straight to standard error: the way through the standard library costs three times as much.
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redactor, *more, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx2", "httpcore2", "openai", "slack_sdk", "slack_bolt", "discord", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)


def _without_traceback(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    error = event.get("exc_info")
    if isinstance(error, ThreadkeepError):
        del event["exc_info"]
        event["cause"] = f"{type(error).__name__}: {error}"
    return event
