"""Browsers that send what no browser sends."""

import asyncio
import time

import pytest
from yarl import URL

STATE = f"{'n' * 43}.{int(time.time()) + 1000}.{'0' * 64}"


@pytest.mark.parametrize("cookie", [b"\xff\xfe", b'"\\303\\251"', b"\xe9" * 43, b"x" * 43, b"", b";;=;"])
async def test_any_cookie_is_read(caplog, capsys, start, cookie):
    base = URL((await start()).base_url)
    reader, writer = await asyncio.open_connection(base.host, base.port)
    request = f"GET /slack/oauth_redirect?code=c&state={STATE} HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n".encode()
    writer.write(request + b"Cookie: threadkeep_install=" + cookie + b"\r\n\r\n")
    await writer.drain()
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in caplog.text + capsys.readouterr().err
