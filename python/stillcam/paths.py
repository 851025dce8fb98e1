"""Where things are: every path of an installation, from `STILLCAM_*` and the project's root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stillcam.errors import StillcamError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one installation; all absolute."""

    images: Path
    data: Path
    web: Path = ROOT / "web"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Paths:
        """Read `STILLCAM_IMAGES` (images) and `STILLCAM_DATA` (data); relative ones start at the project's root."""
        return cls(
            images=ROOT / (environ.get("STILLCAM_IMAGES") or "images"),
            data=ROOT / (environ.get("STILLCAM_DATA") or "data"),
        )

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
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def socket(self) -> Path:
        return self.run / "capture.sock"

    def make(self, folder: Path) -> Path:
        """Make sure that `folder` is there and can be written to.

        Raises:
            StillcamError: it cannot be made, is no folder, or is read-only.
        """
        probe = folder / f".probe-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except (FileExistsError, NotADirectoryError) as error:
            raise StillcamError(f"{folder} is not a folder: move what is there away, or set another one") from error
        except OSError as error:
            raise StillcamError(
                f"cannot write to {folder} ({error.strerror}): check its owner, that it is mounted writable, and df"
            ) from error
        return folder
