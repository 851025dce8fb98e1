"""The thread that writes the frames of a video or an event, with a disk that is slow or full."""

import io
import json
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from PIL import Image
from waiting import until

from stillcam.capture.library_writer.finish_video import RecordedVideo, recover_videos
from stillcam.capture.library_writer.frame_recording import Edit, FrameRecording, RecordingPlan, unchanged
from stillcam.common.errors import CameraError
from stillcam.library.pending import PendingItem, recover
from stillcam.motion.ring import TimedFrame

NOON_S = 1_795_176_000.0
DEADLINE_S = 60.0
SIDECAR = {"version": 1, "kind": "motion"}
FRAME = picture()


class SlowLibrary:
    """A library whose disk answers once `answers` is set; it keeps the video that is to be finished."""

    def __init__(self, root: Path) -> None:
        self.answers = threading.Event()
        self.root = root
        self.free = 1000 * len(FRAME)
        self.disk = self
        self.video: RecordedVideo | None = None

    def begin_item(self, kind: str, time_s: float, camera: str) -> PendingItem:
        assert self.answers.wait(DEADLINE_S)
        if not self.free:
            raise CameraError("disk", "nearly full")
        return PendingItem.create(self.root, kind, time_s, camera)

    def free_bytes(self) -> int:
        return self.free

    def reserve_bytes(self) -> int:
        return 0

    def finish_video(self, video: RecordedVideo, _placeholder: object, finished: Any) -> None:
        self.video = video
        finished("2026-11-20/event.mp4", None)


@pytest.fixture
def library(tmp_path: Path) -> SlowLibrary:
    return SlowLibrary(tmp_path)


def recording(library: Any, done: Any = lambda *_: None, frames: int = 5, edit: Edit = unchanged) -> FrameRecording:
    plan = RecordingPlan("motion", NOON_S, "imx219", 10.0, 0, SIDECAR, frames * len(FRAME), edit=edit)
    return FrameRecording(library, plan, done)


def test_frames_that_a_slow_disk_has_no_room_for_are_dropped_counted_and_noted(library):
    part = recording(library)
    for number in range(12):
        part.add((number / 10, FRAME))
    assert part.dropped == 7
    part.end(SIDECAR, 0.3)
    library.answers.set()
    assert part.join(DEADLINE_S)
    video = library.video
    assert video is not None
    assert video.path.read_bytes() == 5 * FRAME
    assert video.sidecar["notices"] == ["7 frames are missing: the disk was too slow for them"]
    assert video.rate == pytest.approx(10, abs=0.01)  # played as fast as they were taken
    assert video.preview_s == 0.3


def test_a_gap_does_not_count_in_the_rate(library):
    library.answers.set()
    part = recording(library, frames=6)
    for number in range(4):
        part.add((number / 2, FRAME))
    part.add((60.0, FRAME), after_gap=True)
    part.add((60.5, FRAME))
    assert part.covered_s == 2.0
    part.end(SIDECAR, 0.0)
    assert part.join(DEADLINE_S)
    assert library.video is not None
    assert library.video.rate == pytest.approx(2.5)


def test_a_disk_that_is_full_from_the_start_is_the_answer(library):
    answers: list[Any] = []
    library.free = 0
    library.answers.set()
    part = recording(library, lambda *answer: answers.append(answer))
    assert part.join(DEADLINE_S)
    part.add((1.0, FRAME))
    part.end(SIDECAR, 0.0)
    [(id_, error)] = answers
    assert (id_, error.cause) == (None, "disk")
    assert part.stopped == str(error)
    assert part.dropped == 0


def test_each_frame_is_edited_before_it_is_written_and_keeps_its_time(library):
    seen: list[float] = []

    def edit(frame: TimedFrame) -> bytes:
        seen.append(frame[0])
        return b"<" + bytes(frame[1]) + b">"

    library.answers.set()
    part = recording(library, edit=edit)
    for number in range(3):
        part.add((number / 10, FRAME))
    part.end(SIDECAR, 0.0)
    assert part.join(DEADLINE_S)
    assert library.video is not None
    assert library.video.path.read_bytes() == 3 * (b"<" + FRAME + b">")
    assert seen == [0.0, 0.1, 0.2]


def test_the_notes_have_the_rate_that_the_frames_really_come_in(library, monkeypatch):
    """A camera may be slower than its settings say: what a crash leaves must not be played too fast."""
    monkeypatch.setattr("stillcam.capture.library_writer.frame_recording.SYNC_BYTES", 0)
    library.answers.set()
    part = recording(library, frames=20)
    for number in range(6):
        part.add((number / 4, FRAME))
    until(lambda: part.written_bytes == 6 * len(FRAME) and rate_in_notes(library) == 4)
    part.end(SIDECAR, 0.0)
    assert part.join(DEADLINE_S)


def rate_in_notes(library: SlowLibrary) -> float:
    (notes,) = library.root.glob(".drafts/*.about")
    return float(json.loads(notes.read_text())["rate"])


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_a_frame_of_the_mp4_is_shown_at_the_time_when_it_was_taken(library):
    """Ten seconds at 30 frames a second, ten at 5: at one average rate, second 15 showed second 9."""
    library.answers.set()
    plan = RecordingPlan("video", NOON_S, "imx219", 30.0, 0, SIDECAR, 1 << 30)
    part = FrameRecording(library, plan, lambda *_: None)
    for number in range(350):
        time_s = number / 30 if number < 300 else 10 + (number - 300) / 5
        part.add((time_s, grey(round(12 * time_s))))
    part.end(SIDECAR, 0.0)
    assert part.join(DEADLINE_S)
    assert library.video is not None
    library.video.save_notes()  # also after a kill
    (item,) = recover_videos(library.root, recover(library.root), ffmpeg)
    mp4 = library.root / item
    assert {shown_s: grey_at(mp4, shown_s) / 12 for shown_s in (0, 5, 9, 15, 19)} == {
        shown_s: pytest.approx(shown_s, abs=0.4) for shown_s in (0, 5, 9, 15, 19)
    }


def grey(level: int) -> bytes:
    jpeg = io.BytesIO()
    Image.new("L", (64, 48), level).convert("RGB").save(jpeg, "JPEG")
    return jpeg.getvalue()


def grey_at(video: Path, time_s: float) -> int:
    """What is shown at that time."""
    argv = [
        "ffmpeg",
        "-v",
        "error",
        "-ss",
        f"{time_s}",
        "-i",
        str(video),
        "-frames:v",
        "1",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
    ]
    level: int = subprocess.run(argv, capture_output=True, check=True).stdout[1000]
    return level


def ffmpeg(arguments: Sequence[str]) -> str | None:
    """The real one."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    return None if done.returncode == 0 else done.stderr
