"""The protocol that every camera driver implements, and the values that it exchanges with the capture daemon.

A driver owns the camera: nothing else starts or ends its programs. Every method raises CameraError if the camera fails;
the daemon then stops the driver and may start it again. Only one thread uses a driver: the camera program ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stillcam.settings.capabilities import CameraInfo, Capabilities
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

# Reasons of failures with any driver.
CAMERA_IN_USE = (
    "another program uses the camera: end it (see: pgrep -a 'rpicam|libcamera|python'); pictures then resume"
)

NO_MICROPHONE = (
    "no microphone found: `arecord -l` lists those of ALSA, `pactl list short sources` those of PulseAudio; plug one"
    " in and set video.audio to the one that lists it, or to off"
)


@dataclass(frozen=True, slots=True)
class Still:
    """A captured file, closed but not checked yet.

    Args:
        time_s: when it was closed (seconds since the epoch).
        raw: the DNG of the same capture.
    """

    path: Path
    time_s: float
    raw: Path | None = None


@dataclass(frozen=True, slots=True)
class PhotoRequest:
    """Stills for the library.

    Args:
        kind: `photo` or `raw`.
        folder: where the driver writes them.
        controls: values to start with instead of automatic ones, see `convergence.converged_controls`.
    """

    kind: str
    folder: Path
    controls: Values


@dataclass(frozen=True, slots=True)
class Container:
    """The file format in which a driver records a video.

    Args:
        extension: of the file.
        remux: whether ffmpeg has to convert it to MP4 afterwards.
    """

    extension: str
    remux: bool


class Interrupted(Exception):
    """A descriptor in `interrupts` became readable during a wait."""


class Driver(Protocol):
    """Makes frames.

    `interrupts` are descriptors that end a wait with Interrupted when they become readable. Times are monotonic.
    """

    name: str
    waits_for_focus: bool  # the first still after a start waits until an autofocus scan is over
    metadata: dict[str, Any]  # of the newest picture: libcamera's names and units
    metadata_received_s: float
    settling: bool  # the newest picture may not have the controls of `adjust` yet
    exposure_began_s: float  # of the newest still or frames: it began at this time or later

    @property
    def capabilities(self) -> Capabilities:
        """What can be set; it may become less once the camera has been started."""
        ...

    @property
    def lag_s(self) -> float:
        """How long before `request_still` the exposure of the still may have begun, at most (seconds).

        0 if the camera is reconfigured for each still. A running camera returns a frame that is already queued.
        """
        ...

    @property
    def sensor_mode(self) -> str:
        """The sensor mode of the newest picture (`2304:1296:10`); empty: not known."""
        ...

    def list_cameras(self, index: int, interrupts: Sequence[int]) -> list[CameraInfo]:
        """List the cameras of this machine. No program of the driver may run meanwhile.

        Args:
            index: the camera that is going to be used; listing may disturb this one only.
        """
        ...

    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        """Start the camera for snapshots, or for the photos of a request; see `wait_ready`."""
        ...

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait until stills can be requested; False: time-out."""
        ...

    def request_still(self) -> None:
        """Request one still; no effect while another one is pending."""
        ...

    def wait_still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """Wait for the requested still, `.still_…` in the images folder or the request's. None: time-out."""
        ...

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> dict[str, Any]:
        """Wait for the metadata of the newest still. Empty: time-out."""
        ...

    def idle(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """Wait between captures, until new metadata come at most; raises CameraError at once if the camera fails."""
        ...

    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera for live frames; see `read_frames`."""
        ...

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """The complete JPEGs since the last call, oldest first; waits for at least one. Empty: time-out."""
        ...

    def start_video(
        self,
        settings: Settings,
        camera: CameraInfo,
        folder: Path,
        stem: str,
        seconds: int | None,
        interrupts: Sequence[int] = (),
    ) -> tuple[Path, Container]:
        """Start recording a video; return its file and format.

        If the capabilities say so, `request_still` and `wait_still` give frames of it, in the images folder.

        Args:
            folder, stem: of the file.
            seconds: duration from the first frame on; None: until `stop`.
        """
        ...

    def wait_video(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait for the end of the video; False: time-out.

        Raises:
            CameraError: it failed. With cause `encoder`, the next recording uses another encoder.
        """
        ...

    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        """Whether the camera already runs as these settings demand.

        Args:
            kind: `photo` or `raw`; None: for the use that runs now, snapshots or live.
        """
        ...

    def adjust(self, settings: Settings, camera: CameraInfo) -> bool:
        """Apply these settings to the running camera; False if that needs a restart, and nothing is changed."""
        ...

    def stop(self, grace_s: float = 2.0, interrupts: Sequence[int] = ()) -> bool:
        """Release the camera and end all processes of the driver. Never raises.

        Args:
            grace_s: time for the program to end, and to finish the file of a video.
            interrupts: once one of these descriptors is readable, the program has a second left at most.

        Returns:
            False: it did not end in time and was killed.
        """
        ...
