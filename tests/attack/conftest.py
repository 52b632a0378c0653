"""Bots that are attacked, each in a process of its own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

# What the attacks share lies in a folder of its own; tests are no packages.
sys.path.append(str(Path(__file__).parent))

from siege.starter import Starter


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def starter() -> AsyncIterator[Starter]:
    """Start bots on the emulated platforms."""
    async with Starter("bot_program.py") as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def crowd_starter() -> AsyncIterator[Starter]:
    """Start the ingresses and workers of one bot."""
    async with Starter("crowd_program.py") as running:
        yield running
