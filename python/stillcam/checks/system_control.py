"""Check of system control: whether root's helper can be asked, and is of this version."""

from __future__ import annotations

import re
from pathlib import Path

from stillcam import __version__
from stillcam.checks.finding import Finding, Installation, fault, ok, warning
from stillcam.checks.machine import systemd_properties
from stillcam.common.safe_read import read_regular
from stillcam.system_control.request import no_update
from stillcam.system_control.switch import UNIT

SERVICE = "stillcam-system@doctor.service"  # any instance: it is not started
SOCKET = "run/stillcam-system/control.sock"
MAX_BYTES = 1 << 16


def system_control(installation: Installation) -> list[Finding]:
    """Whether it is on, and works then; nothing if systemd has no unit of it."""
    check, unit = "system control", systemd_properties(installation, UNIT, "LoadState", "UnitFileState", "ActiveState")
    if unit.get("LoadState") != "loaded":
        return []
    is_on, listens = unit.get("UnitFileState") == "enabled", unit.get("ActiveState") == "active"
    if not (is_on or listens):
        return ok(check, "off")
    if not (listens and (installation.root / SOCKET).is_socket()):
        found = f"{UNIT} is {unit.get('ActiveState')}, and does not listen"
        return fault(check, found, f"sudo systemctl restart {UNIT}; see journalctl -u {UNIT}")
    if not is_on:
        return warning(check, "on, but only until the next boot", "sudo stillcam settings set system.control true")
    environment = systemd_properties(installation, SERVICE, "Environment").get("Environment", "")
    folder = re.search(r"\bPYTHONPATH=(\S+)", environment)
    version = _version_in(installation.root / folder[1].lstrip("/")) if folder else None
    if version != __version__:
        found = f"on, but its helper in {folder[1] if folder else 'its unit'} is of version {version or 'unknown'}"
        return warning(check, f"{found}, and this is {__version__}", "install this version again: docs/install.md")
    why = no_update()
    return ok(check, f"on; {why}" if why else "on, with updates")


def _version_in(python: Path) -> str | None:
    """The version of Stillcam in a folder of Python modules."""
    try:
        text = read_regular(python / "stillcam/__init__.py", MAX_BYTES).decode()
    except (OSError, ValueError):
        return None
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return found[1] if found else None
