"""This machine once more, as a container that systemd boots: what is written there is in memory, and goes with it."""

import importlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from serving import DEADLINE_S, ROOT

# In a mount namespace of its own, so that nothing stays mounted.
MOUNT = """
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$1/root"
"""
# Without what this machine starts at boot.
BOOT = """
rm -f "$1"/root/etc/systemd/system/*.wants/*
while
  status=0
  systemd-nspawn --quiet --register=no --keep-unit --private-network --link-journal=no --machine=stillcam \\
    --console=pipe --boot --directory="$1/root" || status=$?
  [ "$status" = 133 ] # it reboots
do :; done
"""
ENVIRONMENT = ("env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")
MODULES = ("PIL", "prometheus_client", "astral")
OPTIONAL_MODULES = (
    "apprise", "certifi", "charset_normalizer", "click", "colorzero", "gpiozero", "gpiozero-2.0.1.dist-info", "idna",
    "markdown", "oauthlib", "paho", "requests", "requests_oauthlib", "urllib3", "yaml",
)  # fmt: skip
DEBIAN_MODULES = ("PIL", "prometheus_client")  # Debian 12 has these in the versions that Stillcam needs


class Booted:
    """A machine that runs; only loopback is its network."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """That of its systemd, 0 while there is none."""
        return child(child(self._process.pid))

    @property
    def root(self) -> Path:
        """Its files."""
        return Path(f"/proc/{self.pid}/root")

    def run(self, *argv: str | Path, check: bool = True, status: int = 0) -> str:
        """What a program says there; with `check`, it must end with `status`."""
        # Its root too: booted in a chroot, the root of its mount namespace is that of the machine around it.
        enter = ("nsenter", f"--target={self.pid}", "--all", "--root", "--wd", "--", *ENVIRONMENT)
        done = subprocess.run(
            [*enter, *map(str, argv)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        said = done.stdout + (done.stderr if status else "")
        assert not check or done.returncode == status, f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}"
        return said

    def install(self) -> None:
        """Install the copy of Stillcam that lies in /root/stillcam."""
        self.run("/root/stillcam/deploy/install.sh", "--patience", str(int(DEADLINE_S) - 5))

    def up(self) -> None:
        """Wait until all is started that is started at boot."""
        deadline = time.monotonic() + DEADLINE_S
        while not self.pid or not (self.root / "run/systemd/private").exists():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        self.run("systemctl", "is-system-running", "--wait", check=False)  # something of Debian's may have failed

    def reboot(self) -> None:
        """Boot it again."""
        before = self.pid
        self.run("systemctl", "reboot", check=False)
        deadline = time.monotonic() + DEADLINE_S
        while self.pid in (0, before):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        self.up()

    def put_modules(self) -> None:
        """Put the Python packages there that the installer would fetch."""
        self.run("/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", "/opt/stillcam/venv")
        (packages,) = self.root.glob("opt/stillcam/venv/lib/python3.*/site-packages")
        self._copy(MODULES, packages)

    def put_debian_modules(self) -> None:
        """Put the Python packages there that apt would get for the Debian package."""
        self._copy(DEBIAN_MODULES, self.root / "usr/lib/python3/dist-packages")

    def put_optional_modules(self) -> None:
        """Put the optional Python packages there, as apt would: for all environments."""
        [packages] = ROOT.glob(".venv/guests/debian13/lib/python3*/site-packages")
        for name in OPTIONAL_MODULES:
            shutil.copytree(packages / name, self.root / "usr/lib/python3/dist-packages" / name, dirs_exist_ok=True)

    @staticmethod
    def _copy(modules: tuple[str, ...], packages: Path) -> None:
        for name in modules:
            place = Path(importlib.import_module(name).__file__ or "")
            if place.name == "__init__.py":
                shutil.copytree(place.parent, packages / name, dirs_exist_ok=True)
                for libraries in place.parent.parent.glob("[Pp]illow.libs" if name == "PIL" else "none"):
                    shutil.copytree(libraries, packages / libraries.name, dirs_exist_ok=True)
            else:
                shutil.copy(place, packages)


def child(pid: int) -> int:
    """The first child of a process; 0: there is none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def mounted(script: str, folder: Path) -> list[str]:
    """A shell that mounts the copy of this machine below `folder`, and does `script`."""
    return ["unshare", "--mount", "sh", "-euc", MOUNT + script, "sh", str(folder)]


def hindrance(folder: Path) -> str:
    """Why no machine can be booted here; empty: it can."""
    if os.geteuid() != 0:
        return "only root can boot a machine: sudo tests/run tests/deploy"
    done = subprocess.run(mounted("", folder), capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    return done.stderr.strip() and f"no machine can be booted here: {done.stderr.strip()}"


@contextmanager
def booted(temporary: pytest.TempPathFactory) -> Iterator[Booted]:
    """The machine, until the end of `with`. Skips the test where none can be booted."""
    if reason := hindrance(temporary.mktemp("trial")):
        pytest.skip(reason)
    folder = temporary.mktemp("machine")
    log, memory = folder / "console", folder / "memory"
    memory.mkdir()
    with log.open("wb") as said:
        process = subprocess.Popen(mounted(BOOT, memory), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    machine = Booted(process, log)
    try:
        machine.up()
        yield machine
    finally:
        if machine.pid:
            os.kill(machine.pid, signal.SIGKILL)  # and with it all that runs there
        process.wait(DEADLINE_S)
