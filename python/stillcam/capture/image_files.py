"""Image files of the camera on their way to a frame or an item: are they whole, how large are they, rotate them.

JPEGs are rotated losslessly by jpegtran, anything else by Pillow. Both run in a child process, so that a picture of
12 megapixels never lives in the daemon's memory: `python -m stillcam.capture.image_files DEGREES SOURCE TARGET`.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from stillcam.camera.driver import Interrupted, Still
from stillcam.common.child_process import before_exec, find_program, wait_readable
from stillcam.common.errors import NO_MEMORY, CameraError, shortage
from stillcam.frames.exif import thumbnail_ranges, with_exposure_bias
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg

Size = tuple[int, int]

CHILD_TIMEOUT_S = 60.0
_MIN_BYTES = 64  # fewer are no picture


def check_image(path: Path) -> Size:
    """Width and height of a whole picture, in pixels; (0, 0) of a DNG.

    Raises:
        CameraError: `torn`: it is empty, or its end is missing.
        OSError: it cannot be read.
    """
    with _mapped(path) as data:
        return _CHECKS[path.suffix](data)


def check_frame(path: Path) -> tuple[int, list[tuple[int, int]]]:
    """The size of a whole JPEG in bytes, and where its thumbnail is: see `exif.thumbnail_ranges`.

    Raises:
        CameraError, OSError: as `check_image`.
    """
    with _mapped(path) as data:
        check_jpeg(data)
        return len(data), thumbnail_ranges(data)


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """The file in memory; what is found out about it raises as `check_image`."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(file).st_size < _MIN_BYTES:
            raise InvalidJpeg("empty")
        with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as data:
            yield data
    except InvalidJpeg as error:
        raise _torn(error) from error
    finally:
        os.close(file)


def image_size(path: Path) -> Size:
    """As `check_image`; a missing picture is torn, too."""
    try:
        return check_image(path)
    except FileNotFoundError as error:
        raise _torn(error) from error


def _torn(reason: Exception) -> CameraError:
    return CameraError("torn", f"the camera wrote an incomplete picture ({reason}): is the disk full?")


def write_exposure_bias(path: Path, bias_ev: float) -> None:
    """Write the exposure bias of a bracket's picture into the EXIF of a JPEG, if it has one; another link stays as is.

    Raises:
        OSError: it could not be written; the picture is as before.
    """
    with _mapped(path) as data:
        found = with_exposure_bias(data, bias_ev)
        if found is None:
            return
        begin, rest = found
        new = path.with_name(f"{path.name}.tagged")
        try:
            with new.open("wb") as file, memoryview(data)[rest:] as unchanged:
                file.write(begin)
                file.write(unchanged)
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def link_or_copy(source: Path, target: Path) -> None:
    """Give the file another name; on another disk, copy it."""
    try:
        os.link(source, target)
    except OSError:
        import shutil

        shutil.copyfile(source, target)


def discard_still(still: Still) -> None:
    for path in (still.path, still.raw):
        if path:
            path.unlink(missing_ok=True)


def rename_still(still: Still, stem: str) -> Still:
    """Give the files of a still other names: the driver deletes those that have its own when it stops."""
    path, raw = still.path, still.raw
    return replace(
        still,
        path=path.replace(path.with_name(stem + path.suffix)),
        raw=raw and raw.replace(raw.with_name(stem + raw.suffix)),
    )


def store_still(still: Still, frame: Path | None, target: Path, rotation: int, interrupts: Sequence[int]) -> Size:
    """Make `target` the whole picture of a still, rotated where the camera could not do it (by 90 or 270 degrees).

    Returns its width and height. `frame` has been made of the still already, and is linked.

    Raises:
        CameraError, Interrupted: as `rotate`; `torn` if the picture or the DNG of the still is not whole.
    """
    if still.raw:
        image_size(still.raw)
    if frame:
        target.unlink(missing_ok=True)
        link_or_copy(frame, target)
    elif rotation in (90, 270):
        rotate(still.path, target, rotation, find_program("jpegtran"), interrupts)
        still.path.unlink()
    else:
        still.path.replace(target)
    return image_size(target)


