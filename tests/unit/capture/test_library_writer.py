"""What the camera's thread does for a video before it is finished in the background."""

from pathlib import Path

import pytest
from pictures import picture
from waiting import until

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


def recorded(root: Path, kind: str, second: int) -> RecordedVideo:
    pending = PendingItem.create(root, kind, NOON_S + second, "imx219")
    pending.path("mjpeg").write_bytes(picture() * 3)
    video = RecordedVideo(pending, pending.path("mjpeg"), Conversion.ENCODE, 5.0, 0, {"kind": kind})
    video.save_notes(complete=True)
    return video


def kinds_in_status(writer: LibraryWriter) -> list[str]:
    return [video["kind"] for video in writer.to_json()["videos"]]


def test_a_person_s_video_does_not_wait_behind_motion_recordings(tmp_path, writer, monkeypatch):
    monkeypatch.setenv("PATH", "")  # without ffmpeg, each is kept as it is
    finished: list[str] = []
    for second, kind in enumerate(("motion", "motion", "video", "motion", "video")):
        video = recorded(tmp_path / "library", kind, second)
        writer.finish_video(video, None, lambda id_, _error: finished.append(str(id_)))
    assert kinds_in_status(writer) == ["video", "video", "motion", "motion", "motion"]
    first = writer.to_json()["videos"][0]
    assert (first["time"], first["progress"]) == ("2026-11-20T12:00:02.000Z", None)
    writer.worker.start(())
    until(lambda: len(finished) == 5)
    assert [id_.split("_")[1] for id_ in finished] == ["video", "video", "motion", "motion", "motion"]
    assert kinds_in_status(writer) == []
    writer.worker.close()


FFMPEG = """#!/bin/sh
# Encodes the first motion recording for ever, and any other file in a moment.
for target; do :; done
echo "$target" >>"$ORDER"
printf half >"${target#file:}"
case $target in
  *_motion_*.part) [ -e "$ORDER.waited" ] || { : >"$ORDER.waited"; echo frame=1; exec sleep 60; } ;;
esac
exit 1
"""


@pytest.mark.parametrize("crash", [False, True])
def test_a_motion_recording_that_is_being_encoded_makes_way_for_a_person_s_video(tmp_path, monkeypatch, crash):
    """It is encoded from its beginning afterwards; also if it is from before a crash."""
    program, order = tmp_path / "bin/ffmpeg", tmp_path / "order"
    program.parent.mkdir()
    program.write_text(FFMPEG)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin")
    monkeypatch.setenv("ORDER", str(order))
    library, finished = tmp_path / "library", list[str]()
    if crash:
        recorded(library, "motion", 0)
    writer = LibraryWriter(library, Settings, ClockTrust(library, tmp_path / "series"), (), lambda: None)

    def finish(second: int, kind: str) -> None:
        writer.finish_video(recorded(library, kind, second), None, lambda id_, _error: finished.append(str(id_)))

    if not crash:
        finish(0, "motion")
    writer.worker.start(())
    until((tmp_path / "order.waited").exists)
    finish(1, "video")
    until(lambda: "_video_" in order.read_text().rpartition(".drafts")[2])
    assert not list((library / ".drafts").glob("*_motion_*.part"))
    until(lambda: writer.to_json()["finishing"] == 0)
    writer.worker.close()
    assert [id_.split("_")[1] for id_ in finished] == (["video"] if crash else ["video", "motion"])
    encoded = [Path(line).name.split("_")[1] for line in order.read_text().split() if line.endswith(".part")]
    assert encoded == ["motion", "video", "motion"]
    day, drafts = library / "2026-11-20", library / ".drafts"
    assert sorted(path.name.split("_")[1] for path in day.glob("*.mjpeg")) == ["motion", "video"]
    assert list(drafts.iterdir()) == []


def test_a_person_s_video_is_the_first_that_is_recovered_after_a_crash(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PATH", "")
    caplog.set_level("INFO")
    for second, kind in enumerate(("motion", "motion", "video")):
        recorded(tmp_path / "library", kind, second)
    clock = ClockTrust(tmp_path / "library", tmp_path / "series")
    writer = LibraryWriter(tmp_path / "library", Settings, clock, (), lambda: None)
    assert kinds_in_status(writer) == ["video", "motion", "motion"]
    writer.worker.start(())
    until(lambda: kinds_in_status(writer) == [])
    saved = [message.split("_")[1] for message in caplog.messages if "recovered the video" in message]
    assert saved == ["video", "motion", "motion"]
    writer.worker.close()
