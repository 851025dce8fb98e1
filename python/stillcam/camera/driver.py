"""The base class of all camera drivers, and the values that they exchange with the capture daemon.

A driver owns the camera: nothing else starts or ends its programs. Every method raises CameraError if the camera fails;
the daemon then stops the driver and may start it again. Only one thread uses a driver: the camera program ends with it.
"""

from __future__ import annotations

import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from stillcam.camera.frame_age import LiveFrameAge, lag_s
from stillcam.camera.metadata import Metadata
from stillcam.camera.shown import ShownPart
from stillcam.camera.use_cases import Container, Geometry, configuration_of, frame_duration_s, geometry_of
from stillcam.common.child_process import PIPE_BYTES, TERM_GRACE_S
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import JpegSplitter
from stillcam.settings.capabilities import CameraInfo, Capabilities
from stillcam.settings.controls import Values
from stillcam.settings.geometry import View
from stillcam.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Still:
    """A captured file, closed but not checked yet."""

    path: Path
    time_s: float  # when it was closed, since the epoch
    raw: Path | None = None  # the DNG of the same capture
    small: bool = False  # a frame of a video, smaller than the video


@dataclass(frozen=True, slots=True)
class PhotoRequest:
    """Stills for the library."""

    kind: str  # `photo` or `raw`
    folder: Path  # where the driver writes them
    controls: Values  # to start with instead of automatic ones, see `convergence.converged_controls`
    bracket: bool = False  # the next request may differ in the exposure only


class Interrupted(Exception):
    """A descriptor in `interrupts` became readable during a wait."""


