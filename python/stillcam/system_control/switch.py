"""The setting `system.control`: whether root's helper listens.

It is no part of `settings.json`, which the web server can write: it is the state of a unit of systemd, which only root
can change.
"""

from __future__ import annotations

import os
import subprocess

from stillcam.common.errors import SettingsError, StillcamError

NAME = "system.control"
UNIT = "stillcam-system.socket"


def is_on() -> bool:
    """Whether the helper listens, now and after a reboot."""
    return not _systemctl("is-enabled", "--quiet", UNIT).returncode


def turn(value: object) -> bool:
    """Turn it on or off, and start or stop the helper's socket; returns `value`.

    Raises:
        SettingsError: `value` is neither True nor False.
        StillcamError: this process is not root's, or systemd does not know the unit.
    """
    if not isinstance(value, bool):
        raise SettingsError(f"must be true or false, not {value!r}", NAME)
    if os.geteuid() != 0:
        raise StillcamError(f"only root can change {NAME}: sudo stillcam settings set {NAME} {str(value).lower()}")
    done = _systemctl("enable" if value else "disable", "--quiet", "--now", UNIT)
    if done.returncode:
        raise StillcamError(
            f"systemctl: {done.stderr.strip() or done.returncode}; {NAME} needs the services that deploy/install.sh "
            "or the Debian package installs"
        )
    return value


def _systemctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = ["systemctl", *arguments]
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StillcamError(f"{NAME} needs systemd: systemctl cannot be started ({error.strerror})") from error
