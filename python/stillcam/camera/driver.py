"""What the capture daemon asks of a camera, and the values that go between them.

A driver owns the camera: nothing else starts or ends its programs. Every method raises
CameraError when the camera does not do what it should; the driver is then stopped and may
be started again. A driver is used by one thread, and only by that one: the camera program
ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stillcam.settings.capabilities import Abilities, Camera
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Still:
    """A captured file, closed and not yet checked, and when it was closed (seconds since the epoch).

    Args:
        raw: the DNG of the same moment.
    """

    path: Path
    time_s: float
    raw: Path | None = None


@dataclass(frozen=True, slots=True)
class Shoot:
    """Stills for the library.

    Args:
        kind: `photo` or `raw`.
        folder: where they are written.
        found: controls that the camera's algorithms had found, to begin with.
    """

    kind: str
    folder: Path
    found: Values


@dataclass(frozen=True, slots=True)
class Container:
    """In which form a video is recorded.

    Args:
        extension: of the file.
        remux: whether ffmpeg is to make an MP4 of it.
    """

    extension: str
    remux: bool


class Interrupted(Exception):
    """One of the descriptors that were to interrupt a wait became readable."""


class Driver(Protocol):
    """Makes frames. `interrupts` are descriptors that end a wait with Interrupted when they become readable."""

    name: str
    awaits_focus: bool  # the first still after a start comes when a scan is over
    metadata: dict[str, Any]  # what the camera says of its newest picture: libcamera's names and units
    told_s: float  # when they came (monotonic)
    settling: bool  # what `adjust` has changed need not be in the newest picture yet
    began_s: float  # the exposure of the newest still or frames began then or later (monotonic)

    @property
    def abilities(self) -> Abilities:
        """What can be asked for; it may turn out to be less when the camera is started."""
        ...

    @property
    def lag_s(self) -> float:
        """How long before `request` the exposure of its still may have begun, at most (seconds).

        0 where the camera is restarted for each still; one that keeps running gives a frame that is on its way.
        """
        ...

    @property
    def sensor_mode(self) -> str:
        """The mode in which the newest picture was taken (`2304:1296:10`); empty: it is not known."""
        ...

    def cameras(self, index: int, interrupts: Sequence[int]) -> list[Camera]:
        """The cameras of this machine; an empty list when there is none. Nothing of the driver may run.

        Args:
            index: the camera that is going to be used: listing may disturb it, and no other one.
        """
        ...

    def start_stills(self, settings: Settings, camera: Camera, shoot: Shoot | None = None) -> None:
        """Begin to get ready for `request`; without a shoot the stills are snapshots."""
        ...

    def ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait until stills can be asked for; False: not in time."""
        ...

    def request(self) -> None:
        """Ask for one still; does nothing while one that was asked for has not come."""
        ...

    def still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """Wait for the still: in the images folder or the shoot's, named `.still_…`. None: not in time."""
        ...

    def described(self, timeout_s: float, interrupts: Sequence[int]) -> dict[str, Any]:
        """What the camera says of the still that came last; waits for it. Empty: not in time."""
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

    def record(
        self,
        settings: Settings,
        camera: Camera,
        folder: Path,
        stem: str,
        seconds: int | None,
        interrupts: Sequence[int] = (),
    ) -> tuple[Path, Container]:
        """Begin a video, of so many seconds from its first frame on or until `stop`: the file, and what it is.

        Where the abilities say so, `request` and `still` give frames of it, in the images folder.
        """
        ...

    def recorded(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait for the end of the video; False: not in time.

        Raises:
            CameraError: it is a bad one. Cause `encoder`: recorded again, it is made in another way.
        """
        ...

    def fits(self, settings: Settings, camera: Camera, kind: str | None = None) -> bool:
        """Whether what runs now is just what would be started for these.

        Args:
            kind: `photo` or `raw`; None: for what runs, snapshots or live.
        """
        ...

    def adjust(self, settings: Settings, camera: Camera) -> bool:
        """Have what runs now go on as these say, if it can without a new start; else False, and nothing is changed."""
        ...

    def stop(self, patience_s: float = 2.0, interrupts: Sequence[int] = ()) -> bool:
        """Give the camera free; afterwards nothing of the driver runs. Never raises.

        Args:
            patience_s: for the program to end, and to finish the file of a video.
            interrupts: once one of these descriptors is readable, that is a second at most.

        Returns:
            False: it did not end in time and was killed.
        """
        ...
