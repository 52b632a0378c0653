"""Makes processes by forking one that has imported everything: a new interpreter would import for a second."""

import json
import os
import selectors
import signal
import sys
from collections.abc import Callable
from typing import Any

Order = dict[str, Any]


def say(number: int, *words: object) -> None:
    """Tell the starter what became of an order, in one write that no other process can cut in two."""
    os.write(1, f"{number} {' '.join(map(str, words))}\n".encode())


def serve_orders(carry_out: Callable[[Order], None]) -> None:
    """Take orders from standard input, a JSON object a line, each carried out by a fork, until the input ends.

    Standard output tells what became of them: ``1 started 4711``, ``1 ended -9``.
    """
    running: dict[int, int] = {}
    bell, ring = os.pipe()
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(bell, selectors.EVENT_READ)
    say(0, "ready")
    waiting = b""
    while True:
        for key, _ in selector.select():
            data = os.read(key.fd, 65536)
            if key.fd != 0:
                _reap(running)
                continue
            if not data:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return
            waiting += data
        *lines, waiting = waiting.split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if pid == 0:
                _become(order, carry_out, (0, bell, ring))
            running[pid] = order["number"]
            say(order["number"], "started", pid)


def _become(order: Order, carry_out: Callable[[Order], None], descriptors: tuple[int, ...]) -> None:
    """Carry out an order in this process, a fresh fork, and end it."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in descriptors:
            os.close(descriptor)
        os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        carry_out(order)
        status = 0
    except BaseException:  # noqa: BLE001 - it is reported, and the process ends at once
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stderr.flush()
        os._exit(status)


def _reap(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        say(running.pop(pid), "ended", os.waitstatus_to_exitcode(status))
