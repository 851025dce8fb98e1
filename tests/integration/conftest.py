"""What the tests of several processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import CaptureDaemon, IdleDaemon
from serving import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server without a daemon."""
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server without a daemon, for all tests of a file that ask it and leave no more than a frame behind."""
    with Site(tmp_path_factory.mktemp("shared_site")) as site:
        yield site


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[CaptureDaemon]:
    """A capture daemon, not started yet; the simulated camera is fast."""
    with CaptureDaemon(tmp_path) as daemon:
        daemon.fault()
        yield daemon


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdleDaemon]:
    """A capture daemon with a library that runs, for all tests of a file that begin with its `use`."""
    with IdleDaemon(tmp_path_factory.mktemp("shared_daemon")) as shared_daemon:
        shared_daemon.open()
        yield shared_daemon


@pytest.fixture
def idle_daemon(tmp_path: Path) -> Iterator[IdleDaemon]:
    """A capture daemon with a library, not started yet."""
    with IdleDaemon(tmp_path) as idle_daemon:
        yield idle_daemon
