"""What the tests of faults share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from taking import CameraDaemon


@pytest.fixture
def camera_daemon(tmp_path: Path) -> Iterator[CameraDaemon]:
    """A capture daemon with a library, not started yet."""
    camera_daemon = CameraDaemon(tmp_path)
    yield camera_daemon
    if camera_daemon.process and camera_daemon.process.poll() is None:
        camera_daemon.kill()