def rotate(source: Path, target: Path, degrees: int, jpegtran: str | None, interrupts: Sequence[int] = ()) -> None:
    """Write `source`, rotated clockwise by 90 or 270 `degrees`, to `target`; a JPEG keeps its EXIF.

    jpegtran moves the picture's blocks without decoding them. Where width or height is no
    multiple of the block size (8 or 16 pixels), the incomplete blocks at the edge that
    would come to lie first are left out (`-trim`): at most 15 pixels.

    Args:
        jpegtran: the program's path, or None to use Pillow (quality 95).
        interrupts: descriptors that end the rotation when they become readable.

    Raises:
        CameraError: `source` is no whole picture, or the disk is full.
        Interrupted: one of `interrupts` is readable.
    """
    if jpegtran and source.suffix == ".jpg":
        argv = [jpegtran, "-rotate", str(degrees), "-trim", "-copy", "all", "-outfile", str(target), str(source)]
    else:
        argv = [sys.executable, "-m", "stillcam.capture.image_files", str(degrees), str(source), str(target)]
    run_on_picture(argv, ("rotating the picture", f"rotated by {degrees} degrees"), interrupts)


def run_on_picture(argv: Sequence[str], words: tuple[str, str], interrupts: Sequence[int]) -> None:
    """Run a program that makes another picture of one; it ends with the daemon.

    Args:
        words: what it does, for errors: "rotating the picture", "rotated".

    Raises:
        CameraError, Interrupted: as `rotate`; `short`: there is not enough memory.
    """
    with open(os.memfd_create("stderr"), "w+b") as errors:  # a pipe that is full would stop the child
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                close_fds=False,
                preexec_fn=partial(before_exec, os.getpid()),  # noqa: PLW1509 - two system calls, no lock
            )
        except OSError as error:
            cause = "short" if shortage(error) else "missing"
            raise CameraError(cause, f"{words[0]}: cannot start {argv[0]}: {error.strerror}") from error
        try:
            in_time = _exits_in_time(child.pid, CHILD_TIMEOUT_S, interrupts)
        finally:
            child.kill()  # no harm once it has ended
            status = child.wait()
        errors.seek(0)
        last_line = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
    if not in_time:
        raise CameraError("torn", f"{words[0]} took longer than {CHILD_TIMEOUT_S:g} s; check the CPU load")
    if status < 0 or NO_MEMORY in last_line.lower():
        how = f"signal {-status} ended the program" if status < 0 else NO_MEMORY
        raise CameraError("short", f"the picture could not be {words[1]}: {how}; see free -m, or choose a smaller size")
    if status:
        cause = "disk" if "space" in last_line.lower() or "write" in last_line.lower() else "torn"
        raise CameraError(cause, f"the picture could not be {words[1]}: {last_line}")


def _exits_in_time(pid: int, timeout_s: float, interrupts: Sequence[int]) -> bool:
    fd = os.pidfd_open(pid)  # wait(2) with a timeout has to poll
    try:
        ready = wait_readable(timeout_s, fd, *interrupts)
        if ready and fd not in ready:
            raise Interrupted
        return bool(ready)
    finally:
        os.close(fd)


def _png(data: mmap.mmap) -> Size:
    """PNG specification, 5: signature, IHDR first, IEND last."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[-8:-4] != b"IEND":
        raise InvalidJpeg("not a complete PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _bmp(data: mmap.mmap) -> Size:
    """BITMAPFILEHEADER and BITMAPINFOHEADER; a negative height means that the first row comes first."""
    size, _, width, height = struct.unpack("<I12sii", data[2:26])
    if data[:2] != b"BM" or size > len(data):
        raise InvalidJpeg("not a complete BMP")
    return width, abs(height)


def _dng(data: mmap.mmap) -> Size:
    """TIFF 6.0: offset of the first directory at byte 4.

    libtiff writes that offset last, so it is still 0 where the disk was full, though rpicam-still exits with 0
    (seen with rpicam-apps 1.12 on a full file system).
    """
    (first,) = struct.unpack("<I", data[4:8])
    if data[:4] != b"II*\0" or not 8 <= first < len(data):
        raise InvalidJpeg("no DNG")
    return 0, 0


_CHECKS: dict[str, Callable[[mmap.mmap], Size]] = {".jpg": check_jpeg, ".png": _png, ".bmp": _bmp, ".dng": _dng}


def main(degrees: str, source: str, target: str) -> None:
    from PIL import Image

    turn = {90: Image.Transpose.ROTATE_270, 270: Image.Transpose.ROTATE_90}[int(degrees)]
    with Image.open(source) as picture:
        exif = picture.info.get("exif", b"")
        if picture.format == "JPEG":
            picture.transpose(turn).save(target, "JPEG", quality=95, subsampling="4:2:0", exif=exif)
        else:
            picture.transpose(turn).save(target, picture.format)


if __name__ == "__main__":
    main(*sys.argv[1:])
