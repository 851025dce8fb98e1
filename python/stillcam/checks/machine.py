"""The machine: what may be read and written, room, wear, clock, heat and power."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from stillcam.checks import FAULT, OK, WARNING, Finding, Patient
from stillcam.common.folders import LINKS, SOCKETS, lacks, missing
from stillcam.common.kernel_files import size_text, text_of
from stillcam.common.mounts import mount_of, mounts
from stillcam.common.utc import utc_text
from stillcam.frames.files import read_current
from stillcam.system_info import board
from stillcam.system_info.power import power as power_rows
from stillcam.system_info.storage import DAY_S, kind, wear

FULL_BYTES, SCANT_BYTES = 50_000_000, 500_000_000
HOT_C = 80.0  # the firmware slows the processor down from here on (Raspberry Pi documentation)
EARLIEST_S = 1_735_689_600  # 2025-01-01: a clock before it has never been set
SYSTEMD_TIMEOUT_S = 3.0


def permissions(patient: Patient) -> list[Finding]:
    """Whether frames and data can be written, and their file systems have what is needed: that is tried."""
    findings = []
    for name, folder, needs in (
        ("images folder", patient.paths.images, (LINKS,)),
        ("data folder", patient.paths.data, (SOCKETS,)),
    ):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            if told := lacks(folder, needs) if there == folder else "":
                findings.append(Finding(name, FAULT, told, "set STILLCAM_IMAGES or STILLCAM_DATA to a folder on ext4"))
                continue
            findings.append(Finding(name, OK, f"{folder} can be written"))
        else:
            advice = f"sudo chown -R {_user()} {there}; or see that it is mounted writable"
            findings.append(Finding(name, FAULT, f"{folder} cannot be written", advice))
    return findings


def devices(patient: Patient) -> list[Finding]:
    """Whether the camera's device nodes may be opened: they belong to the group video."""
    dev = patient.root / "dev"
    nodes = [node for pattern in ("media*", "video*", "dma_heap/*") for node in dev.glob(pattern)]
    shut = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if shut:
        user = _user()
        found = f"{user} may not open {len(shut)} of {len(nodes)} camera devices ({shut[0]})"
        return [Finding("group video", FAULT, found, f"sudo usermod -aG video {user}, then sign in again")]
    found = f"all {len(nodes)} camera devices may be opened" if nodes else "there are no camera devices here"
    return [Finding("group video", OK, found)]


