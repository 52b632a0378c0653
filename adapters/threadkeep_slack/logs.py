"""The loggers that slack_bolt and slack_sdk write to.

Both log whole frames and message texts on their debug level, and bolt warns of things that are meant here (an
environment variable that it skips, an event without a listener). What matters of them we log ourselves.
"""

import logging


def bolt_logger() -> logging.Logger:
    """Give the logger for bolt. Bolt copies its level to every logger that it makes."""
    logger = logging.getLogger("threadkeep_slack.libraries.bolt")
    logger.setLevel(logging.ERROR)
    return logger


def sdk_logger() -> logging.Logger:
    """Give the logger for slack_sdk's clients: warnings, never texts or frames."""
    logger = logging.getLogger("threadkeep_slack.libraries.sdk")
    logger.setLevel(logging.WARNING)
    return logger
