"""Parts of the recording of a video: how long the disk lasts, and which of its frames are published."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.capture.video_recording import published
from stillcam.capture.video_recording.disk_rate import DiskRate, encoded_rate, jpeg_rate
from stillcam.capture.video_recording.published import PublishedFrames
from stillcam.common.errors import CameraError
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

MB = 1_000_000


def test_the_rate_is_measured_once_the_video_is_long_enough():
    rate = DiskRate(10 * MB)
    assert rate.to_json(100 * MB) == {"bytes_per_s": 10 * MB, "room_s": 10}
    rate.measure(2 * MB, 1.0)
    assert rate.bytes_per_s == 10 * MB
    rate.measure(8 * MB, 4.0)
    assert rate.to_json(100 * MB) == {"bytes_per_s": 2 * MB, "room_s": 50}
    assert rate.to_json(None)["room_s"] is None


def test_a_video_that_has_no_room_is_refused_with_the_numbers():
    rate = DiskRate(10 * MB)
    rate.check(30 * MB, 3)  # all that was requested
    rate.check(100 * MB, 3600)  # it ends sooner, as the page shows
    for seconds in (4, None):
        with pytest.raises(CameraError, match=r"room for 3 s of this video, which needs about 10\.0 MB/s") as caught:
            rate.check(30 * MB, seconds)
        assert caught.value.cause == "disk"


def test_the_estimate_grows_with_quality_size_and_rate():
    rates = [jpeg_rate((1920, 1080), quality, 30) for quality in (1, 2, 50, 60, 75, 80, 93, 99, 100)]
    assert rates == sorted(rates) and len(set(rates)) == len(rates)
    assert 6 * MB < jpeg_rate((1920, 1080), 75, 30) < 10 * MB
    assert jpeg_rate((960, 540), 75, 15) == pytest.approx(jpeg_rate((1920, 1080), 75, 30) / 8)
    settings = patched(Settings(), {"video": {"bitrate": 8 * MB}})
    assert encoded_rate(settings, (1920, 1080), 30) == MB


class Frames:
    """The frames of a video of 30 frames a second, with a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(published, "time", SimpleNamespace(monotonic=lambda: self.now))
        settings = patched(Settings(), {"live": {"framerate": 15}, "snapshot": {"interval_s": 2}})
        self.failures: list[str] = []
        self.commands = SimpleNamespace(leased=False)
        self.settings = SimpleNamespace(wanted=settings)
        self.paths = SimpleNamespace(images=Path("/images"))
        self.status = SimpleNamespace(count_failure=lambda cause, **_: self.failures.append(cause))
        self.error: CameraError | None = None
        self.takes_s = 0.0
        self.photos: list[Path] = []
        self.notices: list[str] = []
        self.request = SimpleNamespace(due_s=float("inf"), picture_taken=lambda: None)
        self.photo = SimpleNamespace(
            due_in_video=False, take_of_video=lambda frame, _settings, _camera: self.photos.append(frame)
        )
        task: Any = SimpleNamespace(
            context=self, settings=settings, camera=None, frame_request=self.request, photos=self.photo
        )
        self.published = PublishedFrames(task, self.notices.append)

    def frame_published(self, _name: str) -> None:
        if self.error:
            raise self.error

    def publish(self) -> str:
        self.now += self.takes_s
        return "frame.jpg"

    def during(self, seconds: float) -> int:
        """How many frames are published in that time."""
        count = 0
        for _ in range(round(seconds * 30)):
            self.now += 1 / 30
            if self.now >= self.published.due_s:
                self.published.publish(self.publish)
                count += 1
        return count


@pytest.fixture
def frames(monkeypatch):
    return Frames(monkeypatch)


def test_frames_are_published_at_the_rate_that_somebody_needs(frames):
    assert frames.during(10) == pytest.approx(5, abs=1)
    frames.commands.leased = True
    assert frames.during(10) == pytest.approx(150, abs=2)
    frames.commands.leased = False
    assert frames.during(10) == pytest.approx(5, abs=1)
    frames.request.due_s = frames.now
    assert frames.during(0.1) == 3


def test_slow_publishing_leaves_time_for_the_frames_of_the_video(frames):
    frames.commands.leased, frames.takes_s = True, 0.2  # a rotation on a slow board
    began_s = frames.now
    count = frames.during(10)
    assert count * 0.2 / (frames.now - began_s) < 0.45


def test_a_photo_is_the_next_frame(frames):
    frames.during(1)
    frames.photos.clear()
    frames.photo.due_in_video = True
    assert frames.during(1 / 30) == 1
    assert frames.photos == [Path("/images/frame.jpg")]


def test_a_frame_that_cannot_be_published_is_counted_and_costs_no_video(frames):
    frames.error = CameraError("disk", "no space")
    assert frames.during(5) == 1  # and none for a while
    frames.error = CameraError("frozen", "the picture does not change")
    frames.during(20)
    assert frames.failures[:2] == ["disk", "frozen"]
    assert frames.notices[:1] == ["the picture does not change"]
