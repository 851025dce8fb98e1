"""From a recorded video to an item of the library: an MP4 that browsers play, and a preview picture.

While a video is recorded, a file `.about` lies beside it with what its sidecar will say, so that a video which a crash
has left is finished in the same way at the next start.

The orientation of an MP4 is written here and not by ffmpeg: `-display_rotation` came with ffmpeg 6.0, Debian 12 has
5.1, and a camera program that writes MP4 itself needs no ffmpeg. Layout: ISO/IEC 14496-12. A box has a size and a
type; `moov`, without which nothing can be played, holds `mvhd` (duration) and a `trak` with a `tkhd` (transformation
matrix) for each track.
"""

from __future__ import annotations

import json
import logging
import shutil
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from stillcam.common.errors import CameraError
from stillcam.common.safe_read import parse_json
from stillcam.frames.jpeg import JpegSplitter
from stillcam.library.pending import PendingItem

NOTES = "about"  # extension of the notes
PART = "part"  # of the MP4 that is being made
EXTENSIONS = ("ts", "mp4", "h264", "mjpeg")
_PREVIEW_BYTES = 8 << 20  # so much of an MJPEG file is searched for its first picture
_BOX_HEADER_BYTES = 8
_ONE = 1 << 16  # 1.0 in fixed point

Ffmpeg = Callable[[Sequence[str]], str | None]  # runs it; its error output, None: it succeeded


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A recorded video that is no item yet."""

    pending: PendingItem  # that it becomes
    path: Path  # the file that the camera has written
    remux: bool  # whether to make an MP4 of it
    rate: float  # frames a second, which bare H.264 does not know
    rotation: int  # clockwise degrees by which players are to rotate it: 90, 270, else 0
    sidecar: dict[str, Any]  # the item's; the duration comes from the MP4 where there is one

    def add_notice(self, text: str) -> None:
        """Add a remark on the video to its sidecar."""
        logging.warning("%s: %s", self.pending.stem, text)
        self.sidecar.setdefault("notices", []).append(text)

    def mark_interrupted(self, reason: str) -> None:
        """Record in the sidecar that the video ended too soon, and why."""
        self.sidecar["interrupted"] = True
        self.add_notice(reason)

    def save_notes(self) -> None:
        """Write what a crash must not lose."""
        notes = {"remux": self.remux, "rate": self.rate, "rotation": self.rotation, "about": self.sidecar}
        self.pending.path(NOTES).write_text(json.dumps(notes), encoding="utf-8")


def finish_video(video: RecordedVideo, ffmpeg: Ffmpeg, placeholder: Path | None = None) -> str:
    """Make the item appear; its address below `library/`.

    Args:
        placeholder: used as the preview if none can be extracted.

    Raises:
        CameraError: `torn`: nothing in it can be played, and it is deleted; `disk`: there is not enough space, and the
            recording is kept and tried again.
        OSError: it could not be written; it is kept, too.
    """
    pending, path, sidecar = video.pending, video.path, dict(video.sidecar)
    if not path.exists() or not path.stat().st_size:
        pending.discard()
        raise CameraError("torn", "nothing was recorded: see `stillcam log`")
    if video.remux:
        path = _remux(video, ffmpeg)
    if path.suffix == ".mp4":
        duration_s = mp4_duration_s(path)
        if duration_s is None:
            pending.discard()
            text = (
                "the MP4 is incomplete and cannot be played; with ffmpeg installed, interrupted videos can be recovered"
            )
            raise CameraError("torn", text)
        sidecar["duration_s"] = round(duration_s, 3)
        if video.rotation:
            rotate_mp4(path, video.rotation)
    preview = pending.path("jpg")
    if not _make_preview(path, preview, ffmpeg) and placeholder:
        shutil.copyfile(placeholder, preview)
    pending.path(NOTES).unlink(missing_ok=True)
    return pending.finish(sidecar)


def recover_videos(root: Path, torn: Sequence[Path], ffmpeg: Ffmpeg) -> list[str]:
    """Keep what can be played of the videos among the `torn` files of a crash, and delete the other files.

    Returns:
        the addresses of the items that were saved.
    """
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in torn:
        groups[path.stem].append(path)
    saved = []
    for stem, paths in groups.items():
        video = _video_among(root, paths)
        for path in paths:
            if video is None or path.suffix.lstrip(".") not in (*EXTENSIONS, NOTES):
                path.unlink(missing_ok=True)
        if video is None:
            logging.info("deleted %s, which a crash had left incomplete", stem)
            continue
        try:
            saved.append(finish_video(video, ffmpeg))
            logging.info("recovered the video %s, which a crash had interrupted", stem)
        except (CameraError, OSError) as error:
            logging.warning("could not recover the video %s: %s", stem, error)
    return saved


def _video_among(root: Path, paths: Sequence[Path]) -> RecordedVideo | None:
    """The video among the files of one stem; None: there is none."""
    pending = PendingItem.of_file(root, paths[0])
    recorded = [path for path in paths if path.suffix.lstrip(".") in EXTENSIONS and path.stat().st_size]
    if pending is None or not recorded:
        return None
    try:
        notes = parse_json(pending.path(NOTES).read_text(encoding="utf-8"))
        remux, rate, rotation, sidecar = (notes[key] for key in ("remux", "rate", "rotation", "about"))
    except (OSError, ValueError, KeyError, TypeError):
        remux, rate, rotation, sidecar = True, 0.0, 0, {"version": 1, "kind": "video"}
    path = max(recorded, key=lambda path: path.suffix == ".mp4")  # its source may still lie beside it
    video = RecordedVideo(pending, path, remux and path.suffix != ".mp4", float(rate), int(rotation), sidecar)
    video.mark_interrupted("the capture daemon or the power failed during the recording")
    return video


def _remux(video: RecordedVideo, ffmpeg: Ffmpeg) -> Path:
    """Make an MP4 that plays while it loads; the recorded file where none can be made."""
    part, mp4 = video.pending.path(PART), video.pending.path("mp4")
    # Bare H.264 and MJPEG know no times.
    given = ["-r", f"{video.rate or 30:g}"] if video.path.suffix != ".ts" else []
    made = ["-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-movflags", "+faststart", "-f", "mp4", f"file:{part}"]
    if not (errors := ffmpeg([*given, "-i", f"file:{video.path}", *made])):
        part.rename(mp4)
        video.path.unlink()
        return mp4
    part.unlink(missing_ok=True)
    if video.path.suffix != ".ts":
        logging.warning("ffmpeg could not create an MP4; the video is kept as it was recorded: %s", errors)
        return video.path
    if "Invalid data" in errors or "does not contain any stream" in errors or "matches no streams" in errors:
        video.pending.discard()
        raise CameraError("torn", f"the recording contains nothing that can be played: {errors}")
    cause = "disk" if "space" in errors else "missing"
    text = f"ffmpeg could not create an MP4, and tries again when there is free space and at the next start: {errors}"
    raise CameraError(cause, text)


def _make_preview(video: Path, preview: Path, ffmpeg: Ffmpeg) -> bool:
    """Make a JPEG of the video's first picture; whether there is one."""
    if video.suffix == ".mjpeg":
        with video.open("rb") as file:
            frames = JpegSplitter().feed(file.read(_PREVIEW_BYTES))
        if frames:
            preview.write_bytes(frames[0])
        return bool(frames)
    errors = ffmpeg(["-i", f"file:{video}", "-frames:v", "1", "-q:v", "3", "-f", "mjpeg", f"file:{preview}"])
    if errors:
        preview.unlink(missing_ok=True)
    return not errors


