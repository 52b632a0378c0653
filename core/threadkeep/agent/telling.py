"""A conversation as text, for a model that is to sum it up or to learn from it."""

from collections.abc import Iterable, Iterator
from typing import Final

from threadkeep.chat.speakers import shortened, wrapped
from threadkeep.messages import Message, Role

LONGEST_MESSAGE: Final = 4_000
"""How many characters of a message are told."""
ASSISTANT: Final = "assistant"
"""What the agent is called."""
USER: Final = "user"
"""What a user is called where messages do not name their speaker."""


def told(messages: Iterable[Message], *, is_shared: bool) -> Iterator[str]:
    """Give what was said, a text for each message; tool calls and their results are left out.

    Args:
        messages: The messages.
        is_shared: Whether what people said has its speaker already, as in places where several may speak.
    """
    for message in messages:
        text = message.content.strip()
        if not text or message.role not in (Role.USER, Role.ASSISTANT):
            continue
        text = shortened(text, LONGEST_MESSAGE)
        if message.role is Role.ASSISTANT:
            yield wrapped(ASSISTANT, text)
        else:
            yield text if is_shared else wrapped(USER, text)
