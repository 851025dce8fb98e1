"""What the steps with the capture daemon share: the daemon, the settings, pictures, and the times of changes."""

import io
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checked_daemon import CheckedDaemon
from driver_steps import settings_for
from hardware_report import Wrong
from PIL import Image, ImageStat

from stillcam.camera.use_cases import geometry_of
from stillcam.settings.capabilities import CameraInfo, Capabilities
from stillcam.settings.geometry import Size
from stillcam.settings.schema import Settings

LEASE_S = 30.0
LIVE_S = 30.0  # until the first frame of the live view, at most


@dataclass
class Bench:
    """The capture daemon of one camera.

    Attributes:
        width: of all pictures; 0: as large as the camera can, 1280 of snapshots.
        changes: how long each change of use took: from and to, and seconds.
    """

    daemon: CheckedDaemon
    camera: CameraInfo
    capabilities: Capabilities
    width: int
    quick: bool
    changes: list[tuple[str, float]] = field(default_factory=list)

    def settings(self, **sections: dict[str, Any]) -> Settings:
        return settings_for(self.camera, self.width, **sections)

    def use(self, **sections: dict[str, Any]) -> None:
        """Have other settings in force; those that are not named have their defaults."""
        self.daemon.change(self.settings(**sections))

    def size(self, use: str) -> Size:
        """The size that pictures of a use case have, before any rotation by 90°."""
        return geometry_of(self.settings(), self.camera, use).size

    def changed(self, what: str, began_s: float) -> float:
        """Note how long a change has taken, which ends now; in seconds."""
        self.changes.append((what, time.monotonic() - began_s))
        return self.changes[-1][1]

    def picture(self) -> Image.Image:
        """A picture whose exposure began after this call."""
        self.daemon.ask("snapshot")
        return opened(self.daemon.paths.current)

    def back_from(self, use: str) -> str:
        """Wait for the first new picture after another use of the camera; a remark."""
        began_s = time.monotonic()
        self.picture()
        return f"the next picture after {self.changed(f'{use} to picture', began_s):.1f} s"

    def watch(self) -> float:
        """Have the live view run, as for a viewer; the time until its first frame (s)."""
        began_s = time.monotonic()
        before = self.daemon.ask("status")["captures"]["ok"]
        self.daemon.ask("lease", seconds=LEASE_S)
        self.daemon.until(lambda now: now["mode"] == "live" and now["captures"]["ok"] > before, LIVE_S, "live frame")
        return time.monotonic() - began_s

    def leave(self) -> None:
        """The viewer leaves."""
        self.daemon.ask("lease", seconds=0)

    def take(self, count: int = 1, timeout_s: float = 60.0) -> list[Path]:
        """Take photos; their files."""
        items = self.daemon.ask("photo", timeout_s, count=count)["items"]
        if len(set(items)) != count:
            raise Wrong(f"{count} photos requested, and {len(set(items))} taken")
        return [self.daemon.paths.library / item for item in items]


def opened(path: Path) -> Image.Image:
    """A picture that has been decoded as a whole."""
    image = Image.open(io.BytesIO(path.read_bytes()))
    image.load()
    return image


def brightness(image: Image.Image) -> float:
    """The mean, 0 to 255."""
    return float(ImageStat.Stat(image.convert("L")).mean[0])


def sidecar_of(item: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(item.with_suffix(".json").read_text())
    return told


def text_of(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def expect_size(what: str, found: Size, wanted: Size, trimmed: int = 0) -> None:
    """Wrong: a picture has another size; a lossless rotation may have trimmed so many pixels of a side."""
    if not all(0 <= full - side <= trimmed for side, full in zip(found, wanted, strict=True)):
        raise Wrong(f"{what} has {text_of(found)} pixels instead of {text_of(wanted)}")
