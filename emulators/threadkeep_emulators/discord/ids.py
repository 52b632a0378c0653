"""Ids and tokens: snowflakes that grow with the emulator's clock, random strings that a seed fixes."""

import random
import string
from collections.abc import Callable
from typing import NewType

Snowflake = NewType("Snowflake", int)
Clock = Callable[[], float]

DISCORD_EPOCH_MS = 1_420_070_400_000
_SEQUENCE_BITS = 12
_TIME_SHIFT = 22
_TOKEN_LETTERS = string.ascii_letters + string.digits + "-_"


def moment_of(snowflake: str) -> float:
    """Give the time that an id carries."""
    return ((int(snowflake) >> _TIME_SHIFT) + DISCORD_EPOCH_MS) / 1000


class IdSource:
    """Hand out ids and tokens that are the same in every run with the same clock and seed.

    A snowflake carries milliseconds since Discord's epoch, ten bits that name the machine and a sequence
    number: https://discord.com/developers/docs/reference#snowflakes
    """

    def __init__(self, *, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self._machine = self._random.getrandbits(10)
        self._last = 0

    def snowflake(self) -> Snowflake:
        """Give an id greater than all before it, also when the clock stands still or goes back."""
        milliseconds = int(self._clock() * 1000) - DISCORD_EPOCH_MS
        fresh = milliseconds << _TIME_SHIFT | self._machine << _SEQUENCE_BITS
        self._last = max(fresh, self._last + 1)
        return Snowflake(self._last)

    def token(self, length: int = 64) -> str:
        """Give a string that nobody guesses, for interaction tokens and signatures."""
        return "".join(self._random.choices(_TOKEN_LETTERS, k=length))

    def session(self) -> str:
        """Give a gateway session id: 32 hexadecimal digits."""
        return f"{self._random.getrandbits(128):032x}"
