"""The error answers of the API, in its shape: message, type, param and code.

Documented at https://platform.openai.com/docs/guides/error-codes.
"""

from .payloads import JsonObject

_TYPES = {
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    429: "requests",
    500: "server_error",
    503: "service_unavailable_error",
}
_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
_MESSAGES = {
    400: "The request was refused by the emulator's script.",
    401: "Incorrect API key provided. Use one of the keys that the emulator accepts.",
    404: "The model does not exist or you do not have access to it.",
    429: "Rate limit reached for requests. Please try again later.",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine is currently overloaded, please try again later.",
}


class ApiError(Exception):
    """Carry an error answer from where it is found to where it is sent."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.param = param
        self.code = code
        self.retry_after = retry_after

    @property
    def error(self) -> JsonObject:
        """Give the error object as it stands on the wire, without its envelope."""
        return {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}


def error_for_status(
    status: int, *, message: str | None = None, code: str | None = None, retry_after: float | None = None
) -> ApiError:
    """Give the error that the API usually sends with a status.

    Args:
        status: The HTTP status.
        message: A text in the place of the usual one.
        code: A code in the place of the usual one, for instance ``insufficient_quota``.
        retry_after: The seconds to name in the ``Retry-After`` header.
    """
    return ApiError(
        message or _MESSAGES.get(status, f"The emulator answers with status {status}."),
        status=status,
        kind=_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        code=code or _CODES.get(status),
        retry_after=retry_after,
    )


def unknown_model(model: str) -> ApiError:
    """Give the error for a model that the account cannot see."""
    return ApiError(
        f"The model `{model}` does not exist or you do not have access to it.",
        status=404,
        code="model_not_found",
    )


def missing(param: str) -> ApiError:
    """Give the error for a required parameter that is absent."""
    return ApiError(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """Give the error for a parameter of a JSON type that is not accepted."""
    return ApiError(
        f"Invalid type for '{param}': expected {expected}, but got {json_type(value)} instead.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: object, supported: str) -> ApiError:
    """Give the error for a parameter whose value is not among those accepted."""
    return ApiError(
        f"Invalid value for '{param}': {value!r}. Supported values are: {supported}.",
        param=param,
        code="invalid_value",
    )


def unsupported_parameter(param: str, remedy: str) -> ApiError:
    """Give the error for a parameter that exists but that the model does not take."""
    return ApiError(
        f"Unsupported parameter: '{param}' is not supported with this model. {remedy}",
        param=param,
        code="unsupported_parameter",
    )


def not_emulated(param: str) -> ApiError:
    """Give the error for a feature of the real API that the emulator leaves out."""
    return ApiError(f"The emulator does not implement '{param}'.", status=501, kind="emulator_error", param=param)


def json_type(value: object) -> str:
    """Name the JSON type of a value in the words of the API's messages."""
    names: dict[type, str] = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")
