"""What the capture daemon asks of a camera, and the values that go between them.

A driver owns the camera: nothing else starts or ends its programs. Every method raises
CameraError when the camera does not do what it should; the driver is then stopped and may
be started again. A driver is used by one thread, and only by that one: the camera program
ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stillcam.settings import Settings


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One width x height x bit depth that the sensor offers.

    Args:
        format: libcamera's name (`SRGGB10_CSI2P`).
        size: width, height in pixels.
        bit_depth: bits a sample; None where the camera program does not say.
        fps: the highest frame rate.
        crop: x, y, width, height in sensor pixels; None where the camera program does not say.
    """

    format: str
    size: tuple[int, int]
    bit_depth: int | None
    fps: float
    crop: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera as listed: its number, sensor and modes.

    Args:
        limits: what the camera itself names: control -> (low, high), or None for one that is no
            number; None as a whole where the camera program does not say.
    """

    index: int
    model: str
    size: tuple[int, int]
    bit_depth: int | None
    colour: str | None  # Bayer order (RGGB ...), MONO, or None where not said
    path: str
    modes: tuple[SensorMode, ...]
    limits: Mapping[str, tuple[float, float] | None] | None = None


@dataclass(frozen=True, slots=True)
class Still:
    """A captured file, closed and not yet checked, and when it was closed (seconds since the epoch)."""

    path: Path
    time_s: float


class Interrupted(Exception):
    """One of the descriptors that were to interrupt a wait became readable."""


class Driver(Protocol):
    """Makes frames. `interrupts` are descriptors that end a wait with Interrupted when they become readable."""

    name: str
    metadata: dict[str, Any]  # what the camera says of its newest picture: libcamera's names and units

    def cameras(self, interrupts: Sequence[int]) -> list[Camera]:
        """The cameras of this machine; an empty list when there is none."""
        ...

    def start_stills(self, settings: Settings, camera: Camera) -> None:
        """Begin to get ready for `request`."""
        ...

    def ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait until stills can be asked for; False: not in time."""
        ...

    def request(self) -> None:
        """Ask for one still; does nothing while one that was asked for has not come."""
        ...

    def still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """Wait for the still: in the images folder, its name begins with `.still_`. None: not in time."""
        ...

    def rest(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """Wait between captures, at most until new metadata come; raises CameraError at once if the camera fails."""
        ...

    def start_stream(self, settings: Settings, camera: Camera) -> None:
        """Begin to make frames at video rate, for `frames`."""
        ...

    def frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """The whole JPEGs that came since the last call, oldest first; waits for at least one. Empty: none in time."""
        ...

    def fits(self, settings: Settings, camera: Camera) -> bool:
        """Whether what runs now is just what would be started for these."""
        ...

    def stop(self) -> None:
        """Give the camera free; afterwards nothing of the driver runs. Never raises."""
        ...
