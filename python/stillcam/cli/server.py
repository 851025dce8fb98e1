"""`addresses` and `log`: where to look."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Told, add
from stillcam.cli.accounts import welcome
from stillcam.common.addresses import urls
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.settings.file import load_in_force

UNITS = ("stillcam-capture", "stillcam-capture@*", "stillcam-server")


def add_to(commands: Any) -> None:
    """Add these commands."""
    add(commands, "addresses", "print the addresses to open, and the set-up code until an owner has registered", where)
    show = add(commands, "log", "print the last lines of all logs, the newest at the end", log)
    show.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="how many; default: 50")
    show.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C")


def where(paths: Paths, environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """The handiest address comes first."""
    addresses = urls(environ, tls=speaks_tls(paths))
    more = welcome(paths.primary.data)
    return Told(addresses + more, {"addresses": addresses, "notes": more})


def speaks_tls(paths: Paths) -> bool:
    """Whether the server does, by its settings."""
    try:
        return bool(load_in_force(paths.primary.settings)[0].server.tls_certificate)
    except StillcamError:
        return False  # what is wrong with the settings, both programs say when they start


def log(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Told:
    """Of the log files in `data/logs/`; the units of deploy/install.sh log to the journal instead."""
    if arguments.lines < 0:
        raise StillcamError("--lines must be 0 or more")
    if arguments.follow and arguments.json:
        raise StillcamError("--follow gives lines as they come, and no JSON: leave out one of the two")
    logs = paths.primary.logs
    files = [file for file in (*sorted(logs.glob("capture*.log")), logs / "server.log") if file.is_file()]
    if not files:
        return _journal(environ, arguments)
    if arguments.follow:
        os.execvp("tail", ["tail", "-n", str(arguments.lines), "-F", "--", *map(str, files)])  # noqa: S606 - no shell
    return _told(sorted(line for file in files for line in _last(file, arguments.lines)), arguments)


def _journal(environ: Mapping[str, str], arguments: Arguments) -> Told:
    if not shutil.which("journalctl", path=environ.get("PATH")):
        raise StillcamError("there is no log in data/logs/, and no systemd journal: has Stillcam been started?")
    argv = ["journalctl", "--no-pager", "--output=cat", f"--lines={arguments.lines}"]
    argv += [f"--unit={unit}" for unit in UNITS]
    if arguments.follow:
        os.execvp("journalctl", [*argv, "--follow"])  # noqa: S606 - no shell
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise StillcamError(f"journalctl: {done.stderr.strip() or done.returncode}")
    return _told(done.stdout.splitlines(), arguments)


def _told(lines: list[str], arguments: Arguments) -> Told:
    newest = lines[-arguments.lines :] if arguments.lines else []
    return Told(newest, {"lines": newest})


def _last(file: Path, number: int) -> list[str]:
    """The last lines; a traceback stays with its first line, which alone has a time."""
    entries: list[str] = []
    for line in file.read_text("utf-8", "replace").splitlines():
        if line[:1].isdigit() or not entries:
            entries.append(line)
        else:
            entries[-1] += f"\n{line}"
    return entries[-number:] if number else []
