"""Checks of the machine: permissions, disks, wear, clock, services, heat and power."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import time
from pathlib import Path

from stillcam.checks.finding import Finding, Installation, fault, ok, warning
from stillcam.common.folders import LINKS, SOCKETS, lacks, missing_disk
from stillcam.common.formats import size_text, utc_text
from stillcam.common.kernel_files import mount_of, mounts, text_of
from stillcam.frames.files import open_current
from stillcam.system_info import board, output_of
from stillcam.system_info.storage import DAY_S, kind, wear

FULL_BYTES, SCANT_BYTES = 50_000_000, 500_000_000
EARLIEST_S = 1_735_689_600  # 2025-01-01: a clock before it has never been set
SYSTEMD_TIMEOUT_S = 3.0


def permissions(installation: Installation) -> list[Finding]:
    """Whether frames, data and items can be written, and their file systems have the features that they need."""
    paths = installation.paths
    return [
        *_writable("images folder", paths.images, LINKS),
        *_writable("data folder", paths.data, SOCKETS),
        *(
            finding
            for folder in (paths.library, paths.series, paths.films)
            if folder.is_dir() and not _can_write_items(folder)
            for finding in fault(f"{folder.name} folder", f"cannot write to {folder}", _chown(folder))
        ),
    ]


def _can_write_items(folder: Path) -> bool:
    """Whether a folder and those directly in it can be written to, such as the days of the library."""
    return _can_write(folder) and all(map(_can_write, filter(Path.is_dir, folder.iterdir())))


def _can_write(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _chown(folder: Path) -> str:
    return f"sudo chown -R {_user()} {shlex.quote(str(folder))}; or mount its disk writable"


def _writable(check: str, folder: Path, needs: str) -> list[Finding]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not (there.is_dir() and _can_write(there)):
        return fault(check, f"cannot write to {folder}", _chown(there))
    if there == folder and (text := lacks(folder, (needs,))):
        return fault(check, text, "set STILLCAM_IMAGES or STILLCAM_DATA to a folder on ext4")
    return ok(check, f"{folder} is writable")


def devices(installation: Installation) -> list[Finding]:
    """Whether the camera's device nodes may be opened: they belong to the group video."""
    dev = installation.root / "dev"
    nodes = [node for pattern in ("media*", "video*", "dma_heap/*") for node in dev.glob(pattern)]
    shut = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if shut:
        user = _user()
        found = f"{user} may not open {len(shut)} of {len(nodes)} camera devices ({shut[0]})"
        return fault("group video", found, f"sudo usermod -aG video {user}, then sign in again")
    return ok("group video", f"all {len(nodes)} camera devices can be opened" if nodes
              else "this machine has no camera devices")  # fmt: skip


