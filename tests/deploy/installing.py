"""deploy/install.sh below a folder of the test's own: no user is made, and a stand-in for systemctl."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving import DEADLINE_S, ROOT

PARTS = ("LICENSE", "README.md", "capture.sh", "deploy", "docs", "python", "server.sh", "start_camera_server.sh", "web")


class Machine:
    """One below `folder`.

    Args:
        folder: becomes its `/`, beside the copies of Stillcam that are installed on it.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self._bin = folder / "root", folder / "bin"
        self.root.mkdir()
        self._bin.mkdir()
        (self._bin / "systemctl").symlink_to(ROOT / "tests/deploy/systemctl")
        self.program("python3", f'exec {sys.executable} "$@"')
        for name in ("useradd", "usermod", "userdel", "apt-get"):
            self.program(name, f'echo {name} "$@" >>{folder}/users')
        self._users, self._path = folder / "users", os.environ["PATH"]
        self.write("etc/default/stillcam", "STILLCAM_CAMERA=simulated\nSTILLCAM_BIND=127.0.0.1\nSTILLCAM_PORT=0\n")

    def program(self, name: str, script: str) -> None:
        """A program on its PATH, in place of the one that is there."""
        (self._bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self._bin / name).chmod(0o755)

    def lacks(self, name: str) -> None:
        """Its PATH has all that this machine's has, but this program."""
        everything = self.root.parent / "everything"
        everything.mkdir()
        for folder in os.environ["PATH"].split(":"):
            for program in Path(folder).glob("*"):
                if program.name != name and not (everything / program.name).is_symlink():
                    (everything / program.name).symlink_to(program)
        self._path = str(everything)

    def write(self, path: str, text: str) -> None:
        """A file on the machine."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        """A program, as root would run it there."""
        environ = {"PATH": f"{self._bin}:{self._path}", "INSTALL_ROOT": str(self.root)}
        return subprocess.run(
            list(map(str, argv)), stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ,
            timeout=DEADLINE_S * 3, check=False,
        )  # fmt: skip

    def install(self, source: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Run that copy's install.sh."""
        return self.run(source / "deploy/install.sh", "--root", self.root, *options)

    def stillcam(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command that it has installed."""
        return self.run(self.root / "usr/local/bin/stillcam", *arguments)

    def calls(self) -> list[str]:
        """What systemctl and the makers of users were asked."""
        files = (self.root / "fake-systemd/calls", self._users)
        return [line for file in files if file.exists() for line in file.read_text().splitlines()]

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` gives something that counts as true."""
        deadline = time.monotonic() + DEADLINE_S
        while not (result := holds()):
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.05)
        return result

    def logs(self) -> str:
        """What the units have said."""
        return "\n".join(file.read_text() for file in (self.root / "fake-systemd").glob("*.log"))

    def end(self) -> None:
        """End what the units have started; a camera program ends with its daemon."""
        for file in (self.root / "fake-systemd").glob("*.pid"):
            with contextlib.suppress(OSError):
                os.killpg(int(file.read_text()), signal.SIGKILL)


def copy(folder: Path) -> Path:
    """A copy of Stillcam to install."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy2(ROOT / part, folder / part)
    return folder