def _user() -> str:
    """Who runs this: by number where it has no name; what sudo says of it in LOGNAME would be another one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def disk(patient: Patient) -> list[Finding]:
    """Room for frames and for data, and what retention cannot delete."""
    findings = [finding for name, folder in (("images", patient.paths.images), ("data", patient.paths.data))
                for finding in _room(f"disk of {name}", folder)]  # fmt: skip
    if stuck := patient.status.get("library", {}).get("undeletable"):
        found = "; ".join(f"{one['path']} ({one['error']})" for one in stuck)
        advice = f"check the owner of the file and of its folder: ls -ld {shlex.quote(str(stuck[0]['path']))}"
        findings.append(Finding("retention", WARNING, f"cannot delete {found}", advice))
    return findings


def absent(patient: Patient) -> list[Finding]:
    """Whether the disks are there that the library, series and films should be on."""
    folders = (patient.paths.library, patient.paths.series, patient.paths.films, patient.paths.images)
    told = [text for folder in folders if (text := missing(folder, patient.root / "etc/fstab"))]
    if told:
        return [Finding("disks", FAULT, "; ".join(told), "plug it in and mount it; it is used within a minute")]
    return [Finding("disks", OK, "none is missing")]


def _room(name: str, folder: Path) -> Iterator[Finding]:
    try:
        room = os.statvfs(folder)
    except OSError:
        return  # it is not there yet: the folder's own check says more
    free, size = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
    found = f"{size_text(free)} of {size_text(size)} free"
    if room.f_flag & os.ST_RDONLY:
        yield Finding(name, FAULT, "it is mounted read-only", "a worn card turns so: dmesg says why; replace the card")
    elif free < min(FULL_BYTES, size / 20) or (room.f_files and not room.f_favail):
        yield Finding(name, FAULT, f"full: {found}", "delete what is not needed, and set retention.max_bytes_gb")
    elif free < min(SCANT_BYTES, size / 10):
        yield Finding(name, WARNING, found, "set retention.min_free_mb, or delete what is not needed")
    else:
        yield Finding(name, OK, found)


def card(patient: Patient) -> list[Finding]:
    """What frames do to what they lie on, in a day."""
    among = mounts(text_of(patient.root / "proc/self/mountinfo"))
    mount = mount_of(Path(os.path.realpath(patient.paths.images)), among)
    if mount is None:
        return []
    frame = read_current(patient.paths.images)
    interval_s = float(patient.status.get("interval_s") or 2.0)
    on = kind(mount, patient.root)
    text = wear(on, len(frame.data) * DAY_S / interval_s if frame else None)
    advice = "deploy/install.sh puts images/ into memory; so does a line in /etc/fstab" if on == "card" else ""
    return [Finding("card wear", WARNING if on == "card" else OK, text, advice)]


def clock(patient: Patient) -> list[Finding]:
    """Whether it can be right: frames, sessions and series go by it."""
    now = utc_text(time.time())
    if time.time() < EARLIEST_S:
        advice = "connect the Pi to a network for a while, or fit a clock (RTC)"
        return [Finding("clock", FAULT, f"it has never been set: {now}", advice)]
    told = _said(patient, "timedatectl", "show", "--property=NTPSynchronized", "--value").strip()
    if told == "no":
        return [Finding("clock", WARNING, f"{now}, not set by a time server", "sudo timedatectl set-ntp true")]
    return [Finding("clock", OK, f"{now}, set by a time server" if told == "yes" else now)]


def ages(patient: Patient) -> list[Finding]:
    """Whether what is too old is deleted: nothing is while the clock is in doubt."""
    reason = patient.status.get("library", {}).get("waits")
    if not reason:
        return [Finding("deletion by age", OK, "does not wait for the clock")]
    why, _, advice = str(reason).partition(": ")
    return [Finding("deletion by age", WARNING, f"waits: {why}", advice)]


def services(patient: Patient) -> list[Finding]:
    """What systemd had to start again; nothing where it has no such units."""
    said = _said(patient, "systemctl", "show", "--property=Id,NRestarts", "stillcam-*.service")
    units = [dict(line.split("=", 1) for line in unit.splitlines() if "=" in line) for unit in said.split("\n\n")]
    again = {unit["Id"]: unit["NRestarts"] for unit in units if {"Id", "NRestarts"} <= unit.keys()}
    if not again:
        return []
    ended = [f"{name.removesuffix('.service')}: {count}" for name, count in sorted(again.items()) if count != "0"]
    if not ended:
        return [Finding("services", OK, "none was started again")]
    return [Finding("services", WARNING, f"started again by systemd: {', '.join(ended)}", "the log says when and why")]


def _said(patient: Patient, program: str, *arguments: str) -> str:
    """What a program of systemd says; empty where it is not, or does not know."""
    path = shutil.which(program, path=patient.environ.get("PATH"))
    if not path:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SYSTEMD_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if not done.returncode else ""


def heat(patient: Patient) -> list[Finding]:
    """Temperature, and whether the firmware holds the board back for heat or low voltage."""
    sys = patient.root / "sys"
    celsius = board.temperature_c(sys)
    rows = power_rows(celsius, board.throttled(sys) if patient.is_pi else None)
    findings = []
    for label, text in rows:
        when, _, rest = text.partition(": ")
        what, _, advice = rest.partition(": ")
        if when == "now":
            findings.append(Finding("heat and power", FAULT, f"{label.lower()}: {what}", advice))
        elif when.startswith("was"):
            findings.append(Finding("heat and power", WARNING, f"{label.lower()} since boot: {what}", advice))
    if not findings and celsius is not None and celsius >= HOT_C:
        findings.append(Finding("heat and power", WARNING, f"{celsius:.0f} °C", "give it a heat sink, a fan or shade"))
    fine = f"{celsius:.1f} °C, no trouble since boot" if celsius is not None else "not known on this machine"
    return findings or [Finding("heat and power", OK, fine)]
