"""What the openai client raises, in threadkeep's errors and in words for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager
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
            f"{where} refuses the API key ({status}): set OPENAI_API_KEY, or pass api_key=..., to a key that may use"
            f" this model. It says: {detail}"
        )
    if status == 429:
        remedy = "the quota is spent: check the plan" if error.code == "insufficient_quota" else "too many requests"
        retry_after = _seconds(error.response.headers.get("retry-after"))
        return ModelRateLimitError(f"{where}: {remedy} (429). It says: {detail}", retry_after=retry_after)
    if status >= 500 or status in {408, 409}:
        return ModelUnavailableError(f"{where} is failing ({status}). It says: {detail}")
    if is_too_long(error.code or text_in(error.type), detail):
        return ContextTooLongError(f"the conversation is too long for the model at {server}. It says: {detail}")
    return ModelRequestError(f"{where} refuses the request ({status}). It says: {detail}")


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        # It may also be a date, which the client reads for its own retries.
        return None
