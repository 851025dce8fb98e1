"""The units of systemd, judged by the real systemd-analyze."""

import re
import subprocess
from pathlib import Path

import pytest
from serving import DEADLINE_S, ROOT

UNITS = ROOT / "deploy/systemd"
BESIDE = (
    ROOT / "deploy/gpio/stillcam-gpio.service",
    ROOT / "deploy/go2rtc/stillcam-go2rtc.service",
    ROOT / "deploy/go2rtc/stillcam-homekit.service",
    ROOT / "deploy/mediamtx/stillcam-mediamtx.service",
)
SERVICES = ("stillcam-capture", "stillcam-server")


def analyze(*arguments: str | Path) -> str:
    """What it says; it has to be content."""
    done = subprocess.run(
        ["systemd-analyze", *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def assignments(name: str) -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.MULTILINE)


def values(name: str) -> dict[str, str]:
    return dict(assignments(name))


@pytest.fixture
def installed(tmp_path):
    """A root with the units and what they start."""
    programs, folder = tmp_path / "opt/stillcam/current", tmp_path / "etc/systemd/system"
    programs.mkdir(parents=True)
    folder.mkdir(parents=True)
    for script in ("capture.sh", "server.sh"):
        (programs / script).write_text("#!/bin/sh\n")
        (programs / script).chmod(0o755)
    for program in ("go2rtc", "mediamtx"):
        (programs / program).write_text("#!/bin/sh\n")
        (programs / program).chmod(0o755)
    for unit in (*UNITS.glob("*stillcam*"), *BESIDE):
        text = unit.read_text().replace("/opt/stillcam/current", str(programs)).replace("/usr/local/bin", str(programs))
        (folder / unit.name).write_text(text)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("stillcam.target", "stillcam-capture.service", "stillcam-server.service"), id="one camera"),
        pytest.param(("stillcam.target", "stillcam-server.service", "stillcam-capture@.service"), id="a further one"),
        pytest.param(("stillcam-gpio.service",), id="a motion sensor"),
        pytest.param(("stillcam-go2rtc.service", "stillcam-homekit.service"), id="go2rtc"),
        pytest.param(("stillcam-mediamtx.service",), id="MediaMTX"),
        pytest.param(("stillcam-system.socket", "stillcam-system@.service", "stillcam-update@.service"), id="system"),
    ],
)
def test_systemd_understands_every_line(installed, names):
    assert analyze("verify", "--man=no", "--recursive-errors=no", *(installed / name for name in names)) == ""


@pytest.mark.parametrize(
    ("part", "most"),
    [
        ("capture", 4.0), ("capture@", 4.0), ("server", 2.0), ("gpio", 1.6), ("system@", 1.6), ("go2rtc", 2.5),
        ("homekit", 2.5), ("mediamtx", 2.5),
    ],
)  # fmt: skip
def test_the_exposure_is_low(installed, part, most):
    said = analyze("security", "--offline=true", "--no-pager", installed / f"stillcam-{part}.service")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert level, said
    assert float(level[1]) <= most, said


def test_the_server_writes_into_data_only_and_has_no_camera():
    server = values("stillcam-server.service")
    assert (server["ProtectSystem"], server["StateDirectory"]) == ("strict", "stillcam")
    assert (server["PrivateDevices"], server["DevicePolicy"]) == ("yes", "closed")
    assert not server.keys() & {"ReadWritePaths", "RuntimeDirectory", "CacheDirectory", "DeviceAllow", "LogsDirectory"}
    assert server["RestrictAddressFamilies"].split() == ["AF_UNIX", "AF_INET", "AF_INET6"]


def test_the_memory_of_the_server_is_limited():
    server = values("stillcam-server.service")
    assert 0 < int(server["MemoryHigh"].rstrip("%")) < int(server["MemoryMax"].rstrip("%")) <= 50
    assert server["Restart"] == "always"


def test_the_daemon_has_the_camera_and_no_network():
    capture = values("stillcam-capture.service")
    assert (capture["PrivateNetwork"], capture["RestrictAddressFamilies"]) == ("yes", "AF_UNIX")
    assert (capture["SupplementaryGroups"], capture["DevicePolicy"]) == ("video", "closed")
    assert (capture["RuntimeDirectory"], capture["RuntimeDirectoryPreserve"]) == ("stillcam/images", "yes")
    allowed = {value for name, value in assignments("stillcam-capture.service") if name == "DeviceAllow"}
    assert allowed == {"char-video4linux rw", "char-media rw", "char-dma_heap rw"}


@pytest.mark.parametrize("part", ["capture", "capture@"])
def test_the_daemon_may_ask_the_kernel_whether_the_clock_is_right(part):
    """ProtectClock= forbids adjtimex(2) for reading too; glibc makes clock_adjtime(2) of it."""
    unit = assignments(f"stillcam-{part}.service")
    assert ("SystemCallFilter", "adjtimex clock_adjtime clock_adjtime64") in unit
    assert "ProtectClock" not in dict(unit)
    assert ("CapabilityBoundingSet", "") in unit


@pytest.mark.parametrize("service", SERVICES)
def test_it_is_watched_and_started_again_for_ever(service):
    unit = values(f"{service}.service")
    assert (unit["Type"], unit["Restart"], unit["StartLimitIntervalSec"]) == ("notify", "always", "0")
    assert unit["WatchdogSec"]
    assert unit["User"] == "stillcam"


def test_a_further_camera_is_kept_as_the_first_one_is():
    """But for its own folders, number and name; it starts and ends with the others."""
    first, further = assignments("stillcam-capture.service"), assignments("stillcam-capture@.service")
    assert set(further) - set(first) == {
        ("Description", "Stillcam capture daemon of camera %i"),
        ("Environment", "STILLCAM_NUMBER=%i"),
        ("EnvironmentFile", "-/etc/default/stillcam-%i"),
        ("StateDirectory", "stillcam stillcam/cameras/%i"),
        ("RuntimeDirectory", "stillcam/images stillcam/images/%i"),
        ("WantedBy", "stillcam.target"),
    }
    assert {name for name, _ in set(first) - set(further)} == {"Description", "StateDirectory", "RuntimeDirectory"}
    assert ("PartOf", "stillcam.target") in further
