"""From a recorded video to an item of the library: an MP4 that browsers play, and a preview picture.

While a video is recorded, a file `.about` lies beside it with what its sidecar will say, so that a video which a crash
has left is finished in the same way at the next start. The recording is kept until its MP4 is on the disk.
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.capture.library_writer.mp4 import mp4_duration_s, rotate_mp4
from stillcam.common.atomic_write import replace_file, sync
from stillcam.common.errors import CameraError
from stillcam.common.safe_read import parse_json
from stillcam.films.ffmpeg import ENCODERS, Encoder, Sound, film_size, mjpeg_arguments
from stillcam.frames.jpeg import JpegSplitter, check_jpeg
from stillcam.library.names import MOTION, parse_stem
from stillcam.library.pending import PendingItem

if TYPE_CHECKING:
    from stillcam.capture.library_writer.pace import Point

NOTES = "about"  # extension of the notes
PART = "part"  # of the MP4 that is being made
SOUND = "mka"  # of the sound that is recorded beside JPEGs
EXTENSIONS = ("ts", "mp4", "h264", "mjpeg")
DEFAULT_RATE = 30.0  # frames a second of a recording whose rate is not known
_CHUNK_BYTES = 1 << 20
_NO_SPACE = "No space left"  # in what ffmpeg says on a full disk
_NO_SOUND = "sample rate not set"  # … and of a stream of sound without any

Ffmpeg = Callable[[Sequence[str]], str | None]  # runs it; its error output, None: it succeeded


class Conversion(StrEnum):
    """How a recording becomes the file of its item."""

    NONE = "none"  # it is that file
    REMUX = "remux"  # its frames are put into an MP4 as they are
    ENCODE = "encode"  # the JPEGs of a file `.mjpeg` become H.264 in an MP4; without an encoder it is kept as it is

    @property
    def mp4_share(self) -> float:
        """The size of the MP4 that is made beside the recording, at most, as a part of the recording's."""
        return {Conversion.NONE: 0.0, Conversion.REMUX: 1.0, Conversion.ENCODE: 0.5}[self]


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A recorded video that is no item yet."""

    pending: PendingItem  # that it becomes
    path: Path  # the file that was recorded
    conversion: Conversion
    rate: float  # frames a second, which bare H.264 and MJPEG do not know
    rotation: int  # clockwise degrees by which players are to rotate it: 90, 270, else 0
    sidecar: dict[str, Any]  # the item's; the duration comes from the MP4 where there is one
    preview_s: float = 0.0  # the time, from the first frame, of the one that is the preview
    bitrate: int = 0  # of H.264 that is to be encoded, in bit/s; 0: a good quality
    sound_from_s: float = 0.0  # when its first frame was taken, since the epoch, where sound is recorded beside it
    pace: Sequence[Point] = ()  # of JPEGs whose rate changes, see Pace

    def add_notice(self, text: str) -> None:
        """Add a remark on the video to its sidecar."""
        logging.warning("%s: %s", self.pending.stem, text)
        self.sidecar.setdefault("notices", []).append(text)

    def mark_interrupted(self, reason: str) -> None:
        """Record in the sidecar that the video ended too soon, and why."""
        self.sidecar["interrupted"] = True
        self.add_notice(reason)

    def save_notes(self, complete: bool = False) -> None:
        """Write what a crash must not lose; OSError: it could not be written, and earlier notes stay.

        Args:
            complete: whether the recording has ended; otherwise a crash has interrupted it.
        """
        notes = {
            "conversion": self.conversion, "rate": self.rate, "rotation": self.rotation, "about": self.sidecar,
            "preview_s": self.preview_s, "bitrate": self.bitrate,
            "sound_from_s": self.sound_from_s, "pace": self.pace, "complete": complete,
        }  # fmt: skip
        replace_file(self.pending.path(NOTES), json.dumps(notes).encode(), durable=False)


def finish_video(video: RecordedVideo, ffmpeg: Ffmpeg, placeholder: Path | None = None) -> str:
    """Make the item appear; its address below `library/`.

    Args:
        placeholder: used as the preview if none can be extracted.

    Raises:
        CameraError: `torn`: nothing in it can be played, and it is deleted; `disk`: there is not enough space, and the
            recording is kept and tried again.
        OSError: it could not be written; it is kept, too.
    """
    pending, path = video.pending, video.path
    if not path.exists() or not path.stat().st_size:
        pending.discard()
        raise CameraError("torn", "nothing was recorded: see `stillcam log`")
    if video.conversion is not Conversion.NONE:
        path = (_remux if video.conversion is Conversion.REMUX else _encode)(video, ffmpeg)
    sidecar = dict(video.sidecar)
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
    if not _make_preview(video, path, preview, ffmpeg) and placeholder:
        import shutil

        shutil.copyfile(placeholder, preview)
    return pending.finish(sidecar)


def recover_videos(
    root: Path, torn: Sequence[Path], ffmpeg: Ffmpeg, begin: Callable[[RecordedVideo], None] = lambda _: None
) -> list[str]:
    """Keep what can be played of the videos among the `torn` files of a crash, and delete the other files.

    Args:
        begin: called before each video.

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
            if video is None or (path != video.path and path.suffix not in (f".{NOTES}", f".{SOUND}")):
                path.unlink(missing_ok=True)
        if video is None:
            logging.info("deleted %s, which a crash had left incomplete", stem)
            continue
        begin(video)
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
    path = max(recorded, key=_rank)
    notes = _notes(pending)
    conversion = Conversion.NONE if path.suffix == ".mp4" else notes.conversion
    video = RecordedVideo(
        pending, path, conversion, notes.rate, notes.rotation, notes.sidecar, notes.preview_s, notes.bitrate,
        notes.sound_from_s, notes.pace,
    )  # fmt: skip
    if not notes.complete:
        video.mark_interrupted("the capture daemon or the power failed during the recording")
    return video


