"""The picamera2 driver in the daemon: it starts the worker process, sends it commands and receives its messages.

The worker keeps the camera open from one use case to the next (snapshots, then a photo) until `stop`, a failure, or
settings that need it to be reopened.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stillcam.camera.driver import Container, PhotoRequest, Still
from stillcam.camera.frame_age import LiveFrameAge, lag_s
from stillcam.camera.machine_lock import MACHINE
from stillcam.camera.picamera2.cameras import camera_from_message
from stillcam.camera.picamera2.configuration import (
    CameraConfiguration,
    control_changes,
    live_configuration,
    photo_configuration,
    snapshot_configuration,
    video_configuration,
)
from stillcam.camera.picamera2.ipc import NAME, Message, WorkerExited, WorkerProcess
from stillcam.camera.use_cases import DEFAULT_FRAMERATE, choose_container, framerate, live_framerate, zsl_frame_s
from stillcam.common.child_process import TERM_GRACE_S
from stillcam.common.errors import CameraError
from stillcam.common.validate import is_number
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import JpegSplitter
from stillcam.settings.capabilities import PICAMERA2, CameraInfo
from stillcam.settings.encoder import EncoderLimits
from stillcam.settings.geometry import field_of_view, flip_rectangle, sensor_mode
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path

LIST_TIMEOUT_S = 60.0  # the library is loaded, and the camera configured for each of its modes
SLOW_FRAME_US = 250_000  # with longer frames a restart is faster than `adjust`, which waits for queued frames
_READ_BYTES = 1 << 20


class Picamera2:
    """Drives the library.

    Args:
        images: the folder that snapshots are written to.
        env: the environment of the worker.
        encoder: the board's, see Capabilities.
        machine: the folder that stands for the machine, see MachineLock.
    """

    name = NAME
    waits_for_focus = True

    def __init__(
        self, images: Path, env: Mapping[str, str], encoder: EncoderLimits | None = None, machine: Path = MACHINE
    ) -> None:
        self.capabilities = replace(PICAMERA2, encoder=encoder)
        self.metadata: dict[str, Any] = {}
        self.sensor_mode = ""
        self.metadata_received_s = 0.0
        self.settling = False
        self.exposure_began_s = 0.0
        self._images = images
        self._env = env
        self._machine = machine
        self._worker: WorkerProcess | None = None
        self._lists: list[list[CameraInfo]] = []
        self._use = ""  # snapshot, photo, live or video; empty: nothing
        self._configuration: CameraConfiguration | None = None  # of what runs; the tuning file as in the settings
        self._opened: CameraConfiguration | None = None  # the one that the worker got last
        self._camera: CameraInfo | None = None
        self._frame_s = 0.0  # duration of a frame of the running camera; 0: it is reconfigured for each still
        # Stills
        self._folder = images
        self._ready = self._requested = False
        self._requested_s = 0.0  # the exposure of the requested still begins then or later (monotonic)
        self._stills: list[Still] = []
        # Live frames
        self._splitter = JpegSplitter()
        self._age = LiveFrameAge(0)
        self._frames = 0  # so far
        # Adjustments
        self._adjustments = 0
        self._applied_after: int | None = None  # so many frames came before the first with the newest adjustment

    @property
    def lag_s(self) -> float:
        """See Driver."""
        return lag_s(self._frame_s, self.metadata) if self._frame_s else 0.0

    def list_cameras(self, index: int, interrupts: Sequence[int]) -> list[CameraInfo]:
        """See Driver."""
        self.stop()
        self._lists.clear()
        self._send({"do": "list", "index": index})
        deadline = time.monotonic() + LIST_TIMEOUT_S
        try:
            while not self._lists:
                if (left := deadline - time.monotonic()) <= 0:
                    raise CameraError("stalled", "picamera2 does not answer: restart the Pi")
                self._wait(left, interrupts)
        finally:
            self.stop()
        return self._lists.pop()

    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        """See Driver."""
        if photo is None:
            configuration = snapshot_configuration(settings, camera)
            located = snapshot_configuration(with_tuning_path(settings), camera)
        else:
            configuration = photo_configuration(settings, camera, photo.kind, photo.controls)
            located = photo_configuration(with_tuning_path(settings), camera, photo.kind, photo.controls)
        folder = photo.folder if photo else self._images
        if not folder.is_dir():
            raise CameraError("disk", f"{folder} was deleted, moved or unmounted: it is made again")
        self._begin("photo" if photo else "snapshot", configuration, located, camera, folder)
        self._frame_s = zsl_frame_s(settings) if configuration.zsl else 0.0
        self._send({"do": "stills", "configuration": located.to_json(), "folder": str(folder)})

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver."""
        deadline = time.monotonic() + timeout_s
        while not self._ready and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
        return self._ready

    def request_still(self) -> None:
        """See Driver."""
        if not self._requested:
            self._requested, self._requested_s = True, time.monotonic() - self.lag_s
            self._send({"do": "still"})

    def wait_still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """See Driver. The metadata come with the still."""
        deadline = time.monotonic() + timeout_s
        while not self._stills and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
        if not self._stills:
            return None
        self._requested, self.exposure_began_s = False, self._requested_s
        return self._stills.pop(0)

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> dict[str, Any]:
        """See Driver."""
        return self.metadata

    def idle(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """See Driver. Deletes a still whose request was given up."""
        deadline, before = time.monotonic() + timeout_s, self.metadata
        while self.metadata is before and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
            for still in self._stills:
                for path in filter(None, (still.path, still.raw)):
                    path.unlink(missing_ok=True)
                self._requested = False
            self._stills.clear()

    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        """See Driver."""
        located = live_configuration(with_tuning_path(settings), camera)
        self._begin("live", live_configuration(settings, camera), located, camera, self._images)
        self._splitter, self._frames, self._age = JpegSplitter(), 0, LiveFrameAge(settings.live.buffer_count)
        self._frame_s = 1 / (live_framerate(settings) or DEFAULT_FRAMERATE)
        self._send({"do": "live", "configuration": located.to_json()})

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """See Driver."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            assert self._worker is not None
            if self._worker.stdout not in self._wait(left, interrupts, self._worker.stdout):
                continue
            chunk = os.read(self._worker.stdout, _READ_BYTES)
            if not chunk:
                self._worker.raise_exit()
            if frames := self._splitter.feed(chunk):
                self._frames += len(frames)
                self.exposure_began_s = self._age.frames_read(len(frames), self.lag_s, emptied=len(chunk) < _READ_BYTES)
                self._update_settling()
                return frames
        return []

    def start_video(
        self,
        settings: Settings,
        camera: CameraInfo,
        folder: Path,
        stem: str,
        seconds: int | None,
        interrupts: Sequence[int] = (),
    ) -> tuple[Path, Container]:
        """See Driver."""
        video, ffmpeg = settings.video, shutil.which("ffmpeg") is not None
        container = choose_container(settings.files.video, ffmpeg or find_spec("av") is not None, ffmpeg)
        path = folder / f"{stem}.{container.extension}"
        located = video_configuration(with_tuning_path(settings), camera)
        self._begin("video", video_configuration(settings, camera), located, camera, self._images)
        self._frame_s = 1 / (framerate(settings, video) or DEFAULT_FRAMERATE)
        output = {"path": str(path), "seconds": seconds, "bitrate": video.bitrate, "audio": video.audio}
        stills = {"folder": str(self._images), "quality": settings.snapshot.quality}
        self._send({"do": "video", "configuration": located.to_json(), **output, **stills})
        return path, container

    def wait_video(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver: the worker exits when the video is finished."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                self._wait(left, interrupts)
            except WorkerExited:
                if self._worker and self._worker.status == 0:
                    return True
                raise
        return False

    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        """See Driver."""
        if self._use not in ("snapshot", "live"):
            return False
        if kind:
            return self._configuration == photo_configuration(settings, camera, kind)
        return self._configuration == self._configured(settings, camera)

    def adjust(self, settings: Settings, camera: CameraInfo) -> bool:
        """See Driver: sets the controls that differ."""
        if self._configuration is None or self._use == "photo" or not self._ready or self._is_slow:
            return False
        new = self._configured(settings, camera)
        controls = control_changes(self._configuration, new)
        if controls is None:
            return False
        self._configuration, self.settling, self._applied_after = new, True, None
        self._adjustments += 1
        self._send({"do": "adjust", "configuration": new.to_json(), "controls": controls, "number": self._adjustments})
        return True

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> bool:
        """See Driver. Deletes stills that the worker has left incomplete."""
        worker, self._worker = self._worker, None
        in_time = worker is None or worker.stop(grace_s, interrupts)
        if self._use in ("snapshot", "photo", "video"):
            self._delete_stills()
        self._use, self._configuration, self._opened, self._stills = "", None, None, []
        self.settling = self._ready = self._requested = False
        return in_time

    @property
    def _is_slow(self) -> bool:
        """Whether a restart is faster than waiting for the queued frames, which have the old controls."""
        frame_us = self.metadata.get("FrameDuration", 0)
        return is_number(frame_us) and frame_us > SLOW_FRAME_US and self._use != "video"

    def _configured(self, settings: Settings, camera: CameraInfo) -> CameraConfiguration:
        """The configuration of the current use case according to `settings`."""
        functions = {"snapshot": snapshot_configuration, "live": live_configuration, "video": video_configuration}
        return functions[self._use](settings, camera)

    def _begin(
        self,
        use: str,
        configuration: CameraConfiguration,
        located: CameraConfiguration,
        camera: CameraInfo,
        folder: Path,
    ) -> None:
        """Begin a use case, in the same worker if the camera need not be reopened.

        Args:
            located: the configuration with the path of the tuning file.
        """
        if self._requested or self._opened is None or not self._opened.opens_like(located) or self._use == "live":
            self.stop()
        elif self._use in ("snapshot", "photo"):
            self._delete_stills()
        self._use, self._camera, self._folder = use, camera, folder
        self._configuration, self._opened = configuration, located
        self.metadata, self.sensor_mode, self._stills = {}, "", []
        self.settling = self._requested = False
        self._ready = use not in ("snapshot", "photo")

    def _send(self, command: Message) -> None:
        if self._worker is None:
            self._worker = WorkerProcess(self._env, self._machine)
        self._worker.send(command)

    def _wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> set[int]:
        """See WorkerProcess.wait; takes the message."""
        assert self._worker is not None
        message, ready = self._worker.wait(timeout_s, interrupts, *more)
        if "metadata" in message:
            self._take_metadata(message["metadata"])
            self.sensor_mode = ":".join(map(str, message["mode"] or []))
        if "still" in message:
            raw = self._folder / message["raw"] if message["raw"] else None
            self._stills.append(Still(self._folder / message["still"], message["time"], raw))
        elif "cameras" in message:
            self._lists.append([camera_from_message(camera) for camera in message["cameras"]])
        self._ready = self._ready or "ready" in message
        if message.get("number") == self._adjustments:
            self._applied_after = message["applied"]
            self._update_settling()
        return ready

    def _update_settling(self) -> None:
        """Clear `settling` once the newest frame has the adjusted controls."""
        if self._applied_after is not None and (self._use != "live" or self._frames > self._applied_after):
            self.settling = False

    def _take_metadata(self, new: dict[str, Any]) -> None:
        """Make `new` the newest metadata, with ScalerCrop as in settings: before any flip."""
        crop = new.get("ScalerCrop")
        configuration, camera = self._configuration, self._camera
        if configuration and camera and isinstance(crop, list) and len(crop) == 4:
            name = ":".join(map(str, configuration.sensor)) if configuration.sensor else ""
            mode = sensor_mode(name, camera, configuration.size) if name else None
            new["ScalerCrop"] = list(flip_rectangle(crop, configuration.flips, field_of_view(mode, camera)))
        self.metadata, self.metadata_received_s = new, time.monotonic()

    def _delete_stills(self) -> None:
        with contextlib.suppress(OSError):  # the next stop tries again
            for path in self._folder.glob(STILL_PREFIX + "*"):
                path.unlink(missing_ok=True)
