"""Fetching files from the hosts of a platform, and from no others."""

import asyncio
from collections import Counter
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threadkeep.chat.download import FileHosts, download
from threadkeep.errors import FileNotReadError, PlatformUnavailableError

TOKEN = {"Authorization": "Bearer secret"}


class Hosts:
    """Two servers: one of the platform, one of somebody else."""

    def __init__(self):
        self.visits = Counter()
        self.answers = {}
        self.own = TestServer(self._app("own"))
        self.foreign = TestServer(self._app("foreign"))

    def _app(self, name):
        async def visit(request):
            self.visits[name, request.headers.get("Authorization")] += 1
            return await self.answers[request.path](request)

        app = web.Application()
        app.router.add_get("/{path:.*}", visit)
        return app

    def url(self, path, server=None):
        return str((server or self.own).make_url(path))

    def answer(self, path, **fields):
        async def give(_request):
            return web.Response(**fields)

        self.answers[path] = give

    async def get(self, path, *, most=1000, seconds=5.0):
        places = FileHosts(origins={self.url("").rstrip("/")}, headers=TOKEN, seconds=seconds)
        url = path if path.startswith(("http", "file", ":")) else self.url(path)
        async with aiohttp.ClientSession() as session:
            return await download(session, url, places, most=most)


@pytest.fixture
async def hosts():
    made = Hosts()
    async with made.own, made.foreign:
        yield made


async def test_a_file_is_fetched_with_the_token(hosts):
    hosts.answer("/a", body=b"data", content_type="Image/PNG")
    found = await hosts.get("/a")
    assert (found.status, found.media_type, found.data) == (200, "image/png", b"data")
    assert hosts.visits == {("own", "Bearer secret"): 1}


@pytest.mark.parametrize("target", ["/b", "b", "//{host}/b", "http://{host}/b"])
async def test_redirections_within_the_host_are_followed(hosts, target):
    location = target.format(host=urlsplit(hosts.url("")).netloc)
    hosts.answer("/a", status=302, headers={"Location": location})
    hosts.answer("/b", body=b"data")
    assert (await hosts.get("/a")).data == b"data"


@pytest.mark.parametrize("address", ["//{host}/b", "http://ann@{host}/b", "http://ann:pw@{host}/b", "http:///b", "b"])
async def test_addresses_that_are_none_of_the_hosts_are_not_asked(hosts, address):
    hosts.answer("/b", body=b"data")
    host = urlsplit(hosts.url("")).netloc
    places = FileHosts(origins={hosts.url("").rstrip("/")}, headers=TOKEN)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(FileNotReadError, match="outside"):
            await download(session, address.format(host=host), places, most=1000)
    assert not hosts.visits


async def test_a_redirection_with_a_name_in_it_is_not_followed(hosts):
    hosts.answer("/a", status=302, headers={"Location": f"http://ann:pw@{urlsplit(hosts.url('')).netloc}/b"})
    hosts.answer("/b", body=b"data")
    assert (await hosts.get("/a")).status == 302
    assert hosts.visits == {("own", "Bearer secret"): 1}


@pytest.mark.parametrize("disguise", ["{foreign}", "http://{own_host}@{foreign_host}/b", "http://127.0.0.1.example/b"])
async def test_redirections_elsewhere_are_the_answer(hosts, disguise):
    own, foreign = urlsplit(hosts.url("")).netloc, urlsplit(hosts.url("", hosts.foreign)).netloc
    location = disguise.format(foreign=hosts.url("/b", hosts.foreign), own_host=own, foreign_host=foreign)
    hosts.answer("/a", status=302, headers={"Location": location})
    found = await hosts.get("/a")
    assert (found.status, found.data) == (302, b"")
    assert found.location is not None
    assert {name for name, _ in hosts.visits} == {"own"}


@pytest.mark.parametrize("url", ["https://evil.example/a", "file:///etc/passwd", "http://[", "", "/a/b", "://"])
async def test_addresses_elsewhere_are_not_visited(hosts, url):
    places = FileHosts(origins={"https://files.slack.com"}, headers=TOKEN)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(FileNotReadError, match="outside of the platform"):
            await download(session, url, places, most=10)


async def test_circles_end(hosts):
    hosts.answer("/a", status=302, headers={"Location": "/a"})
    with pytest.raises(FileNotReadError, match="circles"):
        await hosts.get("/a")
    assert hosts.visits.total() == 6


async def test_a_redirection_to_nowhere_is_an_answer_without_data(hosts):
    hosts.answer("/a", status=302)
    found = await hosts.get("/a")
    assert (found.status, found.data, found.location) == (302, b"", None)


async def test_what_is_too_large_is_not_read_whether_it_says_so_or_not(hosts):
    async def endless(request):
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(1024))
        except ConnectionError:
            return response

    hosts.answers["/endless"] = endless
    hosts.answer("/large", body=bytes(1001))
    for path in ("/endless", "/large"):
        with pytest.raises(FileNotReadError, match="too large"):
            await hosts.get(path)


async def test_what_is_packed_counts_as_it_is_unpacked(hosts):
    async def packed(_request):
        response = web.Response(body=bytes(100_000))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    hosts.answers["/packed"] = packed
    with pytest.raises(FileNotReadError, match="too large"):
        await hosts.get("/packed")


async def test_refusals_are_answers_and_failures_are_errors(hosts):
    hosts.answer("/gone", status=404, body=b"not here")
    hosts.answer("/broken", status=503)
    assert (await hosts.get("/gone")).data == b""
    with pytest.raises(PlatformUnavailableError, match="503"):
        await hosts.get("/broken")


async def test_a_server_that_is_silent_or_away_is_an_error_without_the_address(hosts):
    async def silent(_request):
        await asyncio.Event().wait()

    hosts.answers["/secret-path"] = silent
    with pytest.raises(PlatformUnavailableError) as caught:
        await hosts.get("/secret-path", seconds=0.1)
    assert "secret-path" not in str(caught.value)
    places = FileHosts(origins={hosts.url("").rstrip("/")})
    away = hosts.url("/a")
    await hosts.own.close()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(PlatformUnavailableError, match="cannot be reached"):
            await download(session, away, places, most=10)
