"""The container of Zstandard, without its compression.

The blocks of a frame may hold their data as it is, so that every decoder of the format reads what is written here, and
no library is needed: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
"""

from typing import Final

# No checksum, no dictionary, no length of the content; a window of 128 KiB, which is the most that a block may hold.
_FRAME_HEADER: Final = bytes.fromhex("28b52ffd") + bytes((0x00, 0x38))
_MOST_IN_BLOCK: Final = 128 * 1024
_SIZE_SHIFT: Final = 3


class ZstdStream:
    """Write one frame that never ends, a run of whole blocks for each message."""

    def __init__(self) -> None:
        self._is_begun = False

    def write(self, data: bytes) -> bytes:
        """Give a message as the next part of the stream; its reader has all of it then."""
        parts = [b"" if self._is_begun else _FRAME_HEADER]
        self._is_begun = True
        for start in range(0, len(data), _MOST_IN_BLOCK):
            block = data[start : start + _MOST_IN_BLOCK]
            parts += [(len(block) << _SIZE_SHIFT).to_bytes(3, "little"), block]
        return b"".join(parts)