def _rank(path: Path) -> tuple[bool, bool]:
    """A complete MP4 is preferred to the recording that it was made of, and that to any other MP4."""
    is_mp4 = path.suffix == ".mp4"
    return is_mp4 and mp4_duration_s(path) is not None, not is_mp4


@dataclass(frozen=True, slots=True)
class _Notes:
    """What `RecordedVideo.save_notes` has written."""

    conversion: Conversion
    rate: float
    rotation: int
    sidecar: dict[str, Any]
    preview_s: float = 0.0
    bitrate: int = 0
    sound_from_s: float = 0.0
    pace: Sequence[Point] = ()
    complete: bool = False


def _notes(pending: PendingItem) -> _Notes:
    """The notes on a video; those of a version before motion, which had `remux`; or what is known without any."""
    try:
        notes = parse_json(pending.path(NOTES).read_text(encoding="utf-8"))
        if "remux" in notes:
            notes["conversion"] = Conversion.REMUX if notes["remux"] else Conversion.NONE
        conversion, preview_s = Conversion(notes["conversion"]), float(notes.get("preview_s", 0.0))
        bitrate, sound_from_s = int(notes.get("bitrate", 0)), float(notes.get("sound_from_s", 0.0))
        rate, rotation, complete = float(notes["rate"]), int(notes["rotation"]), notes.get("complete") is True
        pace = [(int(frame), float(time_s)) for frame, time_s in notes.get("pace", ())]
        return _Notes(conversion, rate, rotation, notes["about"], preview_s, bitrate, sound_from_s, pace, complete)
    except (OSError, ValueError, KeyError, TypeError):
        parts = parse_stem(pending.stem)
        kind = parts.kind if parts else "video"
        return _Notes(Conversion.ENCODE if kind == MOTION else Conversion.REMUX, 0.0, 0, {"version": 1, "kind": kind})


def _remux(video: RecordedVideo, ffmpeg: Ffmpeg) -> Path:
    """Make an MP4 that plays while it loads; the recorded file where none can be made."""
    part = video.pending.path(PART)
    # Bare H.264 and MJPEG know no times.
    given = ["-r", f"{video.rate or DEFAULT_RATE:g}"] if video.path.suffix != ".ts" else []
    made = ["-c", "copy", "-movflags", "+faststart", "-f", "mp4", f"file:{part}"]
    if not (errors := ffmpeg([*given, "-i", f"file:{video.path}", "-map", "0:v:0", "-map", "0:a?", *made])):
        return _take_part(video)
    # MPEG-TS announces sound before any has come, and it stays unknown where the recording ended before that.
    if _NO_SOUND in errors and not ffmpeg([*given, "-i", f"file:{video.path}", "-map", "0:v:0", *made]):
        video.add_notice("no sound: the recording ended before any came")
        return _take_part(video)
    part.unlink(missing_ok=True)
    if video.path.suffix != ".ts":
        logging.warning("ffmpeg could not create an MP4; the video is kept as it was recorded: %s", errors)
        return video.path
    if "Invalid data" in errors or "does not contain any stream" in errors or "matches no streams" in errors:
        video.pending.discard()
        raise CameraError("torn", f"the recording contains nothing that can be played: {errors}")
    cause = "disk" if _NO_SPACE in errors else "missing"
    text = f"ffmpeg could not create an MP4, and tries again when there is free space and at the next start: {errors}"
    raise CameraError(cause, text)


