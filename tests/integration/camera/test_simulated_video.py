"""rpicam-vid as RPICAM.md describes it, on real processes."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 90.0
SMALL = ("-n", "--width", "320", "--height", "180")

needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")


class Videos:
    """Starts rpicam-vid in a folder, and ends what is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, faults: dict[str, Any] | None = None, **environ: str) -> subprocess.Popen[bytes]:
        base = dict(os.environ, PYTHONPATH=str(ROOT / "python"), STILLCAM_SIMULATED_DIR=str(self.folder / "camera"))
        small = ("-n",) if "--width" in arguments else SMALL
        base["STILLCAM_SIMULATED_FAULTS"] = json.dumps({"speed": 100} | (faults or {}))
        with (self.folder / "stderr").open("wb") as errors:
            self.processes.append(subprocess.Popen(
                [sys.executable, "-m", "stillcam.camera.simulated", "rpicam-vid", *small, *arguments],
                cwd=self.folder, env=base | environ, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
            ))  # fmt: skip
        return self.processes[-1]

    def errors(self) -> list[str]:
        return (self.folder / "stderr").read_text().splitlines()

    def wait_for(self, name: str, least_bytes: int) -> None:
        end = time.monotonic() + DEADLINE_S
        while not (self.folder / name).exists() or (self.folder / name).stat().st_size < least_bytes:
            assert time.monotonic() < end, self.errors()
            time.sleep(0.01)


@pytest.fixture
def videos(tmp_path: Path) -> Iterator[Videos]:
    (tmp_path / "camera").mkdir()
    started = Videos(tmp_path)
    yield started
    for process in started.processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def cut(stream: bytes) -> list[bytes]:
    """The JPEGs of a stream without anything between; entropy-coded data holds no FF D9 of its own."""
    parts = [part + b"\xff\xd9" for part in stream.split(b"\xff\xd9")]
    assert parts.pop() == b"\xff\xd9", "the stream ends with a whole picture"
    return parts


def test_mjpeg_is_whole_pictures_one_behind_the_other(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "--frames", "12", "-o", "-")
    stream, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    frames = cut(stream)
    assert len(frames) == 12
    for frame in frames:
        assert frame.startswith(b"\xff\xd8")
        with Image.open(io.BytesIO(frame)) as image:
            image.load()
            assert image.size == (320, 180)


@pytest.mark.parametrize(("flush", "comes"), [(("--flush",), True), ((), False)])
def test_the_end_of_a_frame_comes_with_the_next_one_unless_it_is_flushed(
    videos: Videos, flush: tuple[str, ...], comes: bool
) -> None:
    """stdio holds back what fills no block."""
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg", *flush, faults={"stall_after": 1})
    videos.wait_for("v.mjpeg", 4096)
    end = time.monotonic() + DEADLINE_S
    while "Device timeout" not in videos.errors()[-1]:
        assert time.monotonic() < end
        time.sleep(0.01)
    data = (videos.folder / "v.mjpeg").read_bytes()
    assert data.endswith(b"\xff\xd9") is comes
    assert (len(data) % 4096 == 0) is not comes
    process.kill()


