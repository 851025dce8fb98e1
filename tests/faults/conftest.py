"""What the tests of faults share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import ROOT, IdleDaemon
from installation import Installation

LISTENER = """
import sys
from pathlib import Path
from stillcam.ipc.protocol import CommandServer
CommandServer(Path("sock"), lambda message: message)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Installation]:
    """The daemon on the simulated camera and the server, both running."""
    with Installation(tmp_path) as camera:
        yield camera


@pytest.fixture
def idle_daemon(tmp_path: Path) -> Iterator[IdleDaemon]:
    """A capture daemon with a library, not started yet."""
    with IdleDaemon(tmp_path) as idle_daemon:
        yield idle_daemon


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[int]:
    """The process id of a program that answers each message on the command socket `sock` with the message itself."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT / "python")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process.pid
