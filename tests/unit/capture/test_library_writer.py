"""What the camera's thread does for a video before it is finished in the background."""

from pathlib import Path

import pytest
from pictures import picture

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo, recover_videos
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.library.pending import PendingItem, recover
from stillcam.settings.schema import Settings

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC


@pytest.fixture
def writer(tmp_path: Path) -> LibraryWriter:
    """Its thread does not run: what is to be finished waits."""
    clock = ClockTrust(tmp_path / "library", tmp_path / "series")
    return LibraryWriter(tmp_path / "library", Settings, clock, (), lambda: None)


@pytest.mark.parametrize("full", [False, True])
def test_a_recording_that_had_ended_is_not_called_interrupted(tmp_path, writer, monkeypatch, full):
    """The daemon is stopped before its turn comes. Without space for new notes, those from the beginning stay."""
    pending = PendingItem.create(tmp_path / "library", "motion", NOON_S, "imx219")
    pending.path("mjpeg").write_bytes(picture() * 3)
    video = RecordedVideo(pending, pending.path("mjpeg"), Conversion.ENCODE, 5.0, 0, {"kind": "motion", "zoom": 2})
    video.save_notes()
    with monkeypatch.context() as patch:
        if full:
            patch.setattr("stillcam.common.atomic_write._write", no_space)
        writer.finish_video(video, None, lambda *_: None)
    assert writer.to_json()["finishing"] == 1
    (saved,) = recover_videos(tmp_path / "library", recover(tmp_path / "library"), lambda _: "not installed")
    sidecar = (tmp_path / "library" / saved).with_suffix(".json").read_text()
    assert '"zoom": 2' in sidecar
    assert ("interrupted" in sidecar) is full


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
