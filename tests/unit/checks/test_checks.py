"""Each check of `doctor`, on machines that are well and on those that are not."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from listed_programs import listed_programs
from pictures import picture
from serving import ROOT

from stillcam import __version__
from stillcam.checks import CHECKS, camera, machine, profiles, programs, series, server, system_control
from stillcam.checks.finding import FAULT, OK, WARNING, Installation
from stillcam.common.paths import Paths
from stillcam.frames.files import Publisher

STATUS = {
    "running": True, "mode": "snapshot", "since": "2026-11-20T23:45:01.123Z", "started": "2026-11-20T23:45:00.000Z",
    "reason": None, "notice": None, "interval_s": 2.0, "driver": "rpicam", "camera": {"index": 0, "model": "imx708"},
    "captures": {"ok": 12, "failed": 0}, "restarts": {},
}  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Gives installations on a machine of their own."""
    paths = Paths(images=tmp_path / "images", data=tmp_path / "data")
    paths.images.mkdir()
    paths.data.mkdir()

    def installation(status=None, **environ):
        return Installation(paths, {"PATH": os.environ["PATH"], **environ}, status or {}, tmp_path)

    return installation


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def states(findings):
    return [finding.state for finding in findings]


def the(findings):
    (finding,) = findings
    return finding


def test_every_check_has_its_say_without_a_daemon(make):
    installation = make(STILLCAM_CAMERA="simulated", STILLCAM_PORT="1")
    found = {check.__name__: check(installation) for check in CHECKS}
    silent = {name for name, findings in found.items() if not findings}
    # There is nothing to check.
    assert silent <= {"restarts", "privacy", "motion", "services", "system_control", "card", "receivers"}
    findings = [finding for findings in found.values() for finding in findings]
    assert {finding.state for finding in findings} <= {OK, WARNING, FAULT}
    assert len({finding.check for finding in findings}) == len(findings)
    assert all(finding.advice for finding in findings if finding.state == WARNING)


@pytest.mark.parametrize(
    ("environ", "board", "state", "said"),
    [
        pytest.param({"STILLCAM_CAMERA": "simulated"}, "", OK, "STILLCAM_CAMERA=simulated", id="wanted"),
        pytest.param({}, "", WARNING, "pictures are simulated", id="no Pi"),
        pytest.param({}, "Raspberry Pi 4 Model B Rev 1.4\0", FAULT, "pictures are simulated", id="a Pi"),
        pytest.param({"STILLCAM_CAMERA": "brownie"}, "", FAULT, "must be one of", id="no such driver"),
        pytest.param({"STILLCAM_CAMERA": "rpicam"}, "", FAULT, "sudo apt install -y rpicam-apps", id="not there"),
    ],
)
def test_the_camera_software(make, tmp_path, environ, board, state, said):
    write(tmp_path / "proc/device-tree/model", board)
    finding = the(camera.software(make(**environ, PATH=str(tmp_path))))
    assert (finding.state, said in finding.found) == (state, True)
    assert ("apt install" in finding.advice) == bool(board)  # Debian itself has no such package


def test_the_library_instead_of_camera_programs(make, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "standin")
    assert the(camera.software(make(PATH=str(tmp_path)))).found.startswith("picamera2 ")


@pytest.mark.parametrize("kind", ["picamera2", "auto"])
def test_a_library_that_this_python_does_not_see(make, tmp_path, monkeypatch, kind):
    """An environment without the system's packages; pictures were simulated, or the library was to be installed."""
    monkeypatch.setattr("stillcam.camera.select._OF_DEBIAN", tmp_path)
    finding = the(camera.software(make(STILLCAM_CAMERA=kind, PATH=str(tmp_path))))
    assert (finding.state, "--system-site-packages" in finding.found) == (FAULT, True)


