"""Fetching a file over HTTP from the hosts of a platform, and from no others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from yarl import URL

from threadkeep.errors import FileNotReadError, PlatformUnavailableError
from threadkeep.files.limits import too_large

_MOST_REDIRECTS: Final = 5
_PIECE: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHosts:
    """Where files may be fetched from.

    Attributes:
        origins: Scheme, host and port of each place: ``https://files.slack.com``. Nothing is asked of any other.
        headers: What they are told with each request, such as a token.
        proxy: Through which proxy they are reached; None for none.
        seconds: How long one request may take.
    """

    origins: Collection[str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str | None = None
    seconds: float = 30.0

    def has(self, url: URL) -> bool:
        """Tell whether an address is in one of the places; one with a user's name in it is in none."""
        is_plain = bool(url.scheme and url.host) and url.user is None and url.password is None
        return is_plain and str(url.origin()) in self.origins


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """What was answered.

    Attributes:
        status: The HTTP status. A redirection that leads away from the hosts is not followed and is the answer.
        media_type: What the server says that it is, in lower case and without parameters.
        data: The bytes of an answer with status 200; none of any other.
        location: Where a redirection leads that was not followed.
    """

    status: int
    media_type: str = ""
    data: bytes = field(default=b"", repr=False)
    location: URL | None = None


async def download(session: aiohttp.ClientSession, url: str, hosts: FileHosts, *, most: int) -> Downloaded:
    """Fetch a file of at most so many bytes. Redirections are followed within the hosts.

    Raises:
        FileNotReadError: It is larger, lies elsewhere, or is sent in circles.
        PlatformUnavailableError: The server is not reached, fails or is too slow.
    """
    address = _parsed(url)
    if address is None or not hosts.has(address):
        raise FileNotReadError("it lies outside of the platform")
    for _ in range(_MOST_REDIRECTS + 1):
        answer = await _get(session, address, hosts, most=most)
        if answer.location is None or not hosts.has(answer.location):
            return answer
        address = answer.location
    raise FileNotReadError("its address leads in circles")


async def _get(session: aiohttp.ClientSession, address: URL, hosts: FileHosts, *, most: int) -> Downloaded:
    limit = aiohttp.ClientTimeout(total=hosts.seconds)
    try:
        async with session.get(
            address, headers=hosts.headers, proxy=hosts.proxy, allow_redirects=False, timeout=limit
        ) as response:
            if response.status in _REDIRECTS:
                target = _parsed(response.headers.get("Location", ""))
                location = None if target is None else address.join(target)
                return Downloaded(status=response.status, location=location)
            if response.status >= 500:
                raise PlatformUnavailableError(f"{address.host} answered {response.status}")
            data = await _read(response, most) if response.status == 200 else b""
            return Downloaded(status=response.status, media_type=response.content_type.lower(), data=data)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The text of such an error may hold the address, which may be all that somebody needs to read the file.
        raise PlatformUnavailableError(f"{address.host} cannot be reached ({type(error).__name__})") from error


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    declared = response.content_length
    if declared is not None and declared > most:
        raise too_large(most)
    data = bytearray()
    # What is sent compressed counts as it is unpacked.
    async for piece in response.content.iter_chunked(_PIECE):
        data += piece
        if len(data) > most:
            raise too_large(most)
    return bytes(data)


def _parsed(url: str) -> URL | None:
    try:
        return URL(url) if url else None
    except ValueError:
        return None
