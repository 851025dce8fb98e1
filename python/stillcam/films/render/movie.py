"""Films: the pictures are piped to ffmpeg one after the other, without decoding them."""

from __future__ import annotations

import io
import logging
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from stillcam.common.child_process import ChildProcess, find_program
from stillcam.common.errors import CameraError, StillcamError
from stillcam.common.fonts import font
from stillcam.common.threads import start
from stillcam.films.ffmpeg import (
    ENCODERS,
    NO_FFMPEG,
    Encoder,
    Overlay,
    Size,
    crop_box,
    encoded_frames,
    film_command,
    film_size,
    most_common_size,
    trial_command,
)
from stillcam.films.render.job import Job, Rendered, read_picture, sample_formats
from stillcam.films.sources import Source
from stillcam.frames.jpeg import check_leading_jpeg
from stillcam.library.upright import GREY, JpegFormat, read_format, upright

TRIAL_S = 60.0  # for a few pictures
END_S = 3600.0  # to encode the rest, and to move the index to the front
QUALITY = 92  # of a picture that is converted to the common format
DEFAULT_SAMPLING = 2  # 4:2:0, as cameras store colours
_STDERR_LINES = 3  # in an error

_WIDEST_TIME = "2000-00-00  00:00:00"
_OF_HEIGHT, _OF_WIDTH = 32, 14  # the letters of a timestamp: this fraction of the film's height, or width if less
_LEAST_LETTERS_PX = 10
_TEXT, _BACKGROUND = (255, 255, 255, 255), (0, 0, 0, 130)


def movie(job: Job) -> Rendered:
    """Render a film; StillcamError: ffmpeg is missing or cannot do it."""
    ffmpeg = find_program("ffmpeg")
    if ffmpeg is None:
        raise StillcamError(NO_FFMPEG)
    order, target = job.order, _common_format(sample_formats(job.sources))
    box = crop_box(target.size, order.crop)
    size = film_size(box, order.width)
    threads = max(1, (os.cpu_count() or 1) - 1)
    encoder = choose_encoder(ffmpeg, size, order.fps, threads, job.target.parent)
    timestamps = Timestamps([source.time_ms for source in job.sources], job.zone, size) if order.stamp else None

    def argv(descriptor: int) -> list[str]:
        overlay = Overlay(descriptor, timestamps.size) if timestamps else None
        return film_command(ffmpeg, order, encoder, box, size, threads, job.target.name, overlay)

    frames = _encode(job, argv, _pictures(job, target), timestamps or ())
    return Rendered(frames, size, round(frames / order.fps, 3))


def choose_encoder(
    ffmpeg: str, size: Size, fps: int, threads: int, work: Path, encoders: Sequence[Encoder] = ENCODERS
) -> Encoder:
    """The first encoder that can encode a film of this size, tried out: ffmpeg lists encoders whose device refuses.

    Raises:
        StillcamError: none can.
    """
    for encoder in encoders:
        exists = not encoder.device or Path(encoder.device).exists()
        if exists and encoder.supports(size) and _works(trial_command(ffmpeg, encoder, size, fps, threads), work):
            logging.debug("encoding with %s", encoder.name)
            return encoder
    raise StillcamError(
        f"ffmpeg cannot encode H.264 at {size[0]}x{size[1]}: try a smaller width. If `ffmpeg -encoders` lists no"
        " libx264, install Debian's ffmpeg: sudo apt install -y ffmpeg"
    )


def _works(argv: list[str], work: Path) -> bool:
    try:
        with ChildProcess("ffmpeg", argv, work) as program:
            program.wait(TRIAL_S)
            return program.status == 0
    except CameraError as error:
        logging.debug("%s", error)
        return False


def _pictures(job: Job, target: JpegFormat) -> Iterator[bytes]:
    """The JPEGs, all in one format: at a change ffmpeg would restart its filters, and deflicker with them.

    A picture of another shape gets black bars. One that cannot be read is replaced by the one before, so that the
    others keep their times.
    """

    def read(source: Source) -> bytes:
        """Its first picture only: one that a phone has appended would be an extra frame."""
        data = read_picture(source)
        _, end = check_leading_jpeg(data)
        return data[:end] if read_format(data) == target else _converted(data, target)

    before = next(filter(None, (job.unreadable.read(source, read) for source in job.sources)), b"")
    for source in job.sources:
        before = job.unreadable.read(source, read) or before
        yield before


