"""Frames are published from stills; a sensor that hangs is noticed."""

import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from pictures import picture

from stillcam.camera.driver import Still
from stillcam.capture import publish_frame
from stillcam.capture.image_files import image_size
from stillcam.capture.publish_frame import FROZEN_FRAMES, FROZEN_S, FramePublisher
from stillcam.capture.status import Histogram
from stillcam.common.errors import CameraError
from stillcam.frames.files import UNSTAMPED
from stillcam.settings.geometry import View


def test_a_frozen_sensor_is_an_error_once_until_the_picture_changes(tmp_path, monkeypatch):
    clock = SimpleNamespace(now_s=100.0)
    monkeypatch.setattr(publish_frame, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    publisher = FramePublisher(tmp_path, 0, None, Histogram())
    numbers = count()

    def errors(colour: str, frames: int = FROZEN_FRAMES + 1) -> list[str]:
        """Publish so many identical pictures in a little more than `FROZEN_S`; the causes of the errors."""
        causes = []
        for _ in range(frames):
            path = tmp_path / f".still_{next(numbers):08}.jpg"
            path.write_bytes(picture((64, 48), colour))
            publisher.publish(Still(path, time.time()))
            clock.now_s += FROZEN_S / FROZEN_FRAMES + 0.1
            try:
                publisher.check_frozen()
            except CameraError as error:
                causes.append(error.cause)
        return causes

    assert errors("red", FROZEN_FRAMES) == []
    assert errors("red", 2) == ["frozen"]
    assert errors("red") == []
    assert errors("green") == ["frozen"]


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_rotation_of_the_frames_that_follow_can_change(tmp_path, monkeypatch, rotation):
    monkeypatch.setenv("PYTHONPATH", str(Path(publish_frame.__file__).parents[2]))  # of the child process
    publisher = FramePublisher(tmp_path, 90 - rotation, None, Histogram())
    publisher.rotation = rotation
    still = tmp_path / ".still_1.jpg"
    still.write_bytes(picture((64, 48), "red"))
    frame = tmp_path / publisher.publish(Still(still, time.time()))
    assert image_size(frame) == ((64, 48) if rotation == 0 else (48, 64))


def test_the_picture_without_its_stamp_is_kept_while_frames_have_one(tmp_path):
    def stamp_file(path: Path, _use: str, _time_s: float) -> None:
        (tmp_path / "stamped").write_bytes(picture((64, 48), "blue"))
        (tmp_path / "stamped").replace(path)

    edits = SimpleNamespace(stamp_file=stamp_file, view=View((), (False, False)))
    publisher = FramePublisher(tmp_path, 0, None, Histogram(), edits=edits)  # type: ignore[arg-type]
    kept = tmp_path / UNSTAMPED
    for stamps, colour in ((True, "red"), (True, "green"), (False, "red")):
        edits.stamps = lambda _use, stamps=stamps: stamps
        still = tmp_path / ".still_1.jpg"
        still.write_bytes(picture((64, 48), colour))
        publisher.publish(Still(still, time.time()))
        assert kept.exists() == stamps
        assert not stamps or kept.read_bytes() == picture((64, 48), colour)
