"""Every path of an installation, from `STILLCAM_*` and the project's root."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.folders import missing_disk, unwritable

ROOT = Path(__file__).resolve().parents[3]

_NUMBER = re.compile("[0-9]|[12][0-9]|3[01]", re.ASCII)  # as the setting camera.index


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one camera; all absolute."""

    images: Path  # its frames
    data: Path  # its settings and library
    web: Path = ROOT / "web"  # the page
    number: int = 0  # the camera's
    first: Paths | None = None  # those of the first camera; None: these are

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Paths:
        """Those of the camera `STILLCAM_NUMBER`, or else of the first one.

        `STILLCAM_IMAGES` (images) and `STILLCAM_DATA` (data) are the first camera's; relative ones start at
        the project's root.

        Raises:
            StillcamError: the camera is not in `STILLCAM_CAMERAS`, or that is invalid.
        """
        numbers = camera_numbers(environ)
        first = cls(
            images=ROOT / (environ.get("STILLCAM_IMAGES") or "images"),
            data=ROOT / (environ.get("STILLCAM_DATA") or "data"),
            number=numbers[0],
        )
        number = environ.get("STILLCAM_NUMBER") or str(numbers[0])
        if number not in map(str, numbers):
            there = " ".join(map(str, numbers))
            raise StillcamError(f"STILLCAM_NUMBER={number} is not in STILLCAM_CAMERAS={there!r}: add it there")
        return first.of(int(number))

    def of(self, number: int) -> Paths:
        """Those of another camera beside the first one, below its folders."""
        first = self.primary
        if number == first.number:
            return first
        return Paths(first.images / str(number), first.data / "cameras" / str(number), first.web, number, first)

    @property
    def primary(self) -> Paths:
        """The paths of the first camera, where all cameras keep accounts, certificates and the server's log."""
        return self.first or self

    @property
    def current(self) -> Path:
        return self.images / "current.jpg"

    @property
    def settings(self) -> Path:
        return self.data / "settings.json"

    @property
    def library(self) -> Path:
        return self.data / "library"

    @property
    def series(self) -> Path:
        return self.data / "series"

    @property
    def films(self) -> Path:
        """The films of the library. Films of a series are in the folder of the series."""
        return self.data / "films"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def socket(self) -> Path:
        return self.run / "capture.sock"

    def make(self, folder: Path) -> Path:
        """Make sure that `folder` exists and can be written to.

        Raises:
            StillcamError: it cannot be created, is no folder, or is read-only.
        """
        probe = folder / f".probe-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except (FileExistsError, NotADirectoryError) as error:
            if text := missing_disk(folder):
                raise StillcamError(text) from error
            raise StillcamError(f"{folder} is not a folder: move that file away, or set another folder") from error
        except OSError as error:
            raise StillcamError(unwritable(folder, error)) from error
        return folder


def camera_numbers(environ: Mapping[str, str]) -> list[int]:
    """`STILLCAM_CAMERAS`: the numbers of all cameras, that of the first one first; "0".

    Raises:
        StillcamError: it is invalid.
    """
    value = environ.get("STILLCAM_CAMERAS") or "0"
    numbers = value.split()
    if not numbers or len(set(numbers)) < len(numbers) or not all(map(_NUMBER.fullmatch, numbers)):
        raise StillcamError(f"STILLCAM_CAMERAS must be different numbers from 0 to 31, such as '0 1', not {value!r}")
    return list(map(int, numbers))
