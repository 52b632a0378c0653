"""Ids in the form of the API's, from a seed, so that a run can be repeated."""

import random
import string

_ALPHABET = string.ascii_letters + string.digits


class IdSource:
    """Draw ids such as ``chatcmpl-...`` and ``call_...`` from one seeded source."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str, *, length: int = 24) -> str:
        """Give a fresh id that starts with the prefix."""
        return prefix + "".join(self._random.choices(_ALPHABET, k=length))

    def padding(self) -> str:
        """Give the text of an ``obfuscation`` field, which hides the length of what a chunk says."""
        return "".join(self._random.choices(_ALPHABET, k=self._random.randrange(2, 13)))