def test_background_threads_that_have_died(make):
    assert states(camera.daemon(make(STATUS))) == [OK, OK]
    death = {"name": "library", "count": 2, "error": "no right", "time": "2026-11-20T23:45:01.123Z"}
    finding = camera.daemon(make(STATUS | {"threads": [death]}))[1]
    assert (finding.state, "restarts of library: 2" in finding.found, bool(finding.advice)) == (WARNING, True, True)


def test_a_disk_that_is_missing(make, tmp_path):
    installation = make()
    assert the(machine.absent(installation)).state == OK
    installation.paths.series.symlink_to(tmp_path / "usb/series")
    finding = the(machine.absent(installation))
    assert (finding.state, f"{tmp_path}/usb" in finding.found) == (FAULT, True)


def test_a_file_system_without_what_is_needed(make, monkeypatch):
    """It is tried: here the kernel refuses what it refuses on FAT."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    images, data = machine.permissions(make())
    assert (images.state, "has no symbolic links" in images.found, data.state) == (FAULT, True, OK)


def test_what_retention_cannot_delete(make):
    stuck = {"undeletable": [{"path": "/data/library/2026-11-20/x.mov", "error": "Is a directory"}]}
    finding = machine.disk(make(STATUS | {"library": stuck}))[-1]
    assert (finding.check, finding.state, "x.mov (Is a directory)" in finding.found) == ("retention", WARNING, True)


def test_the_version_of_the_camera_software(make, tmp_path):
    write(tmp_path / "rpicam-still", "#!/bin/sh\necho 'rpicam-apps build: v1.5.0'\n")
    (tmp_path / "rpicam-still").chmod(0o755)
    assert the(camera.software(make(PATH=f"{tmp_path}:/usr/bin:/bin"))).found.startswith("v1.5.0, ")


@pytest.mark.parametrize(
    ("case", "state", "said"),
    [
        pytest.param("list-cameras-usb.txt", OK, "", id="free"),
        pytest.param("list-cameras-held.txt", FAULT, "another program uses the camera", id="held"),
    ],
)
def test_a_camera_that_another_program_has_is_named(make, tmp_path, case, state, said):
    """Without a daemon: it would fail to start for that reason."""
    programs = listed_programs(tmp_path / "programs", case)
    finding = the(camera.cameras(make(PATH=f"{programs}:/usr/bin:/bin")))
    assert (finding.state, said in finding.advice) == (state, True)


def test_without_a_camera_the_cable_is_named(make, tmp_path):
    write(tmp_path / "rpicam-still", "#!/bin/sh\necho 'No cameras available!'\n")
    (tmp_path / "rpicam-still").chmod(0o755)
    finding = the(camera.cameras(make(PATH=f"{tmp_path}:/usr/bin:/bin")))
    assert (finding.state, "ribbon cable" in finding.advice) == (FAULT, True)


def test_the_daemon(make):
    assert the(camera.daemon(make())).state == FAULT
    assert states(camera.daemon(make(STATUS))) == [OK, OK]
    finding = camera.daemon(make({**STATUS, "notice": "the file is wrong"}))[0]
    assert (finding.state, finding.advice) == (WARNING, "the file is wrong")


@pytest.mark.parametrize(
    ("age_s", "state"), [(0.0, OK), (10.0, OK), (12.0, FAULT), (86400.0, FAULT), (-3600.0, WARNING)]
)
def test_the_age_of_the_picture(make, monkeypatch, age_s, state):
    installation = make(STATUS)
    assert the(camera.picture(installation)).state == FAULT
    still = installation.paths.images / ".still_1.jpg"
    still.write_bytes(picture())
    Publisher(installation.paths.images).publish(still, 1.8e9)
    monkeypatch.setattr(time, "time", lambda: 1.8e9 + age_s)
    assert the(camera.picture(installation)).state == state


@pytest.mark.parametrize(
    ("counts", "state", "words"),
    [
        pytest.param({"looked": 500, "skipped": 10}, OK, "3 events", id="it keeps up"),
        pytest.param({"looked": 500, "skipped": 100}, WARNING, "100 of 600 frames", id="a slow processor"),
        pytest.param({"looked": 500, "dropped": 7}, WARNING, "7 frames of events", id="a slow disk"),
    ],
)
def test_an_armed_camera_that_does_not_keep_up_is_found(make, counts, state, words):
    assert camera.motion(make()) == camera.motion(make({**STATUS, "motion": None})) == []
    seen = {"events": 3, "looked": 0, "skipped": 0, "dropped": 0, **counts}
    finding = the(camera.motion(make({**STATUS, "motion": {"armed": True, "counts": seen}})))
    assert (finding.state, words in finding.found) == (state, True)


def test_privacy_masks_are_told(make):
    assert camera.privacy(make()) == camera.privacy(make({**STATUS, "privacy": {"masks": 0, "raw": False}})) == []
    finding = the(camera.privacy(make({**STATUS, "privacy": {"masks": 2, "raw": False}})))
    assert (finding.state, finding.found) == (OK, "2 privacy masks; no raw photos")


def test_restarts_are_told_by_cause(make):
    assert camera.restarts(make()) == []
    assert the(camera.restarts(make(STATUS))).state == OK
    finding = the(camera.restarts(make({**STATUS, "restarts": {"stalled": 2, "died": 1}})))
    assert finding.state == WARNING
    assert finding.found.endswith("no picture arrived in time: 2; the camera program died: 1")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("exit 1", [], id="systemd does not run"),
        pytest.param("echo", [], id="not installed"),
        pytest.param(
            "printf 'Id=stillcam-server.service\\nNRestarts=0\\n'", [(OK, "no service was restarted")], id="none"
        ),
        pytest.param(
            "printf 'NRestarts=2\\nId=stillcam-server.service\\n\\nId=stillcam-capture@1.service\\nNRestarts=1\\n'",
            [(WARNING, "restarted by systemd: stillcam-capture@1: 1, stillcam-server: 2")],
            id="two of them",
        ),
    ],
)
def test_what_systemd_started_again(make, tmp_path, script, expected):
    """The daemon does not know: its own count begins anew with it."""
    write(tmp_path / "systemctl", f"#!/bin/sh\n{script}\n")
    (tmp_path / "systemctl").chmod(0o755)
    findings = machine.services(make(PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert [(finding.state, finding.found) for finding in findings] == expected


@pytest.mark.parametrize(
    ("unit", "socket_is_there", "version", "expected"),
    [
        pytest.param("LoadState=not-found", False, "", None, id="no unit"),
        pytest.param("UnitFileState=disabled\nActiveState=inactive", False, "", (OK, "off"), id="off"),
        pytest.param(
            "UnitFileState=enabled\nActiveState=active", True, __version__, (OK, "on; Stillcam was not"), id="on"
        ),
        pytest.param(
            "UnitFileState=enabled\nActiveState=active", False, __version__, (FAULT, "does not listen"), id="no socket"
        ),
        pytest.param(
            "UnitFileState=enabled\nActiveState=failed", True, __version__, (FAULT, "is failed, and"), id="failed"
        ),
        pytest.param(
            "UnitFileState=disabled\nActiveState=active", True, __version__, (WARNING, "next boot"), id="not enabled"
        ),
        pytest.param(
            "UnitFileState=enabled\nActiveState=active", True, "0.0.1", (WARNING, "of version 0.0.1"), id="old"
        ),
        pytest.param("UnitFileState=enabled\nActiveState=active", True, "", (WARNING, "version unknown"), id="gone"),
    ],
)
def test_system_control(make, tmp_path, monkeypatch, unit, socket_is_there, version, expected):
    monkeypatch.chdir(tmp_path)  # an address has 108 bytes
    lines = unit if "LoadState" in unit else f"LoadState=loaded\n{unit}"
    write(tmp_path / "unit", f"{lines}\nEnvironment=A=1 PYTHONPATH=/helper/python\n")
    write(tmp_path / "systemctl", f"#!/bin/sh\ncat {tmp_path}/unit\n")
    (tmp_path / "systemctl").chmod(0o755)
    if version:
        write(tmp_path / "helper/python/stillcam/__init__.py", f'__version__ = "{version}"\n')
    (tmp_path / "run/stillcam-system").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        if socket_is_there:
            listener.bind("run/stillcam-system/control.sock")
        findings = system_control.system_control(make(PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert states(findings) == ([expected[0]] if expected else [])
    assert not expected or expected[1] in findings[0].found


def test_folders_that_cannot_be_written(make, monkeypatch):
    installation = make()
    assert states(machine.permissions(installation)) == [OK, OK]
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    findings = machine.permissions(installation)
    assert states(findings) == [FAULT, FAULT]
    assert str(installation.paths.images) in findings[0].advice


@pytest.mark.parametrize("stuck", [pytest.param("", id="library"), pytest.param("2026-11-20", id="a day of it")])
def test_a_library_that_another_user_made(make, monkeypatch, stuck):
    """As after one start with sudo; root may write anywhere."""
    installation = make()
    library = installation.paths.library
    (library / "2026-11-20").mkdir(parents=True)
    (library / "note.txt").touch()
    assert states(machine.permissions(installation)) == [OK, OK]
    monkeypatch.setattr(os, "access", lambda path, mode: path != library / stuck)
    finding = machine.permissions(installation)[-1]
    assert (finding.check, finding.state, finding.found) == ("library folder", FAULT, f"cannot write to {library}")
    assert f"chown -R {machine._user()} {library};" in finding.advice


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(make):
    installation = make()
    installation.paths.images.rmdir()
    assert states(machine.permissions(installation)) == [OK, OK]
    installation.paths.images.write_text("a file")
    assert states(machine.permissions(installation)) == [FAULT, OK]


def test_devices_that_may_not_be_opened(make, tmp_path, monkeypatch):
    assert the(machine.devices(make())).state == OK
    for node in ("media0", "video0", "dma_heap/linux,cma"):
        write(tmp_path / "dev" / node, "")
    assert the(machine.devices(make())).found == "all 3 camera devices can be opened"
    monkeypatch.setattr(os, "access", lambda path, mode: "video0" not in str(path))
    finding = the(machine.devices(make()))
    assert (finding.state, "usermod -aG video" in finding.advice) == (FAULT, True)


@pytest.mark.parametrize(
    ("free", "size", "flags", "state"),
    [
        pytest.param(20e9, 30e9, 0, OK, id="room"),
        pytest.param(300e6, 30e9, 0, WARNING, id="scant"),
        pytest.param(10e6, 30e9, 0, FAULT, id="full"),
        pytest.param(20e9, 30e9, os.ST_RDONLY, FAULT, id="read-only"),
        pytest.param(90e6, 100e6, 0, OK, id="a small tmpfs that is empty"),
    ],
)
def test_room_on_the_disk(make, monkeypatch, free, size, flags, state):
    room = SimpleNamespace(
        f_bavail=int(free / 4096), f_frsize=4096, f_blocks=int(size / 4096), f_flag=flags, f_files=9, f_favail=9
    )
    monkeypatch.setattr(os, "statvfs", lambda folder: room)
    assert states(machine.disk(make())) == [state, state]


@pytest.mark.parametrize(
    ("mount", "block", "state", "said"),
    [
        pytest.param("0:25 / {} rw - tmpfs tmpfs rw", "", OK, "in memory", id="memory"),
        pytest.param("179:2 / {} rw - ext4 /dev/mmcblk0p2 rw", "mmcblk0/mmcblk0p2", WARNING, "a day", id="card"),
        pytest.param("8:1 / {} rw - ext4 /dev/sda1 rw", "sda/sda1", OK, "the disk", id="disk"),
    ],
)
def test_the_wear_of_a_card(make, tmp_path, mount, block, state, said):
    installation = make(STATUS)
    still = installation.paths.images / ".still_1.jpg"
    still.write_bytes(picture())
    Publisher(installation.paths.images).publish(still, time.time())
    write(tmp_path / "proc/self/mountinfo", f"30 1 {mount.format(os.path.realpath(tmp_path))}\n")
    if block:
        (tmp_path / "sys/devices" / block).mkdir(parents=True)
        (tmp_path / "sys/dev/block").mkdir(parents=True)
        (tmp_path / "sys/dev/block" / mount.split()[0]).symlink_to(tmp_path / "sys/devices" / block)
    finding = the(machine.card(installation))
    assert (finding.state, said in finding.found) == (state, True), finding


@pytest.mark.parametrize(
    ("shown", "state", "said", "advice"),
    [
        pytest.param("CanNTP=yes NTP=yes NTPSynchronized=yes", OK, "set by a time server", "", id="synchronised"),
        pytest.param("CanNTP=yes NTP=no NTPSynchronized=no", WARNING, "not set by a time server",
                     "sudo timedatectl set-ntp true", id="switched off"),
        pytest.param("CanNTP=yes NTP=yes NTPSynchronized=no", WARNING, "not set by a time server",
                     "check the network", id="no answer"),
        pytest.param("CanNTP=no NTP=no NTPSynchronized=no", WARNING, "not set by a time server",
                     "sudo apt install -y systemd-timesyncd", id="a minimal Debian"),
        pytest.param("", OK, "Z", "", id="no systemd"),
    ],
)  # fmt: skip
def test_the_clock(make, tmp_path, shown, state, said, advice):
    write(tmp_path / "timedatectl", f"#!/bin/sh\nprintf '%s\\n' {shown}\n")
    (tmp_path / "timedatectl").chmod(0o755)
    finding = the(machine.clock(make(PATH=f"{tmp_path}:/usr/bin:/bin")))
    assert (finding.state, said in finding.found, advice in finding.advice) == (state, True, True)


def test_deletion_that_waits_for_the_clock_is_told(make):
    assert the(machine.ages(make(STATUS))).state == OK
    library = {"waits": "no time server has set the clock: sudo timedatectl set-ntp true"}
    finding = the(machine.ages(make(STATUS | {"library": library})))
    assert (finding.state, finding.found) == (WARNING, "waits: no time server has set the clock")
    assert finding.advice == "sudo timedatectl set-ntp true"


def test_a_clock_that_was_never_set(make, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 3600.0)
    assert the(machine.clock(make())).state == FAULT


@pytest.mark.parametrize(
    ("rows", "status", "state", "said"),
    [
        pytest.param("", {}, OK, "no profiles", id="none"),
        pytest.param('{"name": "Night"}', {"profile": {"active": "Night"}}, OK, "1, Night is active", id="active"),
        pytest.param('{"name": "N", "when": {"type": "times", "from": "sunset", "to": "sunrise"}}', {}, WARNING,
                     "N is never active: when.from: sunrise and sunset need the place", id="no place"),
        pytest.param('{"name": "N", "when": {"type": "lux", "below": 1, "until": 2}}', {"metadata": {"AeState": 2}},
                     WARNING, "this camera does not measure lux", id="no lux"),
        pytest.param('{"name": "N"}', {"profile": {"refused": [{"name": "N", "reason": "no such file"}]}}, WARNING,
                     "N is never active: no such file", id="refused by the camera"),
        pytest.param('{"name": ""}', {}, FAULT, "profiles.0.name: must be 1 to 40", id="invalid"),
    ],
)  # fmt: skip
def test_profiles_that_are_never_active_are_named(make, rows, status, state, said):
    installation = make(STATUS | status)
    (installation.paths.data / "profiles.json").write_text(f'{{"profiles": [{rows}]}}')
    finding = the(profiles.profiles(installation))
    assert (finding.state, said in finding.found) == (state, True), finding


@pytest.mark.parametrize(
    ("millidegrees", "bits", "expected"),
    [
        pytest.param("48300", "0", [OK], id="fine"),
        pytest.param("81000", "0", [WARNING], id="hot"),
        pytest.param("48300", "50005", [FAULT, FAULT], id="low voltage now"),
        pytest.param("48300", "10000", [WARNING], id="low voltage before"),
    ],
)
def test_heat_and_power(make, tmp_path, millidegrees, bits, expected):
    write(tmp_path / "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", millidegrees)
    write(tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled", bits)
    findings = machine.heat(make())
    assert states(findings) == expected
    assert all(finding.advice for finding in findings if finding.state != OK)


def test_helpers_that_are_missing_are_named_with_their_package(make, tmp_path):
    findings = programs.helpers(make(PATH=str(tmp_path)))
    assert states(findings) == [WARNING, WARNING]
    assert findings[0].advice == "sudo apt install -y libjpeg-turbo-progs"


def test_versions(make, monkeypatch):
    assert the(programs.versions(make())).state == OK
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    assert the(programs.versions(make())).state == FAULT


def test_the_astral_of_debian_12_counts_as_missing(tmp_path):
    """Version 1 is one module, without astral.sun: a series by the sun would fail."""
    write(tmp_path / "astral.py", "")
    environ = {"PYTHONPATH": f"{tmp_path}:{ROOT / 'python'}"}
    code = "from stillcam.checks import programs; print(programs.versions(None)[0].found)"
    said = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    assert said.strip().endswith("missing: astral")
    interpreter = subprocess.run([sys.executable, ROOT / "python/check_interpreter.py"], env=environ, check=False)
    assert interpreter.returncode == 1, "the scripts fetch a newer one"


def test_settings_that_are_wrong_are_told_by_line(make):
    installation = make()
    assert the(server.settings(installation)).state == OK
    installation.paths.settings.write_text('{"version": 1,\n "snapshot": {"interval_s": "two"}}\n')
    finding = the(server.settings(installation))
    assert (finding.state, "line 2" in finding.found) == (FAULT, True)


@pytest.mark.parametrize("content", [b"", b"no database at all " * 100])
def test_accounts_that_are_damaged(make, content):
    installation = make()
    assert the(server.accounts(installation)).state == WARNING
    (installation.paths.data / "accounts.db").write_bytes(content)
    finding = the(server.accounts(installation))
    assert finding.state == (FAULT if content else WARNING)


def test_a_series_that_has_failed_is_named_with_what_to_do(make, tmp_path, monkeypatch):
    installation = make()
    assert (the(series.series(installation)).state, the(series.series(installation)).found) == (OK, "no series")

    def states(*found):
        rows = [dict(zip(("name", "state", "why", "taken", "missed"), row, strict=True)) for row in found]
        monkeypatch.setattr("stillcam.series.reader.states", lambda folder: rows)
        return the(series.series(installation))

    running = ("Garden", "running", None, 5, 1)
    assert states(running, ("Roof", "finished", None, 1, 9)).found == "1 running, of 2"
    assert states(running, ("Roof", "running", None, 1, 9)).state == WARNING
    finding = states(running, ("Roof 2", "failed", "the disk is full", 5, 0))
    assert (finding.state, finding.found) == (FAULT, "failed: Roof 2: the disk is full")
    assert "series resume 'Roof 2'" in finding.advice


def test_a_series_whose_definition_is_damaged_is_a_fault(make):
    installation = make()
    write(installation.paths.series / "Garden" / "series.json", "{")
    finding = the(series.series(installation))
    assert (finding.state, "Garden/series.json is damaged" in finding.found) == (FAULT, True)


def test_a_folder_of_series_that_cannot_be_read_is_a_fault(make):
    installation = make()
    installation.paths.series.write_text("no folder")
    assert the(series.series(installation)).state == FAULT