def _encode(video: RecordedVideo, ffmpeg: Ffmpeg) -> Path:
    """Make an MP4 of an MJPEG file by the first encoder that can; the recorded file, with a notice, without one."""
    size, sound = film_size((0, 0, *_measure(video)), None), _sound(video, ffmpeg)
    errors = "it has no encoder for H.264"
    for encoder in ENCODERS:
        if encoder.supports(size) and (not encoder.device or Path(encoder.device).exists()):
            if not (errors := _encode_by(encoder, size, video, sound, ffmpeg)):
                return _take_part(video)
            video.pending.path(PART).unlink(missing_ok=True)
            if _NO_SPACE in errors:
                text = f"the MP4 is created when there is free space, and at the next start: {errors}"
                raise CameraError("disk", text)
            logging.info("%s cannot encode %s: %s", encoder.name, video.pending.stem, errors)
    video.add_notice(f"kept as MJPEG, which most browsers do not play: ffmpeg could not create an MP4: {errors}")
    return video.path


def _measure(video: RecordedVideo) -> tuple[int, int]:
    """Width and height of an MJPEG file; its duration is set, and a last frame that is incomplete is cut off."""
    splitter, count, size_bytes, size = JpegSplitter(), 0, 0, (0, 0)
    with video.path.open("r+b") as file:
        while chunk := file.read(_CHUNK_BYTES):
            for frame in splitter.feed(chunk):
                if not count:
                    size = check_jpeg(frame)
                count += 1
                size_bytes += len(frame)
        file.truncate(size_bytes + splitter.skipped_bytes)
    if not count:
        video.pending.discard()
        raise CameraError("torn", "the recording contains no complete picture")
    video.sidecar["duration_s"] = round(count / (video.rate or DEFAULT_RATE), 3)
    return size


def _sound(video: RecordedVideo, ffmpeg: Ffmpeg) -> Sound | None:
    """The sound that was recorded beside a video; without any its item says so."""
    if not video.sound_from_s:
        return None
    path = video.pending.path(SOUND)
    if path.exists() and not (errors := ffmpeg(["-i", f"file:{path}", "-t", "1", "-f", "null", "-"])):
        return Sound(path, video.sound_from_s, video.sidecar["duration_s"])
    if not any("sound" in notice for notice in video.sidecar.get("notices", ())):
        video.add_notice(f"no sound: {errors if path.exists() else 'none was recorded'}")
    return None


def _encode_by(
    encoder: Encoder, size: tuple[int, int], video: RecordedVideo, sound: Sound | None, ffmpeg: Ffmpeg
) -> str:
    """Encode a video; what went wrong, empty: nothing."""
    threads = max(1, (os.cpu_count() or 1) // 2)  # the camera program needs the others
    part = video.pending.path(PART)
    rate = video.rate or DEFAULT_RATE
    arguments = mjpeg_arguments(video.path, rate, encoder, size, threads, part, video.bitrate, sound, video.pace)
    if errors := ffmpeg(arguments):
        return errors
    return "" if mp4_duration_s(part) is not None else "it wrote no complete MP4"


def _take_part(video: RecordedVideo) -> Path:
    """Replace the recording by the MP4 that was made of it."""
    part, mp4 = video.pending.path(PART), video.pending.path("mp4")
    sync(part)
    part.rename(mp4)
    video.path.unlink()
    return mp4


def _make_preview(video: RecordedVideo, path: Path, preview: Path, ffmpeg: Ffmpeg) -> bool:
    """Make a JPEG of the frame that is the preview, or of the first one; whether there is one."""
    if path.suffix == ".mjpeg":
        number = round(video.preview_s * (video.rate or DEFAULT_RATE))
        if video.pace:
            from stillcam.capture.library_writer.pace import frame_at

            number = frame_at(video.pace, video.preview_s)
        frame = next(islice(_frames(path), number, None), None) or next(_frames(path), None)
        if frame:
            preview.write_bytes(frame)
        return frame is not None
    made = ["-i", f"file:{path}", "-frames:v", "1", "-q:v", "3", "-f", "mjpeg", f"file:{preview}"]
    for seek in (["-ss", f"{video.preview_s:g}"], []) if video.preview_s else ([],):
        if not ffmpeg([*seek, *made]) and preview.exists() and preview.stat().st_size:
            return True
    preview.unlink(missing_ok=True)
    return False


def _frames(path: Path) -> Iterator[bytes]:
    """The complete JPEGs in an MJPEG file."""
    splitter = JpegSplitter()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield from splitter.feed(chunk)
