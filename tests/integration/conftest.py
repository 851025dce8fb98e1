"""What the tests of several processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from capturing import Daemon
from serving import Site
from taking import CameraDaemon


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server without a daemon."""
    with Site(tmp_path) as site:
        yield site


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A capture daemon, not started yet; the simulated camera is fast."""
    daemon = Daemon(tmp_path)
    daemon.fault()
    yield daemon
    if daemon.process and daemon.process.poll() is None:
        daemon.process.kill()
        daemon.process.wait()


@pytest.fixture
def camera_daemon(tmp_path: Path) -> Iterator[CameraDaemon]:
    """A capture daemon with a library, not started yet."""
    camera_daemon = CameraDaemon(tmp_path)
    yield camera_daemon
    if camera_daemon.process and camera_daemon.process.poll() is None:
        camera_daemon.kill()
