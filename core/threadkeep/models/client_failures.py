"""What the openai client raises, in threadkeep's errors and in words for the operator."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import httpx2
import openai

from threadkeep.errors import (
    ContextTooLongError,
    ModelAuthError,
    ModelError,
    ModelRateLimitError,
    ModelRequestError,
    ModelResponseError,
    ModelUnavailableError,
)
from threadkeep.models.failures import is_too_long, one_line
from threadkeep.models.payloads import text_in

_UNREACHABLE: Final = "cannot be reached: check the address and the network"
_NETWORK_ERRORS: Final = (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError)


@contextmanager
def mapped_failures(server: str, *, timeout: float, is_answering: bool = False) -> Iterator[None]:
    """Turn what the client raises into a ModelError.

    Args:
        server: The server's address, for the message.
        timeout: The seconds that the client waits, for the message.
        is_answering: Whether the answer has begun.
    """
    try:
        yield
    except openai.APIStatusError as error:
        raise status_failure(error, server) from error
    except (openai.APITimeoutError, httpx2.ReadTimeout, httpx2.WriteTimeout, httpx2.PoolTimeout) as error:
        # The transport reports a refused or closed connection as a connect timeout.
        if isinstance(error.__cause__, httpx2.ConnectTimeout):
            raise ModelUnavailableError(f"the model server at {server} {_UNREACHABLE}") from error
        raise ModelUnavailableError(f"the model server at {server} was silent for {timeout:g} s") from error
    except (openai.APIConnectionError, *_NETWORK_ERRORS) as error:
        detail = "cut the answer off" if is_answering else _UNREACHABLE
        raise ModelUnavailableError(f"the model server at {server} {detail}") from error
    except (openai.OpenAIError, ValueError) as error:
        raise ModelResponseError(f"the model server at {server} sent something that cannot be read") from error


def status_failure(error: openai.APIStatusError, server: str) -> ModelError:
    """Give the error for an answer with an HTTP error status."""
    detail = one_line(error.message)
    status = error.status_code
    where = f"the model server at {server}"
    if status in {401, 403}:
        return ModelAuthError(
            f"{where} refuses the API key ({status}): set OPENAI_API_KEY, or the model's api_key, to a key that may use"
            f" this model. It says: {detail}"
        )
    retry_after = asked_to_wait(error.response.headers, now=time.time())
    if status == 429:
        remedy = "the quota is spent: check the plan" if error.code == "insufficient_quota" else "too many requests"
        return ModelRateLimitError(f"{where}: {remedy} (429). It says: {detail}", retry_after=retry_after)
    if status >= 500 or status in {408, 409}:
        return ModelUnavailableError(f"{where} is failing ({status}). It says: {detail}", retry_after=retry_after)
    if is_too_long(error.code or text_in(error.type), detail):
        return ContextTooLongError(f"the conversation is too long for the model at {server}. It says: {detail}")
    return ModelRequestError(f"{where} refuses the request ({status}). It says: {detail}")


def asked_to_wait(headers: Mapping[str, str], *, now: float) -> float | None:
    """Give how many seconds a server asks to wait; None where it does not say.

    ``Retry-After`` is a number of seconds or a date (RFC 9110, section 10.2.3); some servers send milliseconds besides.

    Args:
        headers: Those of its answer, by names in small letters.
        now: The seconds since the epoch.
    """
    milliseconds, header = _number(headers.get("retry-after-ms")), headers.get("retry-after")
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    seconds = _number(header)
    if seconds is None and header is not None:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - now
        except ValueError:
            return None
    return None if seconds is None else max(0.0, seconds)


def _number(header: str | None) -> float | None:
    try:
        number = None if header is None else float(header)
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