def mp4_duration_s(path: Path) -> float | None:
    """How long the video is; None: it cannot be played, as its end was never written."""
    with path.open("rb") as file:
        for start, _ in _boxes_at(file, b"moov", b"mvhd"):
            file.seek(start)
            wide = file.read(4)[:1] == b"\1"
            layout = struct.Struct(">16xIQ" if wide else ">8xII")
            scale, duration = layout.unpack(file.read(layout.size))
            return float(duration / scale) if scale else None
    return None


def rotate_mp4(path: Path, degrees: int) -> None:
    """Have players rotate the video clockwise by 90 or 270 degrees; the pictures stay as they are."""
    with path.open("r+b") as file:
        for start, _ in _boxes_at(file, b"moov", b"trak", b"tkhd"):
            file.seek(start)
            at = start + (52 if file.read(1) == b"\1" else 40)
            file.seek(at + 36)
            width, height = struct.unpack(">II", file.read(8))
            if not width:
                continue  # a track of sound
            across = (0, _ONE, 0, -_ONE, 0, 0, height, 0) if degrees == 90 else (0, -_ONE, 0, _ONE, 0, 0, 0, width)
            file.seek(at)
            file.write(struct.pack(">9i", *across, 1 << 30))


def _boxes_at(file: BinaryIO, *path: bytes) -> Iterator[tuple[int, int]]:
    """Where the boxes at a path of types begin (behind their headers) and end."""
    file.seek(0, 2)
    spans = [(0, file.tell())]
    for kind in path:
        spans = [span for start, end in spans for name, span in _boxes(file, start, end) if name == kind]
    yield from spans


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type and content of the boxes that lie whole between `start` and `end`."""
    while start + _BOX_HEADER_BYTES <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(_BOX_HEADER_BYTES))
        body = start + _BOX_HEADER_BYTES
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        if size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        yield kind, (body, start + size)
        start += size
