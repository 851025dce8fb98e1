"""`doctor`, `addresses`, `log`, `wait`, `webhooks` and `certificate`: this installation, and its web server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.cli.accounts import set_up_lines
from stillcam.cli.output import Table
from stillcam.cli.progress import ProgressLine
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.http import certificates
from stillcam.http.messages import Refused
from stillcam.notifications.webhook import KEY_FILE, load_key
from stillcam.server.own_address import healthz, listening_address, urls
from stillcam.server.security.host_check import OwnNames, check_host
from stillcam.settings.file import load, load_or_last_good, save
from stillcam.settings.schema import Settings

SHOWN_POLL_S = 0.2  # between two looks whether a new picture is shown
UNITS = ("stillcam-capture", "stillcam-capture@*", "stillcam-server")
TLS_FOLDER = "tls"  # in the data folder
TLS_SETTING = f"{TLS_FOLDER}/server.pem"


def add_to(commands: Any) -> None:
    text = "check everything and say how to fix what is wrong"
    add_command(commands, "doctor", text, doctor)
    text = "print the addresses of the page, and the setup code"
    add_command(commands, "addresses", text, addresses)
    show = add_command(commands, "log", "print the newest lines of all logs", log)
    show.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="how many (default: 50)")
    show.add_argument("-f", "--follow", action="store_true", help="print new lines as they come, until Ctrl-C")
    waiter = add_command(commands, "wait", "wait until the page shows a picture", wait)
    waiter.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="give up after S seconds (default: 60)"
    )
    waiter.add_argument("--after", default="", metavar="FRAME", help="wait for a picture other than this one")
    text = "list the webhook receivers and the key that signs messages"
    add_command(commands, "webhooks", text, webhooks)
    text = "create a certificate for HTTPS"
    parser = add_command(commands, "certificate", text, certificate)
    text = "each host name and address that browsers use, like camera.local 192.168.1.20"
    parser.add_argument("names", nargs="+", metavar="HOST", help=text)


def doctor(paths: Paths, arguments: Arguments) -> Result:
    """The findings of all checks. Only faults give exit status 1, not warnings."""
    from stillcam import checks  # with all the drivers, which only this command needs
    from stillcam.checks.finding import FAULT

    findings, rows = [], []
    with ProgressLine("checking") as line:
        installation = checks.this_installation(paths, arguments.environ)
        for number, check in enumerate(checks.CHECKS, 1):
            line.text = f"check {number} of {len(checks.CHECKS)}: {check.__name__}"
            findings += check(installation)
    for finding in findings:
        rows.append((finding.state, finding.check, finding.found))
        if finding.advice:
            rows.append(("", "", f"-> {finding.advice}"))
    ok = all(finding.state != FAULT for finding in findings)
    table = Table(("STATE", "CHECK", "FOUND"), rows)
    return Result(table, {"well": ok, "checks": [asdict(finding) for finding in findings]}, ok)


def addresses(paths: Paths, arguments: Arguments) -> Result:
    """The addresses of the page, the most convenient one first."""
    found = urls(arguments.environ, tls=_uses_tls(paths))
    more = set_up_lines(paths.primary.data)
    return Result(found + more, {"addresses": found, "notes": more})


def _uses_tls(paths: Paths) -> bool:
    """Whether the server uses HTTPS, according to its settings."""
    try:
        return bool(load_or_last_good(paths.primary.settings)[0].server.tls_certificate)
    except StillcamError:
        return False  # both programs log what is wrong with the settings


def log(paths: Paths, arguments: Arguments) -> Result:
    """The last lines of the files in `data/logs/`, or of the journal, to which the units of deploy/install.sh log."""
    if arguments.lines < 0:
        raise StillcamError("--lines must be 0 or more")
    if arguments.follow and arguments.json:
        raise StillcamError("--follow cannot be combined with --json: leave out one of the two")
    logs = paths.primary.logs
    files = [file for file in (*sorted(logs.glob("capture*.log")), logs / "server.log") if file.is_file()]
    if not files:
        return _journal(arguments)
    if arguments.follow:
        os.execvp("tail", ["tail", "-n", str(arguments.lines), "-F", "--", *map(str, files)])  # noqa: S606 - no shell
    return _newest(sorted(line for file in files for line in _last(file, arguments.lines)), arguments)


def _journal(arguments: Arguments) -> Result:
    if not shutil.which("journalctl", path=arguments.environ.get("PATH")):
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


def wait(paths: Paths, arguments: Arguments) -> Result:
    """Wait until the folder has a new frame and the server reports a fresh one."""
    end_s = time.monotonic() + arguments.seconds
    with ProgressLine("") as line:
        while True:
            frame, missing = _new_frame(paths, arguments.environ, arguments.after)
            if frame:
                return Result([f"{frame} is shown"], {"frame": frame})
            line.text, line.left_s = missing, end_s - time.monotonic()
            if line.left_s <= 0:
                raise StillcamError(f"no new picture within {arguments.seconds:g} s: {missing}")
            time.sleep(SHOWN_POLL_S)


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
        below = f"camera/{paths.number}/" if paths.first else ""
        status, health = healthz(host, port, tls=_uses_tls(paths), below=below)
    except OSError as error:
        return "", f"the web server does not answer on port {port} ({error})"
    return (frame, "") if status == 200 else ("", str(health.get("reason")))


def webhooks(paths: Paths, _arguments: Arguments) -> Result:
    settings, _ = load_or_last_good(paths.settings)
    key, urls = load_key(paths.primary.data / KEY_FILE), list(settings.webhooks.urls)
    return Result(Table((), [("key", key), *(("receiver", url) for url in urls)]), {"key": key, "urls": urls})


def certificate(paths: Paths, arguments: Arguments) -> Result:
    """Make the certificate, and set `server.tls_certificate` unless it names another one."""
    names = certificates.valid_names(arguments.names)
    files = certificates.CertificateFiles(paths.primary.data / TLS_FOLDER)
    settings = load(paths.primary.settings)
    new_authority = certificates.make(files, names)
    end = certificates.date_text(certificates.expires_s(files.server))
    is_set = settings.server.tls_certificate in ("", TLS_SETTING, str(files.server))
    if is_set and (settings.server.tls_certificate, settings.server.tls_key) != (TLS_SETTING, ""):
        save(paths.primary.settings, replace(settings, server=replace(
            settings.server, tls_certificate=TLS_SETTING, tls_key="")))  # fmt: skip
    url = f"https://{f'[{names[0]}]' if ':' in names[0] else names[0]}:{listening_address(arguments.environ)[1]}/"
    own = OwnNames(search=arguments.environ.get("LOCALDOMAIN", "")).current()
    lines = [
        f"{files.server}: the certificate for {', '.join(names)}, valid until {end}",
        f"{files.authority}: {_import(new_authority)}",
        f"{files.authority_key}: renews the certificate; without it, import a new authority every year",
        *_settings_lines(settings, is_set, url),
        *(line for name in names if (line := _unknown(name, own, settings))),
    ]
    return Result(lines, {
        "names": names, "ends": end, "certificate": str(files.server), "authority": str(files.authority),
        "authority_key": str(files.authority_key), "new_authority": new_authority, "set": is_set, "url": url,
    })  # fmt: skip


def _import(new_authority: bool) -> str:
    if not new_authority:
        return "unchanged; browsers that have imported it need nothing new"
    return "valid for these names only; import it into browsers and phones (docs/integrate/https-and-proxies.md)"


def _settings_lines(settings: Settings, is_set: bool, url: str) -> list[str]:
    if not is_set:
        command = f"stillcam settings set server.tls_certificate {TLS_SETTING}"
        key = ["stillcam settings set server.tls_key null"] if settings.server.tls_key else []
        return [f"not in use: server.tls_certificate is {settings.server.tls_certificate}. To use it:", *key, command]
    if settings.server.tls_certificate:
        return [f"in use within a minute if the server already uses HTTPS, otherwise after a restart, at {url}"]
    restart = "sudo systemctl restart stillcam-server"
    return [f"server.tls_certificate is set: restart the server ({restart}), then open {url}"]


def _unknown(name: str, own: frozenset[str], settings: Settings) -> str:
    try:
        check_host(f"[{name}]" if ":" in name else name, own, settings.access.hosts)
    except Refused:
        return f"{name} is not an accepted name of this server: add it to access.hosts, or the server refuses it (421)"
    return ""
