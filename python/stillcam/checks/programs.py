"""Checks of helper programs, Python and its packages."""

from __future__ import annotations

import platform
from importlib.util import find_spec

from stillcam import __version__
from stillcam.checks.finding import Finding, Installation, fault, ok, warning
from stillcam.system_info.software import Software

_HELPERS = (
    ("jpegtran", "jpegtran", "without it, rotation by 90° or 270° is not lossless", "libjpeg-turbo-progs"),
    ("FFmpeg", "ffmpeg", "without it, no films can be made", "ffmpeg"),
)  # row of Software, check, what is missing without it, package
_MODULES = {"PIL": "pillow", "prometheus_client": "prometheus-client", "astral.sun": "astral"}


def helpers(installation: Installation) -> list[Finding]:
    """Optional programs."""
    rows = dict(Software().rows(installation.environ.get("PATH")))
    findings = []
    for row, check, without, package in _HELPERS:
        if rows[row] == "not installed":
            findings += warning(check, f"not installed: {without}", f"sudo apt install -y {package}")
        else:
            findings += ok(check, rows[row])
    return findings


def versions(_installation: Installation) -> list[Finding]:
    """The versions of Stillcam and Python, and missing packages."""
    missing = [package for module, package in _MODULES.items() if not _has(module)]
    found = f"Stillcam {__version__}, Python {platform.python_version()}"
    if missing:
        return fault("versions", f"{found}; missing: {', '.join(missing)}", "run ./start_camera_server.sh once")
    return ok("versions", found)


def _has(module: str) -> bool:
    """Whether a module is installed; astral 1, which Debian 12 has, lacks astral.sun."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
