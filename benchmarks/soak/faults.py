"""What can go wrong, as a table: each fault lasts as long as its context, and is mended at its end."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sqlite3
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from installation import CAMERA, DAEMON, DATA, IMAGES, SERVER, Installation, mount, replace

CROWD = 300
HOUR_S, YEAR_S = 3600, 365 * 86400
ADDRESS = "192.0.2.7"  # RFC 5737: nobody's
TRIES = 200

Fault = Callable[[Installation], AbstractContextManager[None]]


@contextmanager
def camera(installation: Installation, **faults: Any) -> Iterator[None]:
    """The camera program misbehaves."""
    installation.misbehave(**faults)
    yield
    installation.misbehave()


@contextmanager
def away(installation: Installation, **faults: Any) -> Iterator[None]:
    """The camera is not to be had when its program is started the next time, and that is now."""
    with camera(installation, **faults), killed(installation, CAMERA):
        yield


@contextmanager
def killed(installation: Installation, *names: str) -> Iterator[None]:
    """These processes, as by the kernel when memory is short (SIGKILL)."""
    for pid in [installation.pid(name) for name in names]:
        with suppress(ProcessLookupError):  # another camera program runs meanwhile
            os.kill(pid, signal.SIGKILL)
    yield


@contextmanager
def stopped(installation: Installation, name: str) -> Iterator[None]:
    """A process stands still."""
    pid = installation.pid(name)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    yield
    with suppress(ProcessLookupError):  # the daemon has ended its camera program meanwhile
        os.kill(pid, signal.SIGCONT)


@contextmanager
def limited(installation: Installation, name: str, what: int) -> Iterator[None]:
    """A process may have no more memory, or open no more files."""
    pid = installation.pid(name)
    before = resource.prlimit(pid, what)
    now = len(os.listdir(f"/proc/{pid}/fd"))
    if what == resource.RLIMIT_AS:
        now = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, what, (now, before[1]))
    yield
    with suppress(ProcessLookupError):
        resource.prlimit(pid, what, before)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No byte is free."""
    filler = folder / ".filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    yield
    filler.unlink()


@contextmanager
def read_only(folder: Path, options: str) -> Iterator[None]:
    """As ext4 becomes when the card fails."""
    for _ in range(TRIES):  # a file that is being written keeps us from it
        if (
            subprocess.run(["mount", "-o", "remount,ro", folder], stderr=subprocess.DEVNULL, check=False).returncode
            == 0
        ):
            break
        time.sleep(0.01)
    yield
    mount(folder, f"remount,rw,{options}")


@contextmanager
def gone(folder: Path, options: str) -> Iterator[None]:
    """Another, empty disk is where it was; it stays."""
    mount(folder, options)
    yield


@contextmanager
def clock(installation: Installation, seconds: float) -> Iterator[None]:
    """It is set, and set right again."""
    installation.jump(seconds)
    yield
    installation.jump(0)


@contextmanager
def settings(installation: Installation, text: str) -> Iterator[None]:
    """The file is wrong."""
    installation.write_settings(text)
    yield
    installation.write_settings(installation.settings)


@contextmanager
def accounts_locked(installation: Installation) -> Iterator[None]:
    """Another program has the database for itself."""
    with closing(sqlite3.connect(installation.data / "accounts.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def accounts_damaged(installation: Installation) -> Iterator[None]:
    """It is no database any more; whoever has made a backup puts it back."""
    file = installation.data / "accounts.db"
    whole = file.read_bytes()
    replace(file, "no database at all " * 400)
    yield
    new = file.with_name("accounts.back")
    new.write_bytes(whole)
    new.rename(file)


def connect(installation: Installation, source: str = "") -> socket.socket:
    """A connection to the server."""
    return socket.create_connection(("127.0.0.1", installation.port), 20, (source, 0) if source else None)


@contextmanager
def crowd(installation: Installation, said: bytes) -> Iterator[None]:
    """Many clients say a little, and then nothing."""
    with ExitStack() as clients, suppress(OSError):
        for number in range(CROWD):
            link = clients.enter_context(connect(installation, f"127.1.{number % 20}.1"))
            link.sendall(said)
        yield
        return
    yield  # the server let nobody more in


@contextmanager
def reset(installation: Installation) -> Iterator[None]:
    """Viewers vanish in the middle of a frame."""
    for _ in range(50):
        with suppress(OSError), connect(installation) as link:
            link.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            link.recv(600)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    yield


@contextmanager
def address(installation: Installation) -> Iterator[None]:
    """A viewer's address goes while it watches: half-open, and nobody says so."""
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    with suppress(OSError), connect(installation, ADDRESS) as link:
        link.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        link.recv(600)
        subprocess.run(["ip", "address", "del", f"{ADDRESS}/32", "dev", "lo"], check=True)
        yield
        return
    yield


def table() -> dict[str, Fault]:
    """All faults by their names."""
    every: dict[str, Fault] = {
        "camera stalls": partial(camera, stall_after=0),
        "camera stalls and will not end": partial(camera, stall_after=0, ignore_term=True),
        "camera dies at each picture": partial(camera, die_after=1),
        "camera dies in a loop": partial(camera, die_after=0, die_signal=int(signal.SIGSEGV)),
        "camera writes half a file": partial(camera, half_file_every=1),
        "camera writes garbage": partial(camera, garbage_every=2),
        "camera is frozen": partial(camera, frozen=True),
        "camera is unplugged": partial(away, no_camera=True),
        "another program has the camera": partial(away, busy=True),
        "images full": lambda installation: full(installation.images),
        "images read-only": lambda installation: read_only(installation.images, IMAGES),
        "images gone": lambda installation: gone(installation.images, IMAGES),
        "data full": lambda installation: full(installation.data),
        "data read-only": lambda installation: read_only(installation.data, DATA),
        "settings torn": partial(settings, text='{"version": 1, "snap'),
        "settings of a newer version": partial(settings, text='{"version": 7}'),
        "settings emptied": partial(settings, text=""),
        "accounts locked": accounts_locked,
        "accounts damaged": accounts_damaged,
        "ten years on": partial(clock, seconds=10 * YEAR_S),
        "ten years back": partial(clock, seconds=-10 * YEAR_S),
        "an hour back": partial(clock, seconds=-HOUR_S),
        "a crowd that says nothing": partial(crowd, said=b""),
        "a crowd that says half": partial(crowd, said=b"GET /images/current.jpg HTTP/1.1\r\nHost: loc"),
        "a crowd that takes nothing": partial(crowd, said=b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "viewers reset": reset,
        "an address goes": address,
    }
    for words, names in (
        ("camera", (CAMERA,)),
        ("daemon", (DAEMON,)),
        ("server", (SERVER,)),
        ("all", (CAMERA, SERVER, DAEMON)),
    ):
        every[f"{words} killed"] = lambda installation, names=names: killed(installation, *names)  # type: ignore[misc]
    for words, name in (("camera", CAMERA), ("daemon", DAEMON), ("server", SERVER)):
        every[f"{words} stopped"] = partial(stopped, name=name)
    for words, name in (("daemon", DAEMON), ("server", SERVER)):
        every[f"{words} out of memory"] = partial(limited, name=name, what=resource.RLIMIT_AS)
        every[f"{words} out of descriptors"] = partial(limited, name=name, what=resource.RLIMIT_NOFILE)
    return every
