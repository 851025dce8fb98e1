"""`motion`: how the detector of motion judges clips and pictures. It needs no capture daemon.

The other commands of the group are in `motion_daemon`.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.cli import Arguments, Result, add_command, add_group, motion_daemon
from stillcam.cli.output import Table
from stillcam.cli.progress import ProgressLine
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths

if TYPE_CHECKING:  # Pillow takes the time of all other commands
    from stillcam.motion.detector import DetectorSettings, Observation
    from stillcam.motion.events import MotionEvent
    from stillcam.settings.zones import Zone

DEFAULT_SENSITIVITY, MAX_SENSITIVITY = 5, 10
DEFAULT_FPS = 5.0
MAX_FPS = 60.0
QUIET_S = 3.0  # after so long without motion, an event is over


def add_to(commands: Any) -> None:
    group = add_group(commands, "motion", "arm, trigger and test motion detection")
    motion_daemon.add_to(group)
    text = "show what motion detection finds in clips and folders of pictures"
    option = add_command(group, "test", text, test).add_argument
    option("paths", nargs="+", type=Path, metavar="FILE", help="a clip (MP4, MJPEG, …), or a folder of JPEG files")
    option("--sensitivity", type=int, default=DEFAULT_SENSITIVITY, metavar="N",
           help=f"1 finds only large, clear motion; 10 also small motion (default: {DEFAULT_SENSITIVITY})")  # fmt: skip
    option("--fps", type=float, default=DEFAULT_FPS, metavar="N",
           help=f"frames per second to analyse, or at which a folder was taken (default: {DEFAULT_FPS:g})")  # fmt: skip
    option("--zone", action="append", type=_zone, default=[], dest="zones", metavar="ZONE",
           help='area in which motion counts or is ignored: "include X,Y X,Y" or "exclude X,Y X,Y X,Y"'
           " (may be repeated; needs --sensor)")  # fmt: skip
    option(
        "--sensor",
        type=_size,
        metavar="WIDTHxHEIGHT",
        help="size in pixels of the sensor or clip that the zones refer to",
    )
    option("--film", type=Path, metavar="FILE.mp4", help="also make a film of one clip with the moving blocks drawn in")


def test(_paths: Paths, arguments: Arguments) -> Result:
    """The events of each clip; `--json` prints each frame."""
    from stillcam.motion.detector import LEARNING_S
    from stillcam.motion.events import events_among

    if not 1 <= arguments.sensitivity <= MAX_SENSITIVITY:
        arguments.parser.error(f"--sensitivity: must be from 1 to {MAX_SENSITIVITY}, not {arguments.sensitivity}")
    if not 0 < arguments.fps <= MAX_FPS:
        arguments.parser.error(f"--fps: must be more than 0 and at most {MAX_FPS:g}, not {arguments.fps:g}")
    if arguments.zones and not arguments.sensor:
        arguments.parser.error("--zone: needs --sensor WIDTHxHEIGHT, the size that the zones refer to")
    if arguments.film and len(arguments.paths) > 1:
        arguments.parser.error("--film: a film is made of one clip only")
    if arguments.film and arguments.film.resolve() == arguments.paths[0].resolve():
        arguments.parser.error("--film: that is the clip itself; choose another name")
    rows, documents = [], []
    for path in arguments.paths:
        seen = _watched(path, arguments)
        found = events_among(seen, QUIET_S)
        rows += [(str(path), f"{event.start_s:.1f}", f"{event.last_s:.1f}", f"{event.peak_s:.1f}",
                  str(len(event.peak))) for event in found]  # fmt: skip
        documents.append({
            "file": str(path),
            "columns": seen[0].columns,
            "rows": seen[0].rows,
            "events": [_event(event) for event in found],
            "frames": [_frame(observation) for observation in seen],
        })  # fmt: skip
    table = Table(("FILE", "START S", "END S", "PEAK S", "BLOCKS"), rows)
    nothing = f"no motion was found; the first {LEARNING_S:g} s of each file are not searched"
    return Result(table if rows else [nothing], {"files": documents})


def _zone(text: str) -> Zone:
    from stillcam.settings.zones import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _size(text: str) -> tuple[int, int]:
    size = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if not size:
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, such as 4608x2592, not {text}")
    return int(size[1]), int(size[2])


def _settings(arguments: Arguments, size: tuple[int, int]) -> DetectorSettings:
    """The settings for pictures of this size, which show the whole sensor as far as their proportions allow."""
    from stillcam.motion.detector import DetectorSettings
    from stillcam.motion.zones import mask
    from stillcam.settings.geometry import fit_crop

    settings = DetectorSettings.of_sensitivity(arguments.sensitivity)
    if not arguments.zones:
        return settings  # the sensor is not known
    whole = (0, 0, *arguments.sensor)
    return dataclasses.replace(settings, mask=mask(arguments.zones, fit_crop(whole, size, whole), size))


def _watched(path: Path, arguments: Arguments) -> list[Observation]:
    from stillcam.frames.jpeg import check_jpeg
    from stillcam.motion.detector import Detector
    from stillcam.motion.drawing import film_of
    from stillcam.motion.recordings import frames_of

    detector: Detector | None = None
    frames = frames_of(path, arguments.fps)
    seen: list[Observation] = []

    def observe(time_s: float, jpeg: bytes) -> Observation:
        nonlocal detector
        try:
            detector = detector or Detector(_settings(arguments, check_jpeg(jpeg)))
            seen.append(detector.look(jpeg, time_s))
        except ValueError as error:
            raise StillcamError(f"{path}, at {time_s:g} s: {error}") from error
        return seen[-1]

    with ProgressLine(path.name):
        if arguments.film:
            film_of(((jpeg, observe(time_s, jpeg)) for time_s, jpeg in frames), arguments.film, arguments.fps)
        else:
            for time_s, jpeg in frames:
                observe(time_s, jpeg)
    return seen


def _event(event: MotionEvent) -> dict[str, float]:
    return {
        "start_s": event.start_s, "end_s": event.last_s, "peak_s": event.peak_s, "peak_blocks": len(event.peak),
    }  # fmt: skip


def _frame(observation: Observation) -> dict[str, Any]:
    document = dataclasses.asdict(observation)
    del document["columns"], document["rows"], document["changed"]
    return document