def test_sigint_ends_cleanly(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg")
    videos.wait_for("v.mjpeg", 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0
    assert len(cut((videos.folder / "v.mjpeg").read_bytes())) >= 1


def test_sigterm_kills(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg")
    videos.wait_for("v.mjpeg", 1)
    process.terminate()
    assert process.wait(DEADLINE_S) == -signal.SIGTERM


def test_the_timeout_halts(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "100ms", "-o", "v.mjpeg")
    assert process.wait(DEADLINE_S) == 0
    assert videos.errors()[-1] == "Halting: reached timeout of 100 milliseconds."


def test_metadata_is_an_array(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "--frames", "4", "-o", "v.mjpeg", "--metadata", "m.json")
    assert process.wait(DEADLINE_S) == 0
    frames = json.loads((videos.folder / "m.json").read_text())
    stamps = [frame["SensorTimestamp"] for frame in frames]
    assert len(stamps) == 4 and stamps == sorted(set(stamps))


@needs_ffmpeg
@pytest.mark.parametrize("arguments", [("--codec", "libav", "-o", "v.mp4"), ("--codec", "h264", "-o", "v.h264")])
def test_h264_is_playable_after_sigint(videos: Videos, arguments: tuple[str, ...]) -> None:
    process = videos.start("-t", "0", "--metadata", "m.txt", "--metadata-format", "txt", *arguments)
    name = arguments[-1]
    videos.wait_for(name, 30_000)
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 0
    assert ((videos.folder / "m.txt").read_text() == "") is ("libav" in arguments)  # which tells nothing of its frames
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-of", "json",
         "-show_entries", "stream=codec_name,width,nb_read_frames", name],
        cwd=videos.folder, capture_output=True, check=True,
    )  # fmt: skip
    (stream,) = json.loads(answer.stdout)["streams"]
    assert (stream["codec_name"], stream["width"]) == ("h264", 320)
    assert int(stream["nb_read_frames"]) >= 5


def test_without_an_encoder_there_is_no_h264(videos: Videos) -> None:
    process = videos.start("-t", "100ms", "-o", "v.h264", PATH="/nonexistent")
    assert process.wait(DEADLINE_S) == 255
    assert videos.errors()[-1] == "ERROR: *** Unable to find an appropriate H.264 codec ***"
    assert "ffmpeg" in videos.errors()[-2]


def test_no_such_folder(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "/nope/v.mjpeg")
    assert process.wait(DEADLINE_S) == -signal.SIGABRT
    assert videos.errors()[-1] == "  what():  failed to open output file /nope/v.mjpeg"


def test_a_reader_that_goes_ends_the_program(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "-")
    assert process.stdout is not None
    process.stdout.read(1000)
    process.stdout.close()
    assert process.wait(DEADLINE_S) == -signal.SIGABRT


def test_fault_stall_keeps_running_without_frames(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg", "--flush", faults={"stall_after": 3})
    end = time.monotonic() + DEADLINE_S
    while videos.errors().count("ERROR: Device timeout detected, attempting a restart!!!") < 3:
        assert time.monotonic() < end, videos.errors()
        time.sleep(0.01)
    assert process.poll() is None
    assert len(cut((videos.folder / "v.mjpeg").read_bytes())) == 3


def test_fault_die(videos: Videos) -> None:
    faults = {"die_after": 5, "die_signal": 11}
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg", "--flush", faults=faults)
    assert process.wait(DEADLINE_S) == -11
    assert len(cut((videos.folder / "v.mjpeg").read_bytes())) == 5


def test_fault_frozen_repeats_the_picture(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "--frames", "3", "-o", "-", faults={"frozen": True})
    stream, _ = process.communicate(timeout=DEADLINE_S)
    assert len(set(cut(stream))) == 1


def test_fault_disk_full(videos: Videos) -> None:
    process = videos.start("--codec", "mjpeg", "-t", "0", "-o", "v.mjpeg", faults={"disk_full": True})
    assert process.wait(DEADLINE_S) == -signal.SIGABRT
    assert videos.errors()[-1] == "  what():  failed to write output bytes"


@needs_ffmpeg
def test_a_container_that_cannot_be_written_aborts(videos: Videos) -> None:
    """The exception is a thread's, which nobody catches: no last line with stars."""
    process = videos.start("--codec", "libav", "-t", "0", "-o", "none/v.mp4")
    assert process.wait(DEADLINE_S) == -signal.SIGABRT
    assert videos.errors()[-1].startswith("  what():  libav: unable to open output mux for none/v.mp4: ")


@needs_ffmpeg
def test_the_encoder_does_not_outlive_a_program_that_was_killed(videos: Videos) -> None:
    """The real program encodes by itself."""
    process = videos.start("--codec", "libav", "-t", "0", "-o", "v.mp4")
    videos.wait_for("v.mp4", 2000)
    (encoder,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    end = time.monotonic() + DEADLINE_S
    while Path(f"/proc/{encoder}/exe").exists():
        assert time.monotonic() < end
        time.sleep(0.01)


@needs_ffmpeg
@pytest.mark.parametrize("codec", ["h264", "libav"])
def test_the_hardware_encoder_ends_at_1920x1080_unless_the_board_is_a_pi_5(videos: Videos, codec: str) -> None:
    large = ("--width", "1920", "--height", "1440", "--frames", "1", "--codec", codec, "-o", "v.mp4")
    assert videos.start(*large).wait(DEADLINE_S) != 0
    text = "failed to start output streaming" if codec == "h264" else "libav: error receiving packet: -22"
    assert text in videos.errors()[-1]
    assert videos.start(*large, STILLCAM_SIMULATED_BOARD="bcm2712").wait(DEADLINE_S) == 0


def test_what_does_not_fit_into_the_contiguous_memory_is_refused(videos: Videos) -> None:
    """Six buffers of the sensor's full mode."""
    large = ("--mode", "4656:3496:10:P", "--codec", "mjpeg", "--frames", "1", "-o", "v.mjpeg")
    assert videos.start(*large, faults={"cma_mb": 64}).wait(DEADLINE_S) == 255
    assert videos.errors()[-1] == "ERROR: *** failed to allocate capture buffers for stream ***"
    assert videos.start(*large, faults={"cma_mb": 256}).wait(DEADLINE_S) == 0


def test_the_time_out_runs_while_the_first_frames_are_hidden(videos: Videos) -> None:
    """At one frame a second, in a tenth of the time, nothing is left of half a second."""
    slow = ("--framerate", "1", "--codec", "mjpeg", "-o", "v.mjpeg")
    assert videos.start(*slow, "-t", "500ms", faults={"speed": 10}).wait(DEADLINE_S) == 0
    assert not (videos.folder / "v.mjpeg").exists()
    assert videos.start(*slow, "-t", "0", "--frames", "5", faults={"speed": 10}).wait(DEADLINE_S) == 0
    assert len(cut((videos.folder / "v.mjpeg").read_bytes())) == 5
