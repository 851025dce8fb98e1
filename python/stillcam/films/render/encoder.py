"""What ffmpeg can do on this machine, found out by having it done: lists promise what devices then refuse."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from stillcam.common.child_process import ChildProcess
from stillcam.common.errors import CameraError, StillcamError
from stillcam.films.ffmpeg import ENCODERS, Encoder, trial
from stillcam.films.geometry import Size

TRIAL_S = 60.0


def choose(
    ffmpeg: str, size: Size, fps: int, threads: int, work: Path, encoders: Sequence[Encoder] = ENCODERS
) -> Encoder:
    """The first encoder that can do a film of this size.

    Raises:
        StillcamError: none can.
    """
    for encoder in encoders:
        there = not encoder.device or Path(encoder.device).exists()
        if there and encoder.fits(size) and _works(trial(ffmpeg, encoder, size, fps, threads), work):
            logging.debug("encoding with %s", encoder.name)
            return encoder
    raise StillcamError(
        f"ffmpeg cannot make H.264 of {size[0]}x{size[1]} here, which browsers play: try a smaller width; without"
        " libx264 (ffmpeg -encoders) install Debian's: sudo apt install -y ffmpeg"
    )


def _works(argv: list[str], work: Path) -> bool:
    try:
        with ChildProcess("ffmpeg", argv, work) as program:
            program.wait(TRIAL_S)
            return program.status == 0
    except CameraError as error:
        logging.debug("%s", error)
        return False
