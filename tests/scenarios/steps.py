"""What scenarios do, and wait for, again and again."""

import asyncio
import re

import aiohttp
import pytest

from threadkeep_emulators.faults import Fault
from threadkeep_emulators.openai import Answer, ToolCall

LONG = 20

# For a whole file: one store is enough, since what differs between them is tested elsewhere.
ONE_STORE = [pytest.mark.usefixtures("make_store"), pytest.mark.parametrize("make_store", ["sqlite"], indirect=True)]


async def until(look):
    async with asyncio.timeout(LONG):
        while not look():  # noqa: ASYNC110 - what is looked at rings no bell
            await asyncio.sleep(0.01)


def wants_deploy(text=""):
    return Answer(text=text, chunk_size=10, tool_calls=(ToolCall(name="deploy", arguments='{"service": "web"}'),))


# Discord


async def shown(place, words, label=None):
    """Wait for a message with such words, and a button if one is named."""

    def look(messages):
        return any(words in one.text and (label is None or label in one.buttons.values()) for one in messages)

    messages = await place.wait_for(look, timeout=LONG)
    return next(one for one in reversed(messages) if words in one.text)


# Slack


def ours(place):
    return [seen.text for seen in place.messages if seen.is_ours]


def labels(message):
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [element.get("text", element.get("placeholder"))["text"] for row in rows for element in row["elements"]]


def refused(method, error):
    return Fault(match=method, kind="status", status=200, body={"ok": False, "error": error})


async def asked_in(thread):
    """Wait for a question that can be answered with buttons."""
    seen = await thread.wait_for(lambda found: bool(found) and "Approve" in labels(found[-1]), timeout=LONG)
    return seen[-1]


async def whispered(person, where, words=""):
    """Wait until a person alone sees something."""

    def found():
        return [seen for seen in person.sees_ephemerals(where) if words in seen.text]

    await until(found)
    return found()[-1]


async def install(adapter, team):
    """Go through an installation as a person does."""
    url = adapter.request_url.replace("/slack/events", "/slack/install")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(url) as page:
            html, consent = await page.text(), page.url
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
        teams = {name: value for value, name in re.findall(r'<option value="(\w+)">([^<]*)</option>', html)}
        async with browser.post(consent, data=fields | {"team": teams[team], "decision": "allow"}) as page:
            assert page.status == 200, await page.text()