def _common_format(formats: Sequence[JpegFormat]) -> JpegFormat:
    """The format of most pictures; in colour if any of them is."""
    size = most_common_size([one.size for one in formats])
    samplings = Counter(one.sampling for one in formats if one.size == size and one.sampling is not None)
    if any(one.sampling != GREY for one in formats):
        del samplings[GREY]
    return JpegFormat(size, max(samplings, key=lambda sampling: samplings[sampling], default=DEFAULT_SAMPLING))


def _converted(data: bytes, target: JpegFormat) -> bytes:
    picture, file = upright(io.BytesIO(data), target.size, ("JPEG",)), io.BytesIO()
    scale = min(target.size[0] / picture.width, target.size[1] / picture.height)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    canvas = Image.new("RGB", target.size)
    canvas.paste(picture, ((canvas.width - picture.width) // 2, (canvas.height - picture.height) // 2))
    if target.sampling == GREY:
        canvas.convert("L").save(file, "JPEG", quality=QUALITY)
    else:
        canvas.save(file, "JPEG", quality=QUALITY, subsampling=target.sampling)
    return file.getvalue()


def _encode(job: Job, argv: Callable[[int], list[str]], pictures: Iterable[bytes], timestamps: Iterable[bytes]) -> int:
    """Run ffmpeg; the number of frames of the film.

    Args:
        argv: makes the command line, from the descriptor on which ffmpeg reads the timestamps.
    """
    (first, to_first), (second, to_second) = os.pipe(), os.pipe()
    frames = 0
    with ChildProcess(
        "ffmpeg", argv(second), job.target.parent, stdout=subprocess.PIPE, stdin=first, pass_fds=(second,)
    ) as program:
        os.close(first)
        os.close(second)

        def read_progress() -> None:
            nonlocal frames
            with open(program.stdout, "rb", closefd=False) as lines:
                for line in lines:
                    if count := encoded_frames(line):
                        frames = count
                        job.on_progress(frames, len(job.sources))

        def write_timestamps() -> None:
            _write_all(timestamps, to_second)

        progress_read = start(read_progress, "progress")
        start(write_timestamps, "timestamps")
        if not _write_all(pictures, to_first):
            program.wait(1.0)  # its stderr has the reason
        program.wait(END_S)
        progress_read.wait(1.0)
        if program.status != 0 or not frames:
            raise StillcamError(f"ffmpeg failed: {_failure(program)}")
    return frames


def _write_all(pieces: Iterable[bytes], descriptor: int) -> bool:
    """Write into a pipe, and close it; whether the reader has read to the end."""
    try:
        with open(descriptor, "wb") as pipe:
            pipe.writelines(pieces)
    except BrokenPipeError:
        return False
    return True


def _failure(program: ChildProcess) -> str:
    text = " ".join(program.stderr[-_STDERR_LINES:])
    if "No space left" in text:
        return "the disk is full"
    return text or f"it ended with status {program.status}"


# --- timestamps


class Timestamps:
    """Date and time of each frame, in order, as pictures of raw RGBA pixels, which ffmpeg overlays.

    They are drawn here because ffmpeg's drawtext needs the path of a font, and its subtitles use memory for every text,
    of which a film may have a hundred thousand.

    Args:
        times_ms: when each picture was taken, in ms since the epoch.
        film: the size of the film.
    """

    def __init__(self, times_ms: Sequence[int], zone: ZoneInfo, film: Size) -> None:
        self._times_ms = times_ms
        self._zone = zone
        letters = min(max(_LEAST_LETTERS_PX, film[1] // _OF_HEIGHT), max(1, film[0] // _OF_WIDTH))
        self._font = font(letters)
        left, top, right, bottom = ImageDraw.Draw(Image.new("1", (1, 1))).textbbox(
            (0, 0), _WIDEST_TIME, font=self._font
        )
        pad = max(2, letters // 2)
        self._corner = pad - left, pad - top
        self.size: Size = (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad)

    def __iter__(self) -> Iterator[bytes]:
        for time_ms in self._times_ms:
            picture = Image.new("RGBA", self.size, _BACKGROUND)
            text = f"{datetime.fromtimestamp(time_ms / 1000, self._zone):%Y-%m-%d  %H:%M:%S}"
            ImageDraw.Draw(picture).text(self._corner, text, fill=_TEXT, font=self._font)
            yield picture.tobytes()
