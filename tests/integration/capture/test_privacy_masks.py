"""Privacy masks on a real daemon: the simulated camera shows something magenta where the mask is.

Whatever is in `images/` and `data/` is decoded and searched.
"""

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import AUTOFOCUS, ROOT, BackgroundRequest, IdleDaemon, read_sidecar
from magenta import frames_of, magenta_files, magenta_in
from PIL import Image
from running_series import Series
from videos import recording

from stillcam.ipc.protocol import Refusal

MARKER = "1480,980 1900,1410"  # pixels of an imx219, which has 3280x2464
MASKS = {"masks": [MARKER]}
ZOOM = {"ScalerCrop": [1268, 846, 988, 740]}
LIVE = {"width": 320, "framerate": 10}
PHOTO = {"width": 640}
ARMED = {"armed": False, "after_s": 1, "before_s": 1}
SHOWN = 0.01  # of the picture is magenta where the marker is seen

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


def settings(daemon: IdleDaemon, **sections: Any) -> None:
    daemon.settings(**{"live": LIVE, "photo": PHOTO, "raw": PHOTO, "motion": ARMED, **sections})


def everything(daemon: IdleDaemon) -> dict[Path, float]:
    """Have every use of the camera make something; how much of the marker each file shows."""
    daemon.open()
    assert len(daemon.take(count=2)) == 2
    daemon.next_snapshot()
    Series(daemon, interval_s=1, shots=2).over()
    daemon.ask("lease", seconds=30)
    daemon.frames(3)
    found = magenta_files(daemon.images)
    daemon.ask("trigger", seconds=1)
    daemon.until(lambda status: made(status, 1))
    daemon.ask("lease", seconds=0)
    daemon.film(1)
    found |= magenta_files(daemon.images)  # frames of the video
    daemon.next_snapshot()
    return found | magenta_files(daemon.images, daemon.data)


def is_black(picture: Path) -> bool:
    with Image.open(picture) as image:
        return not any(image.convert("L").histogram()[2:])


def made(status: dict[str, Any], number: int) -> bool:
    event = status["motion"] and status["motion"]["event"]
    return bool(event and event["number"] == number and event["item"])


@needs_ffmpeg
def test_nothing_that_is_kept_or_published_shows_what_is_under_a_mask(idle_daemon):
    """With rotation, flips of which the live view has one more, and zoom."""
    idle_daemon.fault(marker=MARKER)
    turned = {"camera": {"rotation": 90, "hflip": True}, "live": LIVE | {"vflip": True}, "controls": ZOOM}
    settings(idle_daemon, **turned, privacy=MASKS)
    found = everything(idle_daemon)
    kinds = {path.suffix for path in found}
    assert kinds >= {".jpg", ".mp4"}
    assert len(found) >= 8
    assert {path: share for path, share in found.items() if share} == {}
    status = idle_daemon.ask("status")
    assert (status["restarts"], status["failures"]) == ({}, {})
    assert idle_daemon.end() == 0
    assert not list(idle_daemon.images.glob(".*"))
    assert idle_daemon.drafts() == []


@needs_ffmpeg
def test_without_a_mask_every_picture_shows_it(idle_daemon):
    """So the search of the test above finds it wherever it is."""
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, controls=ZOOM)
    assert min(everything(idle_daemon).values()) > SHOWN


def test_a_photo_in_another_format_is_masked_too(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, files={"photo": "png"}, camera={"rotation": 270}, privacy=MASKS)
    idle_daemon.open()
    (photo,) = idle_daemon.take()
    assert photo.suffix == ".png"
    with Image.open(photo) as image:
        assert image.size == (480, 640)
    assert not magenta_in(photo.read_bytes())


def test_a_large_photo_is_masked_by_a_child_process_and_has_no_thumbnail(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, photo={"width": 2328}, privacy=MASKS)
    idle_daemon.open()
    (photo,) = idle_daemon.take()
    with Image.open(photo) as image:
        assert image.size[0] == 2328
        assert image.getexif()[0x0110] == "imx219"
        assert b"\xff\xd8" not in image.info["exif"]
    assert not magenta_in(photo.read_bytes())


