"""Facts of the system, on machines that have them and on those that have not."""

from pathlib import Path

import pytest

from stillcam.common.formats import size_text, span_text
from stillcam.common.kernel_files import Mount, mount_of, mounts
from stillcam.system_info import Section, as_document
from stillcam.system_info.board import heat_and_power
from stillcam.system_info.camera import camera
from stillcam.system_info.machine import board, system
from stillcam.system_info.software import Software
from stillcam.system_info.storage import PICTURES, kind, storage, wear

PI4 = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
    "proc/meminfo": "MemTotal:        3884436 kB\nMemAvailable:    3000000 kB\nHugePages_Total:       0\n"
    "SwapTotal:             0 kB\nSwapFree:              0 kB\n"
    "CmaTotal:         524288 kB\nCmaFree:          409600 kB\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "600000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
    "etc/rpi-issue": "Raspberry Pi reference 2024-07-04\nGenerated using pi-gen\n",
    "proc/uptime": "273661.52 1000000.00\n",
    "proc/loadavg": "0.52 0.58 0.59 1/389 12345\n",
}
MOUNTINFO = """\
27 1 179:2 / / rw,noatime - ext4 /dev/root rw
30 27 0:27 / /run rw - tmpfs tmpfs rw,size=380000k
31 27 8:1 / /media/my\\040disk rw shared:5 - ext4 /dev/sda1 rw
a line of another kernel
32 27 0:40 / /run rw - ramfs none rw
"""


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """A program may take its time on a busy machine."""
    monkeypatch.setattr("stillcam.system_info.software.VERSION_TIMEOUT_S", 60.0)


