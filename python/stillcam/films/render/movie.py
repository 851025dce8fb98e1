"""A film: the pictures go to ffmpeg through a pipe, one after the other, as they are."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image

from stillcam.common.child_process import ChildProcess
from stillcam.common.errors import StillcamError
from stillcam.common.threads import start
from stillcam.films import ffmpeg as command_line
from stillcam.films.ffmpeg import Overlay
from stillcam.films.geometry import box_of, common, scaled
from stillcam.films.order import Order
from stillcam.films.progress import Progress
from stillcam.films.render import Made, Tell
from stillcam.films.render.encoder import choose
from stillcam.films.render.pictures import LeftOut, forms_of, read_whole
from stillcam.films.render.timestamp import Stamps
from stillcam.films.sources import Shot
from stillcam.frames.jpeg import NotWhole, leading
from stillcam.library.upright import GREY, JpegFormat, Unreadable, read_format, upright

FILE = "film.mp4"
END_S = 3600.0  # for what is left to encode, and to write the index to the front
QUALITY = 92  # of a picture that has another form than the others
PLAIN = 2  # 4:2:0, as cameras store colours
_LAST_WORDS = 3  # lines


def movie(order: Order, shots: Sequence[Shot], zone: ZoneInfo, work: Path, tell: Tell, left_out: LeftOut) -> Made:
    """Make a film of the shots.

    Raises:
        StillcamError: ffmpeg is missing or cannot do it.
        OSError: it cannot be written.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise StillcamError("a film needs ffmpeg: sudo apt install -y ffmpeg")
    pictures = Pictures(shots, _common(forms_of(shots)), left_out)
    box = box_of(pictures.form.size, order.crop)
    size = scaled(box, order.width)
    threads = max(1, (os.cpu_count() or 1) - 1)
    encoder = choose(ffmpeg, size, order.fps, threads, work)
    stamps = Stamps([shot.time_ms for shot in shots], zone, size) if order.stamp else None

    def argv(descriptor: int) -> list[str]:
        over = Overlay(descriptor, stamps.size) if stamps else None
        return command_line.film(ffmpeg, order, encoder, box, size, threads, FILE, over)

    frames = _encode(argv, pictures, stamps or (), work, tell)
    return Made(FILE, frames, size, round(frames / order.fps, 3))


class Pictures:
    """The JPEGs of a film, all of one form: with another one ffmpeg would begin anew, and lose what it evens out.

    Args:
        shots: whose they are.
        form: that they all get; what has another shape gets black bars.
        left_out: is told of those that cannot be read; the one before stands in for each, so that every other keeps
            its moment.
    """

    def __init__(self, shots: Sequence[Shot], form: JpegFormat, left_out: LeftOut) -> None:
        self._shots = shots
        self.form = form
        self._left_out = left_out

    def __len__(self) -> int:
        return len(self._shots)

    def __iter__(self) -> Iterator[bytes]:
        before = next(filter(None, map(self._read, self._shots)), b"")
        for shot in self._shots:
            before = self._read(shot) or before
            yield before

    def _read(self, shot: Shot) -> bytes | None:
        """Its first picture alone: what a phone has put behind that would be one more."""
        try:
            data = read_whole(shot)
            _, end = leading(data)
            return data[:end] if read_format(data) == self.form else _fitted(data, self.form)
        except (OSError, NotWhole, Unreadable) as error:
            self._left_out.add(shot, error)
            return None


def _common(forms: Sequence[JpegFormat]) -> JpegFormat:
    """The form of most pictures; it has colours if any of them has."""
    size = common([form.size for form in forms])
    stored = Counter(form.sampling for form in forms if form.size == size and form.sampling is not None)
    if any(form.sampling != GREY for form in forms):
        del stored[GREY]
    return JpegFormat(size, max(stored, key=lambda sampling: stored[sampling], default=PLAIN))


def _fitted(data: bytes, form: JpegFormat) -> bytes:
    """A picture of another form.

    Raises:
        Unreadable: it is damaged.
    """
    picture, file = upright(io.BytesIO(data), form.size, ("JPEG",)), io.BytesIO()
    scale = min(form.size[0] / picture.width, form.size[1] / picture.height)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    whole = Image.new("RGB", form.size)
    whole.paste(picture, ((whole.width - picture.width) // 2, (whole.height - picture.height) // 2))
    if form.sampling == GREY:
        whole.convert("L").save(file, "JPEG", quality=QUALITY)
    else:
        whole.save(file, "JPEG", quality=QUALITY, subsampling=form.sampling)
    return file.getvalue()


def _encode(
    argv: Callable[[int], list[str]], pictures: Pictures, stamps: Iterable[bytes], work: Path, tell: Tell
) -> int:
    """Run ffmpeg; the number of frames of the film.

    Args:
        argv: the command line, of the descriptor on which it gets the stamps.
    """
    (first, to_first), (second, to_second) = os.pipe(), os.pipe()
    progress = Progress()
    with ChildProcess("ffmpeg", argv(second), work, stdout=subprocess.PIPE, stdin=first, pass_fds=(second,)) as program:
        os.close(first)
        os.close(second)

        def follow() -> None:
            while data := os.read(program.stdout, 4096):
                progress.feed(data)
                tell(progress.frames, len(pictures))

        def stamp() -> None:
            _pour(stamps, to_second)

        followed = start(follow, "progress")
        start(stamp, "stamps")
        if not _pour(pictures, to_first):
            program.wait(1.0)  # it says why
        program.wait(END_S)
        followed.wait(1.0)
        if program.status != 0 or not progress.frames:
            raise StillcamError(f"ffmpeg could not make it: {_said(program)}")
    return progress.frames


def _pour(pieces: Iterable[bytes], descriptor: int) -> bool:
    """Write all of them into a pipe, and close it; whether it was taken to the end."""
    try:
        with open(descriptor, "wb", buffering=0) as pipe:
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[pipe.write(rest) :]
    except BrokenPipeError:
        return False
    return True


def _said(program: ChildProcess) -> str:
    words = " ".join(program.stderr[-_LAST_WORDS:])
    if "No space left" in words:
        return "the disk is full"
    return words or f"it ended with status {program.status}"
