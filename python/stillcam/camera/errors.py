"""Failures of camera software: the texts that it prints or raises, and for each a cause and what a person can do.

The first row counts of which one text, in lower case, is a part of what was printed. Cause `options` is for what the
software refuses every time; after any other one a retry may succeed.
"""

from __future__ import annotations

from collections.abc import Iterable

Failure = tuple[str, str, *tuple[str, ...]]  # cause (see CameraError), reason, texts

CAMERA_IN_USE = (
    "another program uses the camera: end it (see: pgrep -a 'rpicam|libcamera|python'); pictures then resume"
)
NO_CAMERA = "no camera found: switch the Pi off, check both ends of the ribbon cable, and run `stillcam doctor`"
NO_MICROPHONE = (
    "no microphone found: `arecord -l` lists those of ALSA, `pactl list short sources` those of PulseAudio; plug one"
    " in and set video.audio to the one that lists it, or to off"
)
NO_MEMORY = (
    "the camera has no memory for such large pictures or so many of them: choose a smaller size, or fewer buffers"
)
NOT_STARTED = "the camera did not start: check its cable if this happens often, or choose another sensor mode or size"
NO_LIBCAMERA = "libcamera does not start: check that this user is in the group video (see: groups), or restart the Pi"
NOT_POSSIBLE = "the camera does not support this size or sensor mode: choose another one"


def find(failures: Iterable[Failure], text: str) -> tuple[str, str] | None:
    """Cause and reason of the first row that fits; None: the text is unknown."""
    text = text.lower()
    return next(((cause, reason) for cause, reason, *parts in failures if any(part in text for part in parts)), None)
