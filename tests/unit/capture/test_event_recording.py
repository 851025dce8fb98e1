"""The thread that writes an event, with a disk that is slow or full."""

import threading
from pathlib import Path
from typing import Any

import pytest
from pictures import picture

from stillcam.capture.library_writer.finish_video import RecordedVideo
from stillcam.capture.motion_events.recording import EventRecording, RecordingPlan
from stillcam.common.errors import CameraError
from stillcam.library.pending import PendingItem

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


def recording(library: Any, done: Any = lambda *_: None, frames: int = 5) -> EventRecording:
    plan = RecordingPlan(NOON_S, "imx219", 10.0, 0, SIDECAR, frames * len(FRAME))
    return EventRecording(library, plan, done)


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
    assert video.rate == pytest.approx(4 / 1.1, abs=0.01)  # played in the time that they were taken in
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
    assert part.stopped is error
    assert part.dropped == 0
