"""Bots that are attacked, each in a process of its own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# What the attacks share lies in a folder of its own; tests are no packages.
sys.path.append(str(Path(__file__).parent))

from siege.starter import Starter


@pytest.fixture
async def starter() -> AsyncIterator[Starter]:
    async with Starter("bot_program.py") as running:
        yield running