class Driver(ABC):
    """Makes frames.

    `interrupts` are descriptors that end a wait with Interrupted when they become readable. Times are monotonic.

    Args:
        images: the folder that snapshots are written to.

    Attributes:
        waits_for_focus: whether the first still after a start waits until an autofocus scan is over.
        capabilities: what can be set; it may become less once the camera has been started.
        metadata: of the newest picture, with ScalerCrop as it is before any flip.
        sensor_mode: of the newest picture (`2304:1296:10`); empty: not known.
        adjusting: the newest picture may not have the controls of `adjust` yet.
        exposure_began_s: of the newest still or frames: it began at this time or later.
        just_started: the use case has begun, and no still was requested.
    """

    name: str
    waits_for_focus = False

    def __init__(self, images: Path, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.metadata: Metadata = {}
        self.metadata_received_s = 0.0
        self.sensor_mode = ""
        self.adjusting = False
        self.exposure_began_s = 0.0
        self.just_started = False
        self._images = images
        self._use = ""  # see use_cases; empty: nothing runs
        self._begun: tuple[str, Settings, CameraInfo] | None = None  # what runs
        self._geometry: Geometry | None = None  # of the use case
        self._shown: ShownPart | None = None  # by the use case
        self._folder = images  # where stills are written
        self._stills: list[Still] = []  # complete, not yet returned
        self._requested = False
        self._requested_s = 0.0  # the exposure of the requested still begins then or later
        self._frame_s = 0.0  # see `use_cases.frame_duration_s`
        self._splitter = JpegSplitter()
        self._age = LiveFrameAge(0)
        self._finished = False  # the video

    @property
    def lag_s(self) -> float:
        """How long before `request_still` the exposure of the still may have begun, at most (seconds).

        0 if the camera is reconfigured for each still. A running camera returns a frame that is already queued.
        """
        return lag_s(self._frame_s, self.metadata) if self._frame_s else 0.0

    @property
    def view(self) -> View:
        """What the newest picture shows; what is not known yet may be any part of the sensor."""
        return self._shown.view(adjusting=self.adjusting) if self._shown else View((), (False, False))

    @property
    def model(self) -> str:
        """The model of the sensor that is used, as far as it is known."""
        return self._geometry.camera.model if self._geometry else ""

    @abstractmethod
    def list_cameras(self, index: int, interrupts: Sequence[int], *, beside: bool = False) -> list[CameraInfo]:
        """List the cameras of this machine.

        Args:
            index: the camera that is going to be used; listing may disturb this one only.
            beside: a program of the driver runs: its camera is listed as `held`. There is no wait for other daemons:
                Interrupted if one lists or opens cameras now.
        """

    def remembered_cameras(self) -> list[CameraInfo]:
        """The cameras as the last daemon has listed them, if the devices are the same; empty: not known."""
        return []

    @abstractmethod
    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        """Start the camera for snapshots, or for the photos of a request; see `wait_ready`."""

    @abstractmethod
    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait until stills can be requested; False: time-out."""

    def request_still(self, *, small: bool = False) -> None:
        """Request one still; no effect while another one is pending.

        Args:
            small: during a video, a frame of the live view's size is enough.
        """
        if not self._requested:
            self.just_started = False
            self._requested, self._requested_s = True, time.monotonic() - self.lag_s
            self._send_request(small)

    def wait_still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """Wait for the requested still, `.still_…` in the images folder or the request's. None: time-out."""
        if not self._wait_until(lambda: bool(self._stills), timeout_s, interrupts):
            return None
        self._requested, self.exposure_began_s = False, self._requested_s
        return self._stills.pop(0)

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> Metadata:
        """Wait for the metadata of the newest still. Empty: time-out."""
        return self.metadata

    def idle(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """Wait between captures, until new metadata come at most. Deletes a still whose request was given up."""
        before = self.metadata

        def has_metadata() -> bool:
            for still in self._stills:
                for path in filter(None, (still.path, still.raw)):
                    path.unlink(missing_ok=True)
                self._requested = False
            self._stills.clear()
            return self.metadata is not before

        self._wait_until(has_metadata, timeout_s, interrupts)

    @abstractmethod
    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera for live frames; see `read_frames`."""

    @abstractmethod
    def start_video_frames(self, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera for the frames of a video, to be read by `read_frames` until `stop`."""

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """The complete JPEGs since the last call, oldest first; waits for at least one. Empty: time-out."""
        stdout = self._stdout
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if stdout not in self._wait(left, interrupts, stdout):
                continue
            chunk = os.read(stdout, PIPE_BYTES)
            if not chunk:
                self._raise_exit(interrupts)
            if frames := self._splitter.feed(chunk):
                self.exposure_began_s = self._age.frames_read(len(frames), self.lag_s, emptied=len(chunk) < PIPE_BYTES)
                return frames
        return []

    @abstractmethod
    def start_video(
        self, settings: Settings, camera: CameraInfo, stem: Path, seconds: int | None, interrupts: Sequence[int] = ()
    ) -> tuple[Path, Container]:
        """Start recording a video; return its file and format.

        If the capabilities say so, `request_still` and `wait_still` give frames of it, in the images folder.

        Args:
            stem: path of the file without its extension.
            seconds: duration from the first frame on; None: until `stop`.
        """

    def wait_video(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Wait for the end of the video; False: time-out, or a still has come.

        Raises:
            CameraError: it failed. With cause `encoder`, the next recording uses another encoder.
        """
        self._wait_until(lambda: self._finished or bool(self._stills), timeout_s, interrupts)
        return self._finished

    @property
    @abstractmethod
    def stderr(self) -> Sequence[str]:
        """The last lines that its program has printed on stderr, also after it has failed; empty after `stop`."""

    @abstractmethod
    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        """Whether the camera already runs as these settings demand.

        Args:
            kind: `photo` or `raw`; None: for the use that runs now, snapshots or live.
        """

    def runs(self, use: str, settings: Settings, camera: CameraInfo) -> bool:
        """Whether this use case still runs as it was begun, with these settings."""
        return self._begun == (use, settings, camera)

    def adjust(self, settings: Settings, camera: CameraInfo) -> bool:
        """Apply these settings to the running camera; False if that needs a restart, and nothing is changed."""
        return False

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> bool:
        """Release the camera and end all processes of the driver. Never raises. Deletes incomplete stills.

        Args:
            grace_s: time for the program to end, and to finish the file of a video.
            interrupts: once one of these descriptors is readable, the program has a second left at most.

        Returns:
            False: it did not end in time and was killed.
        """
        in_time = self._end(grace_s, interrupts)
        if self._use:
            self._delete_stills()
        self._use, self._begun, self._stills = "", None, []
        self.adjusting = self._requested = self.just_started = False
        return in_time

    def _begin(self, use: str, settings: Settings, camera: CameraInfo, folder: Path | None = None) -> None:
        """Forget the last use case. `folder`: for stills; None: the images folder."""
        self.metadata, self._stills = {}, []
        self.adjusting = self._requested = self._finished = False
        self.just_started = True
        self._use, self._begun, self._folder = use, (use, settings, camera), folder or self._images
        self._geometry, self._frame_s = geometry_of(settings, camera, use), frame_duration_s(settings, use)
        self._shown = ShownPart(settings, self._geometry, use)
        self.sensor_mode = self._geometry.mode_name if self._geometry.mode else ""
        self._splitter, self._age = JpegSplitter(), LiveFrameAge(configuration_of(settings, use).buffer_count)

    def _wait_until(self, condition: Callable[[], bool], timeout_s: float, interrupts: Sequence[int]) -> bool:
        """Whether `condition` became true in time. With a time-out of 0 nothing is received."""
        deadline = time.monotonic() + timeout_s
        while not (holds := condition()) and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
        return holds

    def _take_metadata(self, new: Metadata) -> None:
        crop, shown = new.get("ScalerCrop"), None
        if self._geometry and isinstance(crop, list) and len(crop) == 4:
            flipped = self._geometry.flip(crop)
            new["ScalerCrop"] = list(flipped)
            shown = flipped if min(crop[2:]) > 0 else None
        if self._shown:
            self._shown.report(shown)
        self.metadata, self.metadata_received_s = new, time.monotonic()

    def _delete_stills(self) -> None:
        with contextlib.suppress(OSError):  # the next stop tries again
            for path in self._folder.glob(STILL_PREFIX + "*"):
                path.unlink(missing_ok=True)

    # What a driver implements; besides the abstract methods above.

    @property
    @abstractmethod
    def _stdout(self) -> int:
        """The descriptor from which the JPEGs of the live view are read."""

    @abstractmethod
    def _send_request(self, small: bool) -> None:
        """Ask the program for a still, see `request_still`."""

    @abstractmethod
    def _wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> set[int]:
        """Wait until something comes from the program, or one of `more` is readable; return the readable ones of these.

        It may return early, and records stills, metadata and the end of a video. It raises Interrupted if nothing but
        an interrupt came.
        """

    @abstractmethod
    def _raise_exit(self, interrupts: Sequence[int]) -> NoReturn:
        """Raise the CameraError for a program that has ended."""

    @abstractmethod
    def _end(self, grace_s: float, interrupts: Sequence[int]) -> bool:
        """End the program, see `stop`."""
