"""`certificate`: HTTPS with a certificate for this machine's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stillcam.cli import Arguments, Result, add_command
from stillcam.common.paths import Paths
from stillcam.http import certificates
from stillcam.http.certificates import CertificateFiles
from stillcam.http.messages import Refused
from stillcam.server.own_address import listening_address
from stillcam.server.security.host_check import OwnNames, check_host
from stillcam.settings.file import load, save
from stillcam.settings.schema import Settings

FOLDER = "tls"  # in the data folder
SETTING = f"{FOLDER}/server.pem"


def add_to(commands: Any) -> None:
    """Add this command."""
    text = "make a certificate for HTTPS, signed by an authority for you to import into browsers"
    parser = add_command(commands, "certificate", text, make)
    parser.add_argument(
        "names", nargs="+", metavar="NAME",
        help="all host names and addresses that browsers use, like camera.local 192.168.1.20",
    )  # fmt: skip


def make(paths: Paths, environ: Mapping[str, str], arguments: Arguments) -> Result:
    """Make the certificate, and set `server.tls_certificate` unless it names another one."""
    names = certificates.valid_names(arguments.names)
    files = CertificateFiles(paths.primary.data / FOLDER)
    settings = load(paths.primary.settings)
    new_authority = certificates.make(files, names)
    end = certificates.date_text(certificates.expires_s(files.server))
    is_set = settings.server.tls_certificate in ("", SETTING, str(files.server))
    if is_set and (settings.server.tls_certificate, settings.server.tls_key) != (SETTING, ""):
        save(paths.primary.settings, replace(settings, server=replace(
            settings.server, tls_certificate=SETTING, tls_key="")))  # fmt: skip
    url = f"https://{f'[{names[0]}]' if ':' in names[0] else names[0]}:{listening_address(environ)[1]}/"
    own = OwnNames(search=environ.get("LOCALDOMAIN", "")).current()
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
    return "import this into browsers and phones (docs/reverse-proxy.md says how); it is valid for these names only"


def _settings_lines(settings: Settings, is_set: bool, url: str) -> list[str]:
    if not is_set:
        command = f"python -m stillcam settings set server.tls_certificate {SETTING}"
        key = ["python -m stillcam settings set server.tls_key null"] if settings.server.tls_key else []
        return [f"not in use: server.tls_certificate is {settings.server.tls_certificate}. To use it:", *key, command]
    if settings.server.tls_certificate:
        return [f"in use within a minute if the server already uses HTTPS, otherwise after a restart, at {url}"]
    return [
        f"server.tls_certificate is set: restart the server (sudo systemctl restart stillcam-server), then open {url}"
    ]


def _unknown(name: str, own: frozenset[str], settings: Settings) -> str:
    try:
        check_host(f"[{name}]" if ":" in name else name, own, settings.access.hosts)
    except Refused:
        return f"{name} is not an accepted name of this server: add it to access.hosts, or the server refuses it (421)"
    return ""
