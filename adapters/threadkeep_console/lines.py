"""Reading lines of the standard input in a thread."""

import os
import sys
from collections.abc import Callable


def line_reader() -> Callable[[str], str]:
    """Give what reads a line after showing a prompt, and raises EOFError at the end.

    At a terminal a line can be edited while it is typed. What comes from elsewhere is shown behind the prompt, as if it
    had been typed: who reads the output knows what was asked.
    """
    if sys.stdin is None:  # a process that was started without an input
        return _read_nothing
    if sys.stdin.isatty():
        return input
    # The interpreter locks the buffer of sys.stdin when it ends, and aborts if a thread is waiting in it. A pipe that
    # nobody closes is therefore read through a file of its own.
    lines = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace")

    def read_line(prompt: str) -> str:
        line = lines.readline()
        if not line:
            lines.close()
            raise EOFError
        line = line.removesuffix("\n")
        print(f"{prompt}{line}", flush=True)  # noqa: T201 - the terminal is the platform
        return line

    return read_line


def _read_nothing(_prompt: str) -> str:
    raise EOFError
