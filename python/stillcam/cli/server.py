"""`addresses`, `log`, `wait` and `webhooks`: the web server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.cli.accounts import set_up_lines
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.notifications.webhook import FILE, load_key
from stillcam.server.own_address import healthz, listening_address, urls
from stillcam.settings.file import load_or_last_good

POLL_S = 0.2
UNITS = ("stillcam-capture", "stillcam-capture@*", "stillcam-server")


def add_to(commands: Any) -> None:
    """Add these commands."""
    add_command(
        commands,
        "addresses",
        "print the addresses to open, and the set-up code until an owner has registered",
        addresses,
    )
    show = add_command(commands, "log", "print the last lines of all logs, the newest at the end", log)
    show.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="how many; default: 50")
    show.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C")
    text = "wait until a new picture is shown; exit status 1 when none has been in time"
    waiter = add_command(commands, "wait", text, wait)
    waiter.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long at most; default: 60")
    waiter.add_argument("--after", default="", metavar="FRAME", help="name of the frame that is not new")
    text = "list the webhook receivers, and print the key that messages are signed with"
    add_command(commands, "webhooks", text, webhooks)


def addresses(paths: Paths, environ: Mapping[str, str], _arguments: Arguments) -> Result:
    """The addresses of the page, the most convenient one first."""
    found = urls(environ, tls=_uses_tls(paths))
    more = set_up_lines(paths.primary.data)
    return Result(found + more, {"addresses": found, "notes": more})


def _uses_tls(paths: Paths) -> bool:
    """Whether the server uses HTTPS, according to its settings."""
    try:
        return bool(load_or_last_good(paths.primary.settings)[0].server.tls_certificate)
    except StillcamError:
        return False  # both programs log what is wrong with the settings


def log(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Result:
    """The last lines of the files in `data/logs/`, or of the journal, to which the units of deploy/install.sh log."""
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
    return _newest(sorted(line for file in files for line in _last(file, arguments.lines)), arguments)


def _journal(environ: Mapping[str, str], arguments: Arguments) -> Result:
    if not shutil.which("journalctl", path=environ.get("PATH")):
        raise StillcamError("there is no log in data/logs/, and no systemd journal: has Stillcam been started?")
    argv = ["journalctl", "--no-pager", "--output=cat", f"--lines={arguments.lines}"]
    argv += [f"--unit={unit}" for unit in UNITS]
    if arguments.follow:
        os.execvp("journalctl", [*argv, "--follow"])  # noqa: S606 - no shell
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise StillcamError(f"journalctl: {done.stderr.strip() or done.returncode}")
    return _newest(done.stdout.splitlines(), arguments)


def _newest(lines: list[str], arguments: Arguments) -> Result:
    newest = lines[-arguments.lines :] if arguments.lines else []
    return Result(newest, {"lines": newest})


def _last(file: Path, number: int) -> list[str]:
    """The last entries; the lines of a traceback belong to its first line, which alone has a time."""
    entries: list[str] = []
    for line in file.read_text("utf-8", "replace").splitlines():
        if line[:1].isdigit() or not entries:
            entries.append(line)
        else:
            entries[-1] += f"\n{line}"
    return entries[-number:] if number else []


def wait(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Result:
    """Wait until the folder has a new frame and the server reports a fresh one."""
    end_s = time.monotonic() + arguments.seconds
    while True:
        frame, missing = _new_frame(paths, environ, arguments.after)
        if frame:
            return Result([f"{frame} is shown"], {"frame": frame})
        if time.monotonic() >= end_s:
            raise StillcamError(f"no new picture within {arguments.seconds:g} s: {missing}")
        time.sleep(POLL_S)


def _new_frame(paths: Paths, environ: Mapping[str, str], before: str) -> tuple[str, str]:
    """The name of the new frame, or else what is missing."""
    try:
        frame = os.readlink(paths.current)
    except OSError:
        return "", f"there is no {paths.current}"
    if frame == before:
        return "", f"{paths.current} is still {before}"
    host, port = listening_address(environ)
    try:
        status, health = healthz(
            host, port, tls=_uses_tls(paths), below=f"camera/{paths.number}/" if paths.first else ""
        )
    except OSError as error:
        return "", f"the web server does not answer on port {port} ({error})"
    return (frame, "") if status == 200 else ("", str(health.get("reason")))


def webhooks(paths: Paths, _environ: Mapping[str, str], _arguments: Arguments) -> Result:
    """The key, and the receivers."""
    settings, _ = load_or_last_good(paths.settings)
    key, urls = load_key(paths.primary.data / FILE), list(settings.webhooks.urls)
    return Result([f"key {key}", *(f"to  {url}" for url in urls)], {"key": key, "urls": urls})
