"""Replaces blocks of a JPEG without decoding the others, by libturbojpeg.

`tjTransform` gives its caller the quantised coefficients of each row of blocks before it writes them
(turbojpeg.h, tjtransform.customFilter). The version 2 of its interface, which is used here, is also in version 3.
PyTurboJPEG does the same by ctypes, yet needs numpy, which alone takes more memory than the whole daemon.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import POINTER, byref, c_char_p, c_int, c_ulong, c_void_p
from functools import cache

from stillcam.edits.jpeg_layout import BLOCK

LIBRARY = "libturbojpeg.so.0"
PACKAGE = "libturbojpeg0"
BLOCK_BYTES = BLOCK * BLOCK * 2  # a coefficient is a 16-bit number in the order of the machine

Writes = Mapping[tuple[int, int], list[tuple[int, bytes]]]
"""What replaces coefficients: for (component, row of blocks), the offset in bytes in that row, and the new bytes."""


class MissingLibrary(Exception):
    """libturbojpeg is not installed; the text says what to do."""


class DamagedJpeg(ValueError):
    """The JPEG cannot be read to its end; the text says why."""


class _Region(ctypes.Structure):
    _fields_ = (("x", c_int), ("y", c_int), ("w", c_int), ("h", c_int))


# int customFilter(short *coeffs, tjregion arrayRegion, tjregion planeRegion, int componentID, int transformID,
#                  struct tjtransform *transform)
_Filter = ctypes.CFUNCTYPE(c_int, c_void_p, _Region, _Region, c_int, c_int, c_void_p)


class _Transform(ctypes.Structure):
    _fields_ = (("r", _Region), ("op", c_int), ("options", c_int), ("data", c_void_p), ("custom_filter", _Filter))


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise MissingLibrary(f"{LIBRARY} is missing: sudo apt install -y {PACKAGE}") from error
    library.tjInitTransform.restype = c_void_p
    library.tjTransform.argtypes = [
        c_void_p, c_char_p, c_ulong, c_int, POINTER(c_void_p), POINTER(c_ulong), POINTER(_Transform), c_int,
    ]  # fmt: skip
    library.tjGetErrorStr2.argtypes = [c_void_p]
    library.tjGetErrorStr2.restype = c_char_p
    library.tjFree.argtypes = library.tjDestroy.argtypes = [c_void_p]
    return library


def check_library() -> None:
    """Raises MissingLibrary: nothing can be drawn into JPEGs."""
    _library()


def replace_blocks(jpeg: bytes, writes: Writes) -> bytes:
    """The JPEG with other coefficients in some blocks; all other blocks, and the metadata, stay as they are.

    Raises:
        MissingLibrary: see there.
        DamagedJpeg: see there.
        MemoryError: the library has not enough memory for it.
    """
    failures: list[BaseException] = []
    left = set(writes)

    def put(coefficients: int, row: _Region, _plane: _Region, component: int, _number: int, _transform: int) -> int:
        try:
            key, size = (component, row.y // BLOCK), row.w // BLOCK * BLOCK_BYTES
            for offset, data in writes.get(key, ()):
                ctypes.memmove(coefficients + offset, data, max(0, min(len(data), size - offset)))
            left.discard(key)
        except BaseException as error:  # noqa: BLE001 - ctypes would print any of them and go on
            failures.append(error)
            return -1
        return 0

    try:
        changed = _transform(_library(), jpeg, put)
    except DamagedJpeg:
        if failures:
            raise failures[0] from None
        raise
    if left:  # ctypes could not call, or the library has other rows than the headers say
        raise DamagedJpeg(f"{len(left)} rows of blocks could not be replaced")
    return changed


def read_blocks(jpeg: bytes) -> list[bytes]:
    """The coefficients of the first component, row by row of blocks; raises as `replace_blocks`."""
    rows: list[bytes] = []

    def take(coefficients: int, row: _Region, plane: _Region, component: int, _number: int, _transform: int) -> int:
        if component == 0 and row.y < plane.h:
            rows.append(ctypes.string_at(coefficients, row.w // BLOCK * BLOCK_BYTES))
        return 0

    _transform(_library(), jpeg, take)
    return rows


def _transform(library: ctypes.CDLL, jpeg: bytes, put: Callable[..., int]) -> bytes:
    handle = library.tjInitTransform()
    if not handle:
        raise MemoryError("libturbojpeg has not enough memory")
    buffer, size = c_void_p(), c_ulong()
    order = _Transform(_Region(), 0, 0, None, _Filter(put))
    try:
        # A warning, such as of missing data, is an error, too.
        if library.tjTransform(handle, jpeg, len(jpeg), 1, byref(buffer), byref(size), byref(order), 0):
            reason = library.tjGetErrorStr2(handle).decode(errors="replace")
            raise MemoryError(reason) if "memory" in reason.lower() else DamagedJpeg(reason)
        return ctypes.string_at(buffer, size.value)
    finally:
        library.tjFree(buffer)
        library.tjDestroy(handle)
