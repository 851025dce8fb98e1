"""What the tests of several processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from capturing import Daemon
from serving import Site
from taking import Studio


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
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A capture daemon with a library, not started yet."""
    studio = Studio(tmp_path)
    yield studio
    if studio.process and studio.process.poll() is None:
        studio.kill()
