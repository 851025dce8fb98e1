"""From what the camera has recorded to an item of the library: an MP4 that browsers play, and its placeholder.

While a video is recorded, a file `.about` lies beside it with what its sidecar will say; so what a
crash leaves can be finished in the same way at the next start.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.capture.library_writer import mp4
from stillcam.common.errors import CameraError
from stillcam.common.safe_json import parse
from stillcam.frames.jpeg import Cutter
from stillcam.library.pending import PendingItem

ABOUT = "about"
PART = "part"  # of the MP4 that is being made
EXTENSIONS = ("ts", "mp4", "h264", "mjpeg")
_PREVIEW_BYTES = 8 << 20  # so much of an MJPEG file is looked at for its first picture

Ffmpeg = Callable[[Sequence[str]], str | None]  # runs it; what it says when it fails, None: all is well


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A recorded video that is no item yet.

    Args:
        pending: what it belongs to.
        path: the file that the camera has written.
        remux: whether an MP4 is to be made of it.
        rate: frames a second, which bare H.264 does not know.
        rotation: by which players are to turn it: 90 or 270 degrees clockwise, else 0.
        about: its sidecar; the duration comes from the MP4 where there is one.
    """

    pending: PendingItem
    path: Path
    remux: bool
    rate: float
    rotation: int
    about: dict[str, Any]

    def notice(self, text: str) -> None:
        """Have the item say what a person should know of it."""
        logging.warning("%s: %s", self.pending.stem, text)
        self.about.setdefault("notices", []).append(text)

    def broken_off(self, text: str) -> None:
        """Have the item say that it ended too soon, and why."""
        self.about["interrupted"] = True
        self.notice(text)

    def note(self) -> None:
        """Write down what a crash must not lose."""
        noted = {"remux": self.remux, "rate": self.rate, "rotation": self.rotation, "about": self.about}
        self.pending.path(ABOUT).write_text(json.dumps(noted), encoding="utf-8")


def finish(footage: RecordedVideo, ffmpeg: Ffmpeg, stand_in: Path | None = None) -> str:
    """Make the item appear; its address below `library/`.

    Args:
        ffmpeg: runs it.
        stand_in: a picture to stand for the video where none can be made of it.

    Raises:
        CameraError: there is nothing in it that can be played (`torn`; it is deleted), or no room to finish
            it (`disk`; it stays, for when there is, or the next start).
        OSError: it could not be written; the same.
    """
    pending, path, about = footage.pending, footage.path, dict(footage.about)
    if not path.exists() or not path.stat().st_size:
        pending.discard()
        raise CameraError("torn", "nothing was recorded: see data/logs/capture.log")
    if footage.remux:
        path = _remuxed(footage, ffmpeg)
    if path.suffix == ".mp4":
        duration_s = mp4.duration_s(path)
        if duration_s is None:
            pending.discard()
            text = "the video was interrupted before it could be played: install ffmpeg, and the next one is kept"
            raise CameraError("torn", text)
        about["duration_s"] = round(duration_s, 3)
        if footage.rotation:
            mp4.turn(path, footage.rotation)
    preview = pending.path("jpg")
    if not _preview(path, preview, ffmpeg) and stand_in:
        shutil.copyfile(stand_in, preview)
    pending.path(ABOUT).unlink(missing_ok=True)
    return pending.finish(about)


def salvage(root: Path, torn: Sequence[Path], ffmpeg: Ffmpeg) -> list[str]:
    """Keep what can be played of the videos that a crash has left, and delete the rest of what it left.

    Args:
        root: the library.
        torn: see `library.pending.recover`.

    Returns:
        the addresses of the items that were saved.
    """
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in torn:
        groups[path.stem].append(path)
    saved = []
    for stem, paths in groups.items():
        footage = _left(root, paths)
        for path in paths:
            if footage is None or path.suffix.lstrip(".") not in (*EXTENSIONS, ABOUT):
                path.unlink(missing_ok=True)
        if footage is None:
            logging.info("deleted %s, which a crash had left half-done", stem)
            continue
        try:
            saved.append(finish(footage, ffmpeg))
            logging.info("saved the video %s, which a crash had interrupted", stem)
        except (CameraError, OSError) as error:
            logging.warning("could not save the video %s: %s", stem, error)
    return saved


def _left(root: Path, paths: Sequence[Path]) -> RecordedVideo | None:
    """The footage among the files of one stem; None: there is none."""
    pending = PendingItem.of_file(root, paths[0])
    recorded = [path for path in paths if path.suffix.lstrip(".") in EXTENSIONS and path.stat().st_size]
    if pending is None or not recorded:
        return None
    try:
        noted = parse(pending.path(ABOUT).read_text(encoding="utf-8"))
        remux, rate, rotation, about = (noted[key] for key in ("remux", "rate", "rotation", "about"))
    except (OSError, ValueError, KeyError, TypeError):
        remux, rate, rotation, about = True, 0.0, 0, {"version": 1, "kind": "video"}
    path = max(recorded, key=lambda path: path.suffix == ".mp4")  # what it was made of may still lie beside it
    remux = remux and path.suffix != ".mp4"
    footage = RecordedVideo(pending, path, remux, float(rate), int(rotation), about)
    footage.broken_off("the daemon or the power failed while it was recorded")
    return footage


def _remuxed(footage: RecordedVideo, ffmpeg: Ffmpeg) -> Path:
    """The MP4; it can be played from its beginning while it is loaded. Where it cannot be made, what there is."""
    part, whole = footage.pending.path(PART), footage.pending.path("mp4")
    # Bare H.264 and MJPEG know no times.
    given = ["-r", f"{footage.rate or 30:g}"] if footage.path.suffix != ".ts" else []
    made = ["-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-movflags", "+faststart", "-f", "mp4", f"file:{part}"]
    if not (said := ffmpeg([*given, "-i", f"file:{footage.path}", *made])):
        part.rename(whole)
        footage.path.unlink()
        return whole
    part.unlink(missing_ok=True)
    if footage.path.suffix != ".ts":
        logging.warning("ffmpeg could not make an MP4, the video stays as it is: %s", said)
        return footage.path
    if "Invalid data" in said or "does not contain any stream" in said or "matches no streams" in said:
        footage.pending.discard()
        raise CameraError("torn", f"there is nothing in the video that can be played: {said}")
    cause = "disk" if "space" in said else "missing"
    raise CameraError(cause, f"the video waits for room or the next start: ffmpeg could not make an MP4 of it: {said}")


def _preview(video: Path, preview: Path, ffmpeg: Ffmpeg) -> bool:
    """Make a JPEG of the video's first picture; whether there is one."""
    if video.suffix == ".mjpeg":
        with video.open("rb") as file:
            frames = Cutter().feed(file.read(_PREVIEW_BYTES))
        if frames:
            preview.write_bytes(frames[0])
        return bool(frames)
    said = ffmpeg(["-i", f"file:{video}", "-frames:v", "1", "-q:v", "3", "-f", "mjpeg", f"file:{preview}"])
    if said:
        preview.unlink(missing_ok=True)
    return not said