HALF_WRITTEN = """
import os, pathlib, signal, sys
if sys.orig_argv[1:3] == ["-m", "stillcam.edits"]:
    pathlib.Path(sys.orig_argv[5]).write_bytes(b"half of a picture")
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def stopped_child(daemon: IdleDaemon) -> int:
    """Wait until the process that masks a photo has begun, and has stopped itself."""
    found: list[int] = []

    def stopped(_: object) -> bool:
        states = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in programs()}
        found[:] = [pid for pid, state in states.items() if state == "T"]
        return bool(found)

    def programs() -> list[int]:
        return [pid for pid in daemon.camera_programs() if Path(f"/proc/{pid}/stat").exists()]

    daemon.until(stopped)
    return found[0]


def test_a_photo_whose_masking_is_killed_leaves_nothing(idle_daemon, tmp_path):
    """First the child is killed, also at the second try; then the daemon, with which the child ends."""
    (tmp_path / "sitecustomize.py").write_text(HALF_WRITTEN)
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, files={"photo": "png"}, privacy=MASKS)
    idle_daemon.open(PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}")
    photo = BackgroundRequest(idle_daemon, "photo")
    for _ in range(2):
        child = stopped_child(idle_daemon)
        os.kill(child, signal.SIGKILL)
        idle_daemon.until_gone(child)
    assert "signal 9 ended the program" in str(photo.wait())
    assert (idle_daemon.drafts(), idle_daemon.visible()) == ([], [])
    photo = BackgroundRequest(idle_daemon, "photo")
    child = stopped_child(idle_daemon)
    idle_daemon.kill()
    idle_daemon.until_gone(child)
    photo.wait()
    assert idle_daemon.drafts()
    idle_daemon.open()
    assert (idle_daemon.drafts(), idle_daemon.visible()) == ([], [])
    assert not any(magenta_files(idle_daemon.images, idle_daemon.data).values())


def test_a_mask_counts_from_the_next_picture_on_and_restarts_nothing(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon)
    idle_daemon.open()
    starts = idle_daemon.starts()
    current = idle_daemon.images / "current.jpg"
    assert magenta_in(current.read_bytes()) > SHOWN
    settings(idle_daemon, privacy=MASKS)
    answer = idle_daemon.ask("reload")
    assert answer["in_force"]
    assert not magenta_in((idle_daemon.images / answer["frame"]).read_bytes())
    assert not magenta_in(current.read_bytes())
    settings(idle_daemon)
    answer = idle_daemon.ask("reload")
    assert magenta_in((idle_daemon.images / answer["frame"]).read_bytes()) > SHOWN
    assert idle_daemon.starts() == starts


def test_a_new_mask_is_in_the_current_picture_at_once_although_the_camera_gives_no_more(idle_daemon):
    """The picture has been flipped, rotated and stamped; no copy of it without the mask stays."""
    turned = {"camera": {"rotation": 90, "hflip": True}, "stamp": {"uses": ["live"]}}
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, **turned)
    idle_daemon.open()
    before = idle_daemon.ask("status")
    assert min(magenta_files(idle_daemon.images).values()) > SHOWN
    idle_daemon.fault(marker=MARKER, stall_after=0)
    settings(idle_daemon, **turned, privacy=MASKS)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(idle_daemon.ask, "reload")  # it is answered with the next picture, and there is none
        status = idle_daemon.until(lambda status: status["frame"] > before["frame"])
        current = idle_daemon.images / "current.jpg"
        assert not any(magenta_files(idle_daemon.images).values())
        assert current.resolve().name == status["frame"]
        assert status["captures"]["ok"] == before["captures"]["ok"]
        assert status["privacy"] == {"masks": 1, "raw": False}
        with Image.open(current) as image:
            assert image.size[0] < image.size[1]
            assert 0 < image.convert("L").histogram()[0] < 0.2 * image.size[0] * image.size[1]
        idle_daemon.end()


def test_masks_of_another_camera_make_the_whole_picture_black(idle_daemon):
    """They would cover something else there; with the camera that they were drawn for, only they are black."""
    idle_daemon.attach(AUTOFOCUS)
    for camera, black in (("0 imx708 4608x2592", True), ("0 imx519 4656x3496", False), ("1 imx519 4656x3496", True)):
        settings(idle_daemon, privacy=MASKS | {"camera": camera})
        if idle_daemon.process:
            answer = idle_daemon.ask("reload")
            picture = idle_daemon.images / answer["frame"]
        else:
            idle_daemon.open()
            picture = idle_daemon.images / "current.jpg"
        assert is_black(picture) == black
        notice = idle_daemon.ask("status")["notice"]
        assert (f"drawn for camera {camera}, and the camera is 0 imx519 4656x3496" in str(notice)) == black
    (photo,) = idle_daemon.take()
    assert is_black(photo)
    settings(idle_daemon, privacy=MASKS)
    answer = idle_daemon.ask("reload")
    assert not is_black(idle_daemon.images / answer["frame"])
    idle_daemon.fault(stall_after=0)
    settings(idle_daemon, privacy=MASKS | {"camera": camera})
    with ThreadPoolExecutor(1) as pool:
        pool.submit(idle_daemon.ask, "reload")  # it is answered with the next picture, and there is none
        idle_daemon.until(lambda status: status["frame"] > answer["frame"])
        assert is_black(idle_daemon.images / "current.jpg")
        idle_daemon.end()


def test_frames_of_the_past_seconds_are_not_kept_once_a_new_mask_covers_them(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    armed = ARMED | {"armed": True, "record": "video", "before_s": 5}
    settings(idle_daemon, motion=armed)
    idle_daemon.start()
    idle_daemon.until(lambda status: status["motion"] and status["motion"]["held_s"] > 2)
    settings(idle_daemon, motion=armed, privacy=MASKS)
    idle_daemon.ask("reload")
    idle_daemon.ask("trigger", seconds=1)
    status = idle_daemon.until(lambda status: made(status, status["motion"]["counts"]["events"]))
    found = magenta_files(idle_daemon.library)
    assert idle_daemon.library / status["motion"]["event"]["item"] in found
    assert not any(found.values())


def test_raw_photos_and_videos_that_the_camera_program_encodes_are_refused(idle_daemon):
    settings(idle_daemon, privacy=MASKS, video={"width": 320, "while_recording": "encode"})
    idle_daemon.open()
    with pytest.raises(Refusal, match=r"privacy\.raw"):
        idle_daemon.ask("photo", kind="raw")
    with pytest.raises(Refusal, match=r"video\.while_recording"):
        idle_daemon.ask("video", seconds=1)
    raw = Series(idle_daemon, interval_s=1, shots=1, kind="raw").over("failed")
    assert "privacy.raw" in raw.summary()["why"]
    assert not list(idle_daemon.data.rglob("*.dng"))


@needs_ffmpeg
def test_a_mask_that_is_set_during_a_video_ends_it_if_the_camera_program_encodes(idle_daemon):
    """The frames before it are kept; they are of the time without a mask."""
    video = {"width": 320, "while_recording": "encode"}
    settings(idle_daemon, video=video)
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    settings(idle_daemon, video=video, privacy=MASKS)
    idle_daemon.ask("reload")
    status = idle_daemon.until(lambda status: not status["recording"] and status["mode"] == "snapshot")
    assert "privacy mask" in status["notice"]
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.json")))


@needs_ffmpeg
def test_a_mask_that_is_set_during_a_video_of_frames_is_in_it_from_then_on(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon)
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    settings(idle_daemon, privacy=MASKS)
    idle_daemon.ask("reload")
    size = idle_daemon.ask("status")["recording"]["bytes"]
    idle_daemon.until(lambda status: status["recording"]["bytes"] > size + 200_000)
    (item,) = idle_daemon.ask("stop")["items"]
    shares = [magenta_in(frame) for frame in frames_of(idle_daemon.library / item)]
    assert shares[0] > SHOWN
    assert not shares[-1]


def test_a_raw_photo_that_waits_is_refused_once_there_is_a_mask(idle_daemon):
    settings(idle_daemon)
    idle_daemon.open()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(idle_daemon.ask, "photo", kind="raw", delay_s=3)
        idle_daemon.until(lambda status: status["taking"])
        settings(idle_daemon, privacy=MASKS)
        idle_daemon.ask("reload")
        with pytest.raises(Refusal, match=r"privacy\.raw"):
            waiting.result()
    assert not list(idle_daemon.library.glob("2*/*"))


def test_the_owner_may_allow_raw_photos_whose_jpeg_is_masked(idle_daemon):
    idle_daemon.fault(marker=MARKER)
    settings(idle_daemon, privacy=MASKS | {"raw": True})
    idle_daemon.open()
    (photo,) = idle_daemon.take(kind="raw")
    assert read_sidecar(photo)["kind"] == "raw"
    assert photo.with_suffix(".dng").stat().st_size > 1000
    assert not magenta_in(photo.with_suffix(".jpg").read_bytes())


def test_without_libturbojpeg_masks_are_refused_and_those_that_are_there_stop_the_picture(idle_daemon, tmp_path):
    """No picture is published without its masks; the error names the package."""
    settings(idle_daemon)
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes\n"
        "class Missing(ctypes.CDLL):\n"
        "    def __init__(self, name, *more, **options):\n"
        "        if name and 'turbojpeg' in name:\n"
        "            raise OSError(name)\n"
        "        super().__init__(name, *more, **options)\n"
        "ctypes.CDLL = Missing\n"
    )
    idle_daemon.start(PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}")
    idle_daemon.until(lambda status: status["frame"])
    settings(idle_daemon, privacy=MASKS)
    with pytest.raises(Refusal, match="sudo apt install -y libturbojpeg0"):
        idle_daemon.ask("reload")
    before = idle_daemon.ask("status")["frame"]
    idle_daemon.end()
    idle_daemon.start(PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}")
    status = idle_daemon.until(lambda status: status["reason"])
    assert "libturbojpeg0" in status["reason"]
    assert (status["frame"] or before) == before
