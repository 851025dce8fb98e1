"""`series zip`: the shots of a series as a ZIP, into a file or a pipe. It needs no capture daemon."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from stillcam.cli import Arguments, Result
from stillcam.cli.daemon import naming_field
from stillcam.cli.progress import ProgressLine
from stillcam.common.clock import local_zone
from stillcam.common.errors import StillcamError
from stillcam.common.formats import size_text
from stillcam.common.paths import Paths
from stillcam.common.validate import moment_in
from stillcam.library.zip_stream import stream
from stillcam.series.archive import SeriesArchive, Wanted
from stillcam.series.definition import check_name

STDOUT = "-"


def add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--first", type=int, metavar="N", help="no shots with a lower number")
    add("--last", type=int, metavar="N", help="no shots with a higher number")
    add("--from", dest="from", metavar="TIME", help="no shots before this time; local time like 2026-11-20T08:30")
    add("--to", metavar="TIME", help="no shots after this time")
    add("-o", "--output", metavar="FILE",
        help="write to this file; - is standard output (default: SERIES.zip)")  # fmt: skip


def zip_(paths: Paths, arguments: Arguments) -> Result:
    """Write the ZIP; a file appears only when it is complete."""
    archive = _archive(paths, arguments)
    size = archive.size_bytes()
    document = {"bytes": size, "files": archive.files, "shots": archive.shots, "first": archive.first,
                "last": archive.last}  # fmt: skip
    if arguments.output == STDOUT:
        if arguments.json:
            raise StillcamError("--json prints to standard output: pass --output FILE for the ZIP")
        if sys.stdout.isatty():
            raise StillcamError("a ZIP is not for a terminal: pass --output FILE, or use a pipe")
        try:
            _write(archive, size, sys.stdout.buffer)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python reports it once more
            raise StillcamError(f"the ZIP is incomplete: cannot write the output ({error.strerror})") from error
        return Result([], document)
    path = Path(arguments.output or f"{arguments.name}.zip")
    _write_file(path, size, lambda file: _write(archive, size, file))
    return Result([f"{path}: {archive.shots} shots, {size_text(size)}"], {**document, "path": str(path)})


def _archive(paths: Paths, arguments: Arguments) -> SeriesArchive:
    times = vars(arguments)
    zone = local_zone(arguments.environ)
    with naming_field():
        wanted: dict[str, Any] = {f"{name}_ms": moment_in(times, name, zone) for name in ("from", "to")}
    wanted |= {name: times[name] for name in ("first", "last")}
    try:
        folder = paths.series / check_name(arguments.name)
        return SeriesArchive(folder, Wanted(**{name: value for name, value in wanted.items() if value is not None}))
    except LookupError as error:
        raise StillcamError(error.args[0]) from error
    except OSError as error:
        raise StillcamError(f"the series cannot be read ({error.strerror}): check the disk with df") from error


def _write(archive: SeriesArchive, size: int, file: BinaryIO) -> None:
    done = 0
    with ProgressLine("writing the ZIP") as line:
        try:
            for pieces in stream(archive):
                file.writelines(pieces)
                done += sum(map(len, pieces))
                line.text = f"writing the ZIP: {done / size:.0%} of {size_text(size)}"
            file.flush()
        except ConnectionAbortedError as error:
            raise StillcamError(f"{error}: run the command again") from error


def _write_file(path: Path, size: int, write: Callable[[BinaryIO], None]) -> None:
    if path.exists():
        raise StillcamError(f"{path} exists: delete it, or pass another --output")
    part = path.with_name(f".{path.name}.part")
    try:
        room = os.statvfs(path.parent)
        if (free := room.f_bavail * room.f_frsize) < size:
            raise StillcamError(
                f"the ZIP needs {size_text(size)}, and {path.parent.resolve()} has {size_text(free)}: choose another"
                " disk by --output, or fewer shots by --first and --last"
            )
        with part.open("wb") as file:
            write(file)
        part.rename(path)
    except OSError as error:
        raise StillcamError(f"{path} cannot be written ({error.strerror}): choose another --output") from error
    finally:
        part.unlink(missing_ok=True)
