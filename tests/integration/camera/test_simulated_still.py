"""rpicam-still as RPICAM.md describes it, on real processes: signals, files, metadata, failures, faults."""

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stillcam.common.child_process import wait_readable
from stillcam.common.inotify import CLOSE_WRITE, CREATE, MODIFY, MOVED_TO, Inotify

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 90.0
FAST = {"speed": 100}
SMALL = ("-n", "--width", "320", "--height", "180")


class Run:
    """A program of the simulated camera, its stderr read as it comes."""

    def __init__(
        self, folder: Path, program: str, *arguments: str, faults: dict[str, Any] | None = None, **more: Any
    ) -> None:
        (folder / "camera").mkdir(exist_ok=True)
        if faults is not None:
            (folder / "camera" / "faults.json").write_text(json.dumps(faults))
        environ = dict(os.environ, PYTHONPATH=str(ROOT / "python"), STILLCAM_SIMULATED_DIR=str(folder / "camera"))
        environ.pop("STILLCAM_SIMULATED_FAULTS", None)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stillcam.camera.simulated", program, *arguments],
            cwd=folder, env=environ | more.pop("environ", {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
        )  # fmt: skip
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line.decode().rstrip("\n"))

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for a condition, and show what the program said when it does not come."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, f"no {what}; it said:\n" + "\n".join(self.errors)
            time.sleep(0.005)

    def ready(self) -> "Run":
        """Wait until SIGUSR1 is caught, as /proc tells."""
        self.until(lambda: self.process.poll() is not None or signals(self.process.pid)["SigCgt"] >> 9 & 1, "handler")
        assert self.process.poll() is None, self.errors
        return self

    def capture(self, name: str) -> Path:
        """Ask for a still, and wait for its whole file."""
        self.process.send_signal(signal.SIGUSR1)
        self.until(lambda: whole(self.folder / name), name)
        return self.folder / name

    def exit(self) -> int:
        status = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return status

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(DEADLINE_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[Run] = []

    def begin(program: str, *arguments: str, **more: Any) -> Run:
        runs.append(Run(tmp_path, program, *arguments, **more))
        return runs[-1]

    yield begin
    for run in runs:
        run.stop()


@pytest.fixture
def stills(start: Start) -> Callable[..., Run]:
    """A long-running rpicam-still in signal mode, fast unless set otherwise."""

    def begin(*arguments: str, faults: dict[str, Any] | None = None, **more: Any) -> Run:
        return start("rpicam-still", *SMALL, "-t", "0", "--signal", "-o", "%08d.jpg", *arguments,
                     faults=FAST | (faults or {}), **more)  # fmt: skip

    return begin


def signals(pid: int) -> dict[str, int]:
    """The signal masks of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {
        name: int(mask, 16)
        for name, mask in (line.split(":\t") for line in lines if line.startswith("Sig") and "/" not in line)
    }


def whole(path: Path) -> bool:
    return path.exists() and path.read_bytes()[-2:] == b"\xff\xd9"


def failure(run: Run) -> str:
    """The text of the last line, once the program has ended with 255."""
    assert run.exit() == 255, run.errors
    assert run.errors[-1].startswith("ERROR: *** ") and run.errors[-1].endswith(" ***"), run.errors
    return run.errors[-1][len("ERROR: *** ") : -len(" ***")]


def test_each_signal_gives_the_next_file(stills: Callable[..., Run]) -> None:
    run = stills().ready()
    for number in range(3):
        with Image.open(run.capture(f"{number:08d}.jpg")) as image:
            assert image.size == (320, 180)


def test_an_early_signal_kills(start: Start) -> None:
    """Before the camera is open the handler is not there."""
    run = start("rpicam-still", *SMALL, "-t", "0", "--signal", "-o", "a.jpg", faults={"start_s": 30})
    run.until(lambda: any("libcamera" in line for line in run.errors), "opening of the camera")
    run.process.send_signal(signal.SIGUSR1)
    assert run.exit() == -signal.SIGUSR1


def test_an_early_signal_is_lost_where_the_parent_ignores_it(stills: Callable[..., Run]) -> None:
    run = stills(faults={"start_s": 0.5}, preexec_fn=lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN))
    run.until(lambda: any("libcamera" in line for line in run.errors), "opening of the camera")
    assert signals(run.process.pid)["SigIgn"] >> 9 & 1
    run.process.send_signal(signal.SIGUSR1)
    run.ready()
    run.capture("00000000.jpg")
    assert not (run.folder / "00000001.jpg").exists()


def test_signals_during_a_capture_are_coalesced(stills: Callable[..., Run]) -> None:
    run = stills(faults={"speed": 1}).ready()
    for _ in range(5):
        run.process.send_signal(signal.SIGUSR1)
        time.sleep(0.01)
    run.until(lambda: whole(run.folder / "00000000.jpg"), "first still")
    run.until(lambda: sum("Mode selection" in line for line in run.errors) >= 3, "return to the viewfinder")
    run.process.send_signal(signal.SIGUSR2)
    assert run.exit() == 0
    assert 1 <= len(list(run.folder.glob("*.jpg"))) <= 2


def test_usr2_leaves_without_a_picture(stills: Callable[..., Run]) -> None:
    run = stills().ready()
    run.process.send_signal(signal.SIGUSR2)
    assert run.exit() == 0
    assert not list(run.folder.glob("*.jpg"))


def test_the_viewfinder_does_not_wait_for_a_long_exposure(stills: Callable[..., Run]) -> None:
    """Its frames take no longer than its rate allows: a request is seen at once."""
    run = stills("--shutter", "100000s").ready()
    run.process.send_signal(signal.SIGUSR2)
    assert run.exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_other_signals_kill(stills: Callable[..., Run], number: signal.Signals) -> None:
    run = stills().ready()
    run.process.send_signal(number)
    assert run.exit() == -number


def test_the_timeout_in_signal_mode_gives_no_picture(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "50ms", "--signal", "-o", "a.jpg", faults=FAST)
    assert run.exit() == 0
    assert not (run.folder / "a.jpg").exists()


def test_the_timeout_otherwise_takes_one(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "50ms", "-o", "a.jpg", faults=FAST)
    assert run.exit() == 0
    assert whole(run.folder / "a.jpg")


def test_immediate_takes_one_and_leaves(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "--immediate", "-o", "a.jpg", "--metadata", "m.json", faults=FAST)
    assert run.exit() == 0
    assert json.loads((run.folder / "m.json").read_text())["AeLocked"] is False


def test_a_file_is_truncated_filled_and_closed_before_its_metadata(stills: Callable[..., Run]) -> None:
    run = stills("--metadata", "m.json").ready()
    for name in ("00000000.jpg", "m.json"):
        (run.folder / name).touch()
    with Inotify() as watch:
        watch.add_watch(run.folder, MODIFY | CLOSE_WRITE | CREATE | MOVED_TO)
        run.process.send_signal(signal.SIGUSR1)
        events: list[tuple[str, int]] = []
        while ("m.json", CLOSE_WRITE) not in events:
            assert wait_readable(DEADLINE_S, watch.fileno()), events
            events += watch.events()
    assert events.index(("00000000.jpg", MODIFY)) < events.index(("00000000.jpg", CLOSE_WRITE))
    assert events.index(("00000000.jpg", CLOSE_WRITE)) < events.index(("m.json", MODIFY))
    assert not any(mask & (CREATE | MOVED_TO) for _, mask in events)
    metadata = json.loads((run.folder / "m.json").read_text())
    assert {
        "SensorTimestamp",
        "ExposureTime",
        "AnalogueGain",
        "ColourGains",
        "Lux",
        "LensPosition",
        "ScalerCrop",
    } <= set(metadata)
    assert 0 < metadata["SensorTimestamp"] <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_text_metadata_on_stdout_is_a_whole_block_a_capture(stills: Callable[..., Run]) -> None:
    run = stills("--metadata", "-", "--metadata-format", "txt").ready()
    run.capture("00000000.jpg")
    assert run.process.stdout is not None
    lines = list(iter(run.process.stdout.readline, b"\n"))
    assert any(line.startswith(b"ExposureTime=") for line in lines)
    assert b"ScalerCrop=(0, 438)/4656x2619\n" in lines


def test_json_metadata_on_stdout_keeps_its_last_brace(stills: Callable[..., Run]) -> None:
    run = stills("--metadata", "-").ready()
    assert run.process.stdout is not None
    run.capture("00000000.jpg")
    os.set_blocking(run.process.stdout.fileno(), False)
    seen = bytearray()

    def read_more(enough: bytes) -> bool:
        seen.extend(run.process.stdout.read() or b"")  # type: ignore[union-attr]
        return bytes(seen).endswith(enough)

    run.until(lambda: read_more(b'SensorTemperature": 41.000000\n'), "metadata without its brace")
    run.capture("00000001.jpg")
    run.until(lambda: read_more(b"41.000000\n") and seen.count(b"}") == 1, "brace of the first, and no more")
    run.process.send_signal(signal.SIGUSR2)
    assert run.exit() == 0
    assert read_more(b"}") and seen.count(b"}") == 2


def test_raw_follows_the_picture(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "20ms", "--raw", "--mode", "1280:720", "-o", "%d.jpg", faults=FAST)
    assert run.exit() == 0
    with Image.open(run.folder / "0.dng") as image:
        assert image.size == (80, 45)
    assert (run.folder / "0.dng").stat().st_mtime_ns >= (run.folder / "0.jpg").stat().st_mtime_ns


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(("--bogus",), "unrecognised option '--bogus'", id="unknown option"),
        pytest.param(("--awb", "purple"), "Invalid AWB mode: purple", id="awb mode"),
        pytest.param(("-t", "soon"), "Invalid time string provided", id="time"),
        pytest.param(("--rotation", "180"), "unrecognised option '--rotation'", id="an option of no driver"),
        pytest.param(("--camera", "2"), "selected camera is not available", id="camera"),
        pytest.param(("-t", "20", "--camera", "1", "--mode", "640:480:8", "--raw", "-o", "x.jpg"),
                     "unsupported Bayer format", id="raw of 8 bits"),
        pytest.param(("-t", "20", "-o", "/nope/x.jpg"), "failed to open file /nope/x.jpg", id="no such folder"),
    ],
)  # fmt: skip
def test_failures_end_with_255_and_their_text(start: Start, arguments: tuple[str, ...], text: str) -> None:
    assert failure(start("rpicam-still", *SMALL, *arguments, faults=FAST)) == text


def test_one_process_owns_a_camera(stills: Callable[..., Run], start: Start) -> None:
    run = stills().ready()
    second = start("rpicam-still", *SMALL, "-t", "20ms", "-o", "a.jpg")
    assert failure(second) == "failed to acquire camera /base/soc/i2c0mux/i2c@1/imx519@1a"
    assert any("Pipeline handler in use by another process" in line for line in second.errors)
    assert start("rpicam-still", *SMALL, "-t", "20ms", "-o", "b.jpg", "--camera", "1").exit() == 0
    run.process.kill()
    run.exit()
    assert start("rpicam-still", *SMALL, "-t", "20ms", "-o", "c.jpg").exit() == 0


def test_list_cameras(start: Start) -> None:
    run = start("rpicam-still", "--list-cameras")
    assert run.process.stdout is not None
    text = run.process.stdout.read().decode()
    assert run.exit() == 0
    assert text.startswith(
        "Available cameras\n-----------------\n0 : imx519 [4656x3496 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx519@1a)\n"
    )
    assert "\n           'SRGGB8' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]\n\n" in text


def test_list_cameras_while_one_of_them_is_in_use(start: Start, stills: Callable[..., Run]) -> None:
    """Exit 0, and nonsense for each of its modes; the other one is listed as ever."""
    stills().ready()
    run = start("rpicam-still", "--list-cameras", "--camera=1")
    assert run.process.stdout is not None
    first, second = run.process.stdout.read().decode().split("1 : imx219")
    assert run.exit() == 0
    assert first.count("[30.00 fps - (65535, 65535)/65535x65535 crop]") == first.count(" fps ")
    assert "65535" not in second and "3280x2464 [21.19 fps - (0, 0)/3280x2464 crop]" in second


def test_a_listing_has_each_camera_meanwhile(start: Start) -> None:
    """Two at once read nonsense, and a program that starts meanwhile fails to acquire its camera."""
    first = start("rpicam-still", "--list-cameras", faults={"speed": 0.002})
    lock = first.folder / "camera/camera0.lock"
    first.until(lambda: lock.exists() and not free(lock), "listing")
    second = start("rpicam-still", "--list-cameras", faults=FAST)
    assert second.process.stdout is not None
    assert b"(65535, 65535)/65535x65535" in second.process.stdout.read()
    assert "failed to acquire camera" in failure(start("rpicam-still", *SMALL, "-t", "20ms", "-o", "a.jpg"))
    assert second.exit() == 0


def free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_a_wrapper_of_the_real_name_works(start: Start, tmp_path: Path) -> None:
    wrapper = tmp_path / "rpicam-still"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m stillcam.camera.simulated rpicam-still "$@"\n')
    wrapper.chmod(0o755)
    answer = subprocess.run(
        [wrapper, "--version"], env={"PYTHONPATH": str(ROOT / "python")}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("rpicam-apps build: v1.12.0 ")


def test_stderr_is_chatty_in_normal_operation_and_can_be_silent(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "20ms", "-o", "a.jpg", faults=FAST)
    assert run.exit() == 0
    assert any(" INFO Camera camera_manager.cpp:" in line for line in run.errors)
    assert "Still capture image received" in run.errors
    run = start("rpicam-still", *SMALL, "-t", "20ms", "-o", "a.jpg", "--verbose=0")
    assert run.exit() == 0 and run.errors == []


def test_a_camera_without_autofocus_warns(start: Start) -> None:
    run = start(
        "rpicam-still", *SMALL, "--camera", "1", "-t", "20ms", "-o", "a.jpg", "--lens-position", "2", faults=FAST
    )
    assert run.exit() == 0
    assert any("WARN" in line and "LENS_POSITION" in line for line in run.errors)


def test_fault_no_camera(start: Start) -> None:
    run = start("rpicam-still", "--list-cameras", faults={"no_camera": True})
    assert run.process.stdout is not None
    assert run.process.stdout.read() == b"No cameras available!\n"
    assert run.exit() == 0
    assert failure(start("rpicam-still", *SMALL, "-o", "a.jpg")) == "no cameras available"


def test_fault_busy(start: Start) -> None:
    assert failure(start("rpicam-still", *SMALL, "-o", "a.jpg", faults={"busy": True})).startswith(
        "failed to acquire camera /base"
    )


def test_fault_stall_prints_and_neither_captures_nor_exits(stills: Callable[..., Run]) -> None:
    run = stills(faults={"stall_after": 1}).ready()
    run.capture("00000000.jpg")
    run.process.send_signal(signal.SIGUSR1)
    stalled = "ERROR: Device timeout detected, attempting a restart!!!"
    run.until(lambda: run.errors.count(stalled) >= 3, "time-outs")
    assert run.process.poll() is None and not (run.folder / "00000001.jpg").exists()
    (run.folder / "camera" / "faults.json").write_text(json.dumps(FAST))
    run.until(lambda: whole(run.folder / "00000001.jpg"), "still after the stall")


@pytest.mark.parametrize(("fault", "status"), [({"die_signal": 11}, -11), ({"die_exit": 3}, 3), ({}, 255)])
def test_fault_die(stills: Callable[..., Run], fault: dict[str, Any], status: int) -> None:
    run = stills(faults={"die_after": 1, **fault}).ready()
    run.process.send_signal(signal.SIGUSR1)
    assert run.exit() == status
    assert whole(run.folder / "00000000.jpg")


def test_fault_half_file(stills: Callable[..., Run]) -> None:
    run = stills("--metadata", "m.json", faults={"half_file_every": 2}).ready()
    first = run.capture("00000000.jpg")
    run.process.send_signal(signal.SIGUSR1)
    second = run.folder / "00000001.jpg"
    run.until(second.exists, "second file")
    run.capture("00000002.jpg")
    assert not whole(second) and 0 < second.stat().st_size < 0.7 * first.stat().st_size


def test_fault_disk_full(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "20ms", "-o", "a.jpg", faults=FAST | {"disk_full": True})
    assert failure(run) == "failed to write file - output probably corrupt"
    assert (run.folder / "a.jpg").exists() and not whole(run.folder / "a.jpg")


def test_a_disk_that_is_really_full(start: Start) -> None:
    run = start("rpicam-still", *SMALL, "-t", "20ms", "-o", "/dev/full", faults=FAST)
    assert failure(run) == "failed to write file - output probably corrupt"


def test_fault_frozen_repeats_the_scan_data(stills: Callable[..., Run]) -> None:
    run = stills(faults={"frozen": True}).ready()
    pictures = [Image.open(io.BytesIO(run.capture(f"0000000{number}.jpg").read_bytes())).tobytes() for number in (0, 1)]
    assert pictures[0] == pictures[1]
    (run.folder / "camera" / "faults.json").write_text(json.dumps(FAST))
    assert Image.open(run.capture("00000002.jpg")).tobytes() != pictures[0]


def test_fault_ignore_term(stills: Callable[..., Run]) -> None:
    run = stills(faults={"ignore_term": True}).ready()
    run.process.send_signal(signal.SIGTERM)
    run.capture("00000000.jpg")
    run.process.kill()
    assert run.exit() == -signal.SIGKILL


def test_fault_from_the_environment_wins(start: Start) -> None:
    run = start(
        "rpicam-still", "--list-cameras", faults={}, environ={"STILLCAM_SIMULATED_FAULTS": '{"no_camera": true}'}
    )
    assert run.process.stdout is not None
    assert run.process.stdout.read() == b"No cameras available!\n"


@pytest.mark.parametrize(
    ("faults", "part"),
    [
        ({"no_camra": True}, "unknown fault 'no_camra'; known are cameras, no_camera"),
        ({"speed": 0}, "speed cannot be 0"),
        ({"busy": 1}, "busy cannot be 1"),
    ],
)
def test_wrong_faults_are_refused_in_one_line(start: Start, faults: dict[str, Any], part: str) -> None:
    run = start("rpicam-still", *SMALL, "-o", "a.jpg", faults=faults)
    assert part in failure(run)
    assert len(run.errors) == 1


def test_torn_faults_leave_things_as_they_were(stills: Callable[..., Run]) -> None:
    run = stills().ready()
    (run.folder / "camera" / "faults.json").write_text('{"busy": tr')
    run.capture("00000000.jpg")


def has_metadata(folder: Path) -> bool:
    """Whether there are metadata, and they are whole."""
    return (folder / "m.json").exists() and (folder / "m.json").read_text().endswith("}")


def test_the_first_still_comes_before_the_lens_has_got_anywhere(stills: Callable[..., Run]) -> None:
    """It is asked on the first visible frame; one that comes some frames later is in focus."""
    run = stills("--metadata", "m.json").ready()
    run.capture("00000000.jpg")
    run.until(lambda: has_metadata(run.folder), "metadata")
    first = json.loads((run.folder / "m.json").read_text())
    assert first["AfState"] == 1 and first["LensPosition"] < 1.2
    number = 0

    def focused() -> bool:
        nonlocal number
        number += 1
        time.sleep(0.2)  # each still interrupts the scan
        run.capture(f"{number:08d}.jpg")
        run.until(lambda: has_metadata(run.folder), "metadata")
        metadata = json.loads((run.folder / "m.json").read_text())
        return (metadata["AfState"], metadata["LensPosition"]) == (2, 1.5)

    run.until(focused, "focus")


def test_exposure_follows_the_light(stills: Callable[..., Run]) -> None:
    run = stills("--metadata", "m.json", "--lens-position", "1").ready()

    def exposed(number: int) -> tuple[float, int]:
        run.capture(f"{number:08d}.jpg")
        run.until(lambda: has_metadata(run.folder), "metadata")
        metadata = json.loads((run.folder / "m.json").read_text())
        return metadata["ExposureTime"] * metadata["AnalogueGain"] * metadata["DigitalGain"], metadata["AeState"]

    before, state = exposed(0)
    assert state == 2
    (run.folder / "camera/faults.json").write_text(json.dumps(FAST | {"light": 0.5}))
    numbers = iter(range(1, 1000))

    def adapted() -> bool:
        now, state = exposed(next(numbers))
        return state == 2 and now == pytest.approx(2 * before, rel=0.02)

    run.until(adapted, "exposure for half the light")
