"""Keeps less unused memory in the C library's heap, in which Python allocates all that is larger than 512 bytes.

Other C libraries than glibc have no such functions: with these, nothing happens.
"""

from __future__ import annotations

import contextlib
import ctypes

# See mallopt(3).
M_ARENA_MAX, ARENAS = -8, 1
M_MMAP_THRESHOLD, OWN_PAGES_BYTES = -3, 32 << 10
M_TRIM_THRESHOLD, UNUSED_BYTES = -1, 128 << 10

_libc = ctypes.CDLL(None)  # once: each makes a class, which only the garbage collector frees


def limit() -> None:
    """Limit what the heap keeps: one arena, and pages of their own for frames and other large buffers.

    By default it has 8 arenas per processor, and each would keep memory for a picture. The size from which memory gets
    its own pages, which return to the system at once, rises by default with the largest that was freed: after one
    megabyte that was read from a pipe, frames of all sizes leave gaps in the heap.
    """
    with contextlib.suppress(AttributeError):
        mallopt = _libc.mallopt
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)
        mallopt(M_TRIM_THRESHOLD, UNUSED_BYTES)


def trim() -> None:
    """Return unused memory to the system: after the imports that is 1 to 2 MB, scattered among what is in use."""
    with contextlib.suppress(AttributeError):
        _libc.malloc_trim(0)
