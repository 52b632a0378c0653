"""What the emulator answers when it refuses, and what it raises at the people who drive it.

ApiError            a refusal of the HTTP API: status, JSON code, message, nested form errors
EmulatorError       a wrong use by the test or demo that drives the emulator
  NotSeenError      what was waited for did not happen in time

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from typing import Any


class ApiError(Exception):
    """Refuse a request the way Discord does."""

    def __init__(self, status: int, code: int, message: str, *, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> dict[str, Any]:
        """Give the JSON body of the refusal."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class EmulatorError(Exception):
    """Say that the driver of the emulator asked for something that cannot be."""


class NotSeenError(EmulatorError, TimeoutError):
    """Say that what was waited for did not happen, and what was there instead."""


class FormErrors:
    """Collect what is wrong with a form, field by field.

    https://discord.com/developers/docs/reference#error-messages
    """

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, path: str, code: str, message: str) -> None:
        """Note an error at a field, named as ``embeds.0.title``; an empty path means the form itself."""
        node = self._tree
        for part in path.split("."):
            if part:
                node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def too_long(self, path: str, most: int) -> None:
        """Note that a text or list is longer than allowed."""
        self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def required(self, path: str) -> None:
        """Note that a field is missing."""
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def raise_if_any(self) -> None:
        """Refuse the request when anything was noted.

        Raises:
            ApiError: 50035, Invalid Form Body, with all that was noted.
        """
        if self._tree:
            raise self.refusal()

    def refusal(self) -> ApiError:
        """Make the refusal that names all that was noted."""
        return ApiError(400, 50035, "Invalid Form Body", errors=self._tree)


def invalid_form(path: str, code: str, message: str) -> ApiError:
    """Make the refusal of a form with one wrong field."""
    errors = FormErrors()
    errors.add(path, code, message)
    return errors.refusal()


def unauthorized() -> ApiError:
    """Make the refusal of a missing or wrong token."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """Make the refusal of a route that does not exist."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """Make the refusal of a channel that does not exist."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    """Make the refusal of a guild that does not exist."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """Make the refusal of a user who is not in the guild."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """Make the refusal of a message that does not exist."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """Make the refusal of a user who does not exist."""
    return ApiError(404, 10013, "Unknown User")


def missing_access() -> ApiError:
    """Make the refusal of what the bot cannot see."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """Make the refusal of what the bot may not do."""
    return ApiError(403, 50013, "Missing Permissions")


def empty_message() -> ApiError:
    """Make the refusal of a message with nothing in it."""
    return ApiError(400, 50006, "Cannot send an empty message")


def thread_archived() -> ApiError:
    """Make the refusal of a change in an archived thread."""
    return ApiError(400, 50083, "Thread is archived")
