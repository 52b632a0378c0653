"""Files that were read a moment ago, kept in this process."""

import threading
from collections import OrderedDict
from typing import Final

from threadkeep.messages import File

CACHE_BYTES: Final = 64 * 1024 * 1024
"""How many bytes of files a process keeps."""
_COST: Final = 1024
"""What each file counts beside its bytes: there may be very many that are empty."""


class FileCache:
    """Keep the files that were used last, as far as they fit. Several threads may use it.

    Args:
        most: How many bytes it holds.
    """

    def __init__(self, most: int = CACHE_BYTES) -> None:
        self._most = most
        self._files: OrderedDict[tuple[str, str], File] = OrderedDict()
        self._lock = threading.Lock()
        self._size = 0

    @property
    def size(self) -> int:
        """How many bytes it holds now, with what each file counts beside them."""
        return self._size

    def get(self, session_id: str, file_id: str) -> File | None:
        """Give a file of a session; None if it is not here, or no more."""
        with self._lock:
            found = self._files.get((session_id, file_id))
            if found is not None:
                self._files.move_to_end((session_id, file_id))
            return found

    def put(self, session_id: str, file_id: str, file: File) -> None:
        """Keep a file; others are given up for it. One that is larger than the cache is not kept."""
        if _size(file) > self._most:
            return
        with self._lock:
            former = self._files.pop((session_id, file_id), None)
            self._files[session_id, file_id] = file
            self._size += _size(file) - (_size(former) if former is not None else 0)
            while self._size > self._most:
                _, given_up = self._files.popitem(last=False)
                self._size -= _size(given_up)


def _size(file: File) -> int:
    return len(file.data) + _COST
