"""What the server's replies hold, with their types checked."""

from threadkeep.errors import StoreError


def as_list(reply: object) -> list[object]:
    """Take a reply as a list."""
    if isinstance(reply, list):
        return reply
    raise _unexpected("a list", reply)


def as_int(reply: object) -> int:
    """Take a reply, or its text, as a whole number."""
    if isinstance(reply, int | bytes):
        return int(reply)
    raise _unexpected("a number", reply)


def as_bytes(reply: object) -> bytes:
    """Take a reply as bytes."""
    if isinstance(reply, bytes):
        return reply
    raise _unexpected("bytes", reply)


def as_text(reply: object) -> str:
    """Take a reply as text."""
    return as_bytes(reply).decode()


def as_fields(reply: object) -> dict[str, bytes]:
    """Take the fields of a hash: a map in a direct reply, a flat list in that of a script."""
    if isinstance(reply, dict):
        return {as_text(name): as_bytes(value) for name, value in reply.items()}
    words = as_list(reply)
    fields: dict[str, bytes] = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        # Read by every claim: a call for each word would cost more than all else here.
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise _unexpected("a hash", reply)
        fields[name.decode()] = value
    return fields


def _unexpected(wanted: str, reply: object) -> StoreError:
    return StoreError(f"Redis answered with {type(reply).__name__} where {wanted} was expected")