def _user() -> str:
    """The user that runs this, by number if it has no name. Not LOGNAME, which sudo sets to another one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def disk(installation: Installation) -> list[Finding]:
    """Free space for frames and data, and files that retention cannot delete."""
    findings = _room("disk of images", installation.paths.images) + _room("disk of data", installation.paths.data)
    if stuck := installation.status.get("library", {}).get("undeletable"):
        found = "; ".join(f"{one['path']} ({one['error']})" for one in stuck)
        advice = f"check the owner of the file and of its folder: ls -ld {shlex.quote(str(stuck[0]['path']))}"
        findings += warning("retention", f"cannot delete {found}", advice)
    return findings


def absent(installation: Installation) -> list[Finding]:
    """Whether the disks of the library, series and films are mounted."""
    paths, fstab = installation.paths, installation.root / "etc/fstab"
    folders = (paths.library, paths.series, paths.films, paths.images)
    if texts := [text for folder in folders if (text := missing_disk(folder, fstab))]:
        return fault("disks", "; ".join(texts), "connect the disk and mount it; Stillcam uses it within a minute")
    return ok("disks", "no disk is missing")


def _room(check: str, folder: Path) -> list[Finding]:
    try:
        room = os.statvfs(folder)
    except OSError:
        return []  # missing: `permissions` says more
    free, size = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
    found = f"{size_text(free)} of {size_text(size)} free"
    if room.f_flag & os.ST_RDONLY:
        return fault(check, "read-only", "worn SD cards become read-only: see dmesg, and replace the card")
    if free < min(FULL_BYTES, size / 20) or (room.f_files and not room.f_favail):
        return fault(check, f"full: {found}", "delete items that you no longer need, and set retention.max_bytes_gb")
    if free < min(SCANT_BYTES, size / 10):
        return warning(check, found, "set retention.min_free_mb, or delete items that you no longer need")
    return ok(check, found)


def card(installation: Installation) -> list[Finding]:
    """The wear that frames cause."""
    among = mounts(text_of(installation.root / "proc/self/mountinfo"))
    mount = mount_of(Path(os.path.realpath(installation.paths.images)), among)
    if mount is None:
        return []
    frame = open_current(installation.paths.images)
    interval_s = float(installation.status.get("interval_s") or 2.0)
    on = kind(mount, installation.root)
    text = wear(on, frame.size * DAY_S / interval_s if frame else None)
    if on == "card":
        advice = "keep images/ in memory: deploy/install.sh does so, or a line in /etc/fstab (docs/install.md)"
        return warning("card wear", text, advice)
    return ok("card wear", text)


def clock(installation: Installation) -> list[Finding]:
    """Whether the clock is set: frames, sessions and series depend on it."""
    now = utc_text(time.time())
    if time.time() < EARLIEST_S:
        advice = "connect the Pi to a network for a while, or fit a clock (RTC)"
        return fault("clock", f"never set: {now}", advice)
    lines = _output_of(installation, "timedatectl", "show").splitlines()
    if "NTPSynchronized=no" in lines:
        return warning("clock", f"{now}, not set by a time server", _time_server_advice(lines))
    return ok("clock", f"{now}, set by a time server" if "NTPSynchronized=yes" in lines else now)


def _time_server_advice(lines: list[str]) -> str:
    """What to do, by the output of `timedatectl show`."""
    if "CanNTP=no" in lines:  # a minimal Debian has no program for it
        return "sudo apt install -y systemd-timesyncd"
    if "NTP=yes" in lines:
        return "no time server has answered yet: check the network, and see timedatectl timesync-status"
    return "sudo timedatectl set-ntp true"


def ages(installation: Installation) -> list[Finding]:
    """Whether files are deleted by age: none are while the clock is in doubt."""
    reason = installation.status.get("library", {}).get("waits")
    if not reason:
        return ok("deletion by age", "does not wait for the clock")
    why, _, advice = str(reason).partition(": ")
    return warning("deletion by age", f"waits: {why}", advice)


def services(installation: Installation) -> list[Finding]:
    """Restarts by systemd; nothing if it has no units of Stillcam."""
    output = _output_of(installation, "systemctl", "show", "--property=Id,NRestarts", "stillcam-*.service")
    units = [dict(line.split("=", 1) for line in unit.splitlines() if "=" in line) for unit in output.split("\n\n")]
    again = {unit["Id"]: unit["NRestarts"] for unit in units if {"Id", "NRestarts"} <= unit.keys()}
    if not again:
        return []
    ended = [f"{name.removesuffix('.service')}: {count}" for name, count in sorted(again.items()) if count != "0"]
    if not ended:
        return ok("services", "no service was restarted")
    return warning("services", f"restarted by systemd: {', '.join(ended)}", "`stillcam log` shows when and why")


def systemd_properties(installation: Installation, unit: str, *names: str) -> dict[str, str]:
    """Some properties of a unit; empty without systemd."""
    lines = _output_of(installation, "systemctl", "show", f"--property={','.join(names)}", unit).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _output_of(installation: Installation, program: str, *arguments: str) -> str:
    path = shutil.which(program, path=installation.environ.get("PATH"))
    return output_of((path, *arguments), SYSTEMD_TIMEOUT_S) if path else ""


def heat(installation: Installation) -> list[Finding]:
    """Temperature, and whether the firmware throttles the board for heat or low voltage."""
    check, sys = "heat and power", installation.root / "sys"
    celsius = board.temperature_c(sys)
    bits = board.throttled(sys) if installation.is_pi else None
    findings = []
    for condition in board.CONDITIONS if bits is not None else ():
        label = condition.label.lower()
        if condition.is_now(bits or 0):
            findings += fault(check, f"{label}: {condition.text}", condition.advice)
        elif condition.was_since_boot(bits or 0):
            findings += warning(check, f"{label} since boot: {condition.text}", condition.advice)
    if findings:
        return findings
    if celsius is None:
        return ok(check, "this machine does not report them")
    if celsius >= board.HOT_C:
        return warning(check, f"{celsius:.0f} °C", board.COOLING)
    return ok(check, f"{celsius:.1f} °C, no problems since boot")
