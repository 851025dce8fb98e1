"""Keeps less unused memory in the C library's heap, in which Python allocates all that is larger than 512 bytes.

Other C libraries than glibc have no such functions: with these, nothing happens.
"""

from __future__ import annotations

import contextlib
import ctypes

M_ARENA_MAX, ARENAS = -8, 2  # see mallopt(3)


def limit_arenas() -> None:
    """Limit the heap to two arenas: by default it has 8 per processor, and each would keep memory for a picture."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def trim() -> None:
    """Return unused memory to the system: after the imports that is 1 to 2 MB, scattered among what is in use."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