def machine(root: Path, files: dict[str, str]) -> Path:
    """A folder that stands for `/`."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_raspberry_pi(tmp_path):
    rows = dict(board(machine(tmp_path, PI4)))
    assert rows["Model"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert rows["Processor"].startswith("BCM2711, ")
    assert rows["Clock"] == "600 MHz of 1800 MHz"
    assert rows["Memory"] == "3.7 GiB, 2.86 GiB free"
    assert rows["Memory for cameras (CMA)"] == "512 MiB, 400 MiB free"
    assert "Swap" not in rows
    rows = dict(system(tmp_path))
    assert rows["Operating system"] == "Debian GNU/Linux 12 (bookworm)"
    assert rows["Image"] == "Raspberry Pi reference 2024-07-04"
    assert rows["Uptime"] == "3 days 4 h"
    assert rows["Load"] == "0.52, 0.58, 0.59 (1, 5, 15 min)"


def test_a_pc_has_other_places(tmp_path):
    rows = dict(board(machine(tmp_path, {
        "sys/class/dmi/id/product_name": "NUC7i5\n",
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5\n",
    })))  # fmt: skip
    assert rows["Model"] == "NUC7i5"
    assert rows["Processor"].startswith("Intel(R) Core(TM) i5, ")


@pytest.mark.parametrize("garbage", ["", "\0\0", "é\n" * 9, "MemTotal: x kB\n:\nMemFree\n", "\x7fELF" * 40000])
def test_what_is_not_there_or_not_understood_is_left_out(tmp_path, garbage):
    """No fact is worth an error: on every Linux the rest is told."""
    for rows in (board(tmp_path), system(tmp_path)):
        assert rows and all(text for _, text in rows)
    machine(tmp_path, dict.fromkeys(PI4, garbage))
    for rows in (board(tmp_path), system(tmp_path), storage({PICTURES: tmp_path}, None, tmp_path)):
        assert rows and all(text for _, text in rows)


@pytest.mark.parametrize("line", [
    pytest.param("", id="below a chroot"),
    pytest.param("27 1 0:25 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c\n", id="in a container"),
])  # fmt: skip
def test_wear_is_told_where_the_mount_table_names_no_device(tmp_path, line):
    machine(tmp_path, {"proc/self/mountinfo": line + "30 27 0:27 / /proc rw - proc proc rw\n"})
    rows = dict(storage({PICTURES: tmp_path}, 1e9, tmp_path))
    assert rows["Picture writes"].startswith("about 954 MiB a day") and "unknown device" in rows["Picture writes"]


def test_this_machine():
    assert {"Kernel", "Python", "Uptime"} <= dict(system()).keys()
    assert {"Processor", "Memory"} <= dict(board()).keys()
    assert {PICTURES, "Picture writes"} <= dict(storage({PICTURES: Path(__file__).parent}, 1e9)).keys()


@pytest.mark.parametrize(
    ("bits", "label", "text"),
    [
        pytest.param(0x0, "Supply voltage", "no problems since boot", id="never"),
        pytest.param(0x10000, "Supply voltage", "earlier since boot: too low", id="since boot"),
        pytest.param(0x10001, "Supply voltage", "now: too low", id="now"),
        pytest.param(0x20000, "Clock capped", "earlier since boot: the firmware caps", id="capped"),
        pytest.param(0x40004, "Throttled", "now: the firmware slows", id="throttled"),
        pytest.param(0x80008, "Temperature limit", "now: the soft limit", id="hot"),
        pytest.param(0x80008, "Throttled", "no problems since boot", id="each bit by itself"),
    ],
)
def test_each_bit_is_told_in_words(bits, label, text):
    assert dict(heat_and_power(None, bits))[label].startswith(text)


def test_power_of_other_machines():
    assert heat_and_power(None, None) == []
    assert heat_and_power(48.31, None) == [("Temperature", "48.3 °C")]


def test_mounts_are_told_apart():
    among = mounts(MOUNTINFO)
    assert len(among) == 4
    assert mount_of(Path("/home/pi/images"), among) == Mount("/", "ext4", "/dev/root", "179:2")
    assert mount_of(Path("/media/my disk/images"), among) == Mount("/media/my disk", "ext4", "/dev/sda1", "8:1")
    assert mount_of(Path("/run/images"), among) == Mount("/run", "ramfs", "none", "0:40"), (
        "the last one hides the others"
    )
    assert mount_of(Path("/runner"), among) == among[0]
    assert mount_of(Path("/"), []) is None


@pytest.mark.parametrize(
    ("filesystem", "device", "block", "told"),
    [
        pytest.param("tmpfs", "0:27", None, "memory", id="tmpfs"),
        pytest.param("ext4", "179:2", "mmcblk0/mmcblk0p2", "card", id="partition of a card"),
        pytest.param("ext4", "179:0", "mmcblk0", "card", id="card without partitions"),
        pytest.param("ext4", "259:1", "nvme0n1/nvme0n1p1", "disk", id="NVMe"),
        pytest.param("ext4", "8:1", "sda/sda1", "disk", id="USB"),
        pytest.param("ext4", "253:0", "zram0", "memory", id="zram"),
        pytest.param("nfs4", "0:50", None, "network", id="network"),
        pytest.param("overlay", "0:22", None, "unknown", id="overlay"),
    ],
)
def test_what_a_file_system_lies_on(tmp_path, filesystem, device, block, told):
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    if block:
        (tmp_path / "sys/devices/block" / block).mkdir(parents=True)
        (tmp_path / "sys/dev/block" / device).symlink_to(tmp_path / "sys/devices/block" / block)
    assert kind(Mount("/", filesystem, "source", device), tmp_path) == told
    assert wear(told, None)
    assert ("12.3 GiB" in wear(told, 12.3 * (1 << 30))) == (told != "memory")


def test_a_folder_that_is_gone_is_left_out(tmp_path):
    assert storage({PICTURES: tmp_path / "gone"}, None) == []


def test_programs_are_asked_once_and_again_when_they_are_new(tmp_path):
    program, asked = tmp_path / "rpicam-still", tmp_path / "asked"

    def install(version):
        program.write_text(f"#!/bin/sh\necho x >>{asked}\necho 'rpicam-apps build: {version} 20-06-2024 (14:39:10)'\n"
                           "echo 'libcamera build: v0.3.0+65-6ddd79b5'\n")  # fmt: skip
        program.chmod(0o755)

    install("v1.5.0")
    software = Software()
    for _ in range(3):
        rows = dict(software.rows(str(tmp_path)))
    assert rows["Camera programs"] == "v1.5.0 20-06-2024 (14:39:10)"
    assert rows["libcamera"] == "v0.3.0+65-6ddd79b5"
    assert rows["jpegtran"] == rows["FFmpeg"] == "not installed"
    assert rows["Pillow"]
    assert asked.read_text() == "x\n"
    install("v1.10.0")
    assert dict(software.rows(str(tmp_path)))["Camera programs"].startswith("v1.10.0")


def test_older_camera_programs_are_found(tmp_path):
    (tmp_path / "libcamera-still").write_text("#!/bin/sh\necho 'libcamera-apps build: 1bf0ccacf2ef'\n")
    (tmp_path / "libcamera-still").chmod(0o755)
    assert dict(Software().rows(str(tmp_path)))["Camera programs"] == "1bf0ccacf2ef"


@pytest.mark.parametrize("script", ["#!/bin/sh\nexec sleep 600\n", "#!/bin/sh\nexit 1\n", "#!/nowhere\n"])
def test_a_program_that_hangs_or_fails_is_told_as_such(tmp_path, monkeypatch, script):
    monkeypatch.setattr("stillcam.system_info.software.VERSION_TIMEOUT_S", 0.1)
    (tmp_path / "rpicam-still").write_text(script)
    (tmp_path / "rpicam-still").chmod(0o755)
    assert dict(Software().rows(f"{tmp_path}:/usr/bin:/bin"))["Camera programs"] == "of unknown version"


def test_a_program_that_failed_is_asked_again_later(tmp_path, monkeypatch):
    (tmp_path / "rpicam-still").write_text(f"#!/bin/sh\ntest -e {tmp_path}/well && echo 'rpicam-apps build: v1.5.0'\n")
    (tmp_path / "rpicam-still").chmod(0o755)
    software = Software()
    assert dict(software.rows(str(tmp_path)))["Camera programs"] == "of unknown version"
    (tmp_path / "well").touch()
    assert dict(software.rows(str(tmp_path)))["Camera programs"] == "of unknown version"
    monkeypatch.setattr("stillcam.system_info.software.VERSION_RETRY_S", 0.0)
    assert dict(software.rows(str(tmp_path)))["Camera programs"] == "v1.5.0"


def test_the_camera_s_restarts_are_told_by_cause():
    status = {
        "running": True, "mode": "no camera", "since": "2026-11-20T23:45:01.123Z", "reason": "check the cable",
        "driver": "rpicam", "camera": {"model": "imx708"}, "captures": {"ok": 12, "failed": 3},
        "restarts": {"stalled": 2, "gremlins": 1},
    }  # fmt: skip
    rows = dict(camera(status, 2, 0))
    assert rows["Restarts: no picture arrived in time"] == "2"
    assert rows["Restarts: gremlins"] == "1"
    assert rows["Mode"] == "no camera since 2026-11-20T23:45:01.123Z: check the cable"
    assert rows["Viewers now"] == "2"
    assert dict(camera({"running": True}, 0, 0))["Camera restarts"] == "none"
    assert (
        dict(camera({"running": False, "reason": "it is off"}, 0, 0))["Capture daemon"] == "does not answer: it is off"
    )


@pytest.mark.parametrize(
    ("privacy", "text"),
    [
        ({"masks": 0, "raw": True}, None),
        ({"masks": 1, "raw": False}, "1 privacy mask; no raw photos"),
        ({"masks": 3, "raw": True}, "3 privacy masks; raw photos are allowed, and show everything"),
    ],
)
def test_masks_are_named_with_what_they_do_not_cover(privacy, text):
    assert dict(camera({"running": True, "privacy": privacy}, 0, 0)).get("Privacy") == text


@pytest.mark.parametrize(
    ("slow", "viewers", "text"),
    [
        (0, 3, None),
        (1, 1, "the viewer receives fewer frames than the camera makes: its network is too slow"),
        (1, 3, "1 of 3 viewers receives fewer frames than the camera makes: its network is too slow"),
        (2, 3, "2 of 3 viewers receive fewer frames than the camera makes: their network is too slow"),
    ],
)
def test_slow_viewers_are_told_in_words(slow, viewers, text):
    assert dict(camera({"running": True}, viewers, slow)).get("Slow viewers") == text


def test_sections_without_rows_are_left_out():
    document = as_document([Section("Board", [("Model", "x")]), Section("Empty", [])])
    assert document == {"sections": [{"title": "Board", "rows": [("Model", "x")]}]}


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "0.977 KiB"), (1 << 20, "1 MiB"), (1.5 * (1 << 40), "1.5 TiB")],
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s"), (65, "1 min 5 s"), (3700, "1 h 1 min"), (90000, "1 day 1 h"), (273661, "3 days 4 h")],
)
def test_spans(seconds, text):
    assert span_text(seconds) == text
