"""Ids, tokens and chance, all from one seed."""

import random
import string
import uuid
from collections.abc import Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT")

_ID_LETTERS = string.ascii_uppercase + string.digits
_TOKEN_LETTERS = string.ascii_letters + string.digits


class Ids:
    """Hand out ids in Slack's spelling; equal seeds give equal ids in equal order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def entity(self, prefix: str) -> str:
        """Give an id such as ``C0ABCDEF123``; the prefix tells the kind of thing."""
        return f"{prefix}0{self._letters(_ID_LETTERS, 9)}"

    def token(self, prefix: str) -> str:
        """Give a secret such as ``xoxb-1234-...``."""
        return f"{prefix}-{self._letters(string.digits, 12)}-{self._letters(_TOKEN_LETTERS, 24)}"

    def secret(self) -> str:
        """Give 32 hexadecimal digits, the form of a signing secret."""
        return self._letters("0123456789abcdef", 32)

    def uuid(self) -> str:
        """Give a version 4 UUID, the form of envelope ids and ``client_msg_id``."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def pick(self, items: Sequence[ItemT]) -> ItemT:
        """Choose one of the items."""
        return self._random.choice(items)

    def _letters(self, alphabet: str, count: int) -> str:
        return "".join(self._random.choices(alphabet, k=count))
