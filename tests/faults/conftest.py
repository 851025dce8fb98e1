"""What the tests of faults share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import IdleDaemon


@pytest.fixture
def idle_daemon(tmp_path: Path) -> Iterator[IdleDaemon]:
    """A capture daemon with a library, not started yet."""
    idle_daemon = IdleDaemon(tmp_path)
    yield idle_daemon
    if idle_daemon.process and idle_daemon.process.poll() is None:
        idle_daemon.kill()
