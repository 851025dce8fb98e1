"""The rpicam driver: rpicam-still and rpicam-vid (libcamera-* on older systems) as child processes.

A signal is a request, never a count: only a closed file proves a capture. So there is never a second SIGUSR1 before
the file of the first one is closed or its time is over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stillcam.camera import metadata
from stillcam.camera.driver import Container, Interrupted, PhotoRequest, Still
from stillcam.camera.frame_age import LiveFrameAge, lag_s
from stillcam.camera.machine_lock import MACHINE
from stillcam.camera.rpicam.listing import parse
from stillcam.camera.rpicam.options import (
    METADATA_NAME,
    live_arguments,
    photo_arguments,
    same_pictures,
    snapshot_arguments,
    video_arguments,
)
from stillcam.camera.rpicam.process import READY_POLL_S, CameraProcess, Launcher, Programs
from stillcam.camera.rpicam.watch_files import ClosedFiles
from stillcam.camera.use_cases import (
    DEFAULT_FRAMERATE,
    Geometry,
    choose_container,
    live_framerate,
    live_geometry,
    photo_extension,
    photo_geometry,
    snapshot_geometry,
    video_geometry,
    zsl_frame_s,
)
from stillcam.common.child_process import PIPE_BYTES, TERM_GRACE_S, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import JpegSplitter
from stillcam.settings.capabilities import RPICAM, CameraInfo, Capabilities
from stillcam.settings.encoder import EncoderLimits
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path


class Rpicam:
    """Drives the camera programs.

    Args:
        programs: how to call them.
        images: the folder that snapshots are written to.
        env: the environment of the programs; None: this process's own.
        name: the driver's name in status and logs.
        machine: the folder that stands for the machine, see MachineLock.
        encoder: the board's, see Capabilities.
    """

    waits_for_focus = False

    def __init__(
        self,
        programs: Programs,
        images: Path,
        env: Mapping[str, str] | None = None,
        name: str = "rpicam",
        machine: Path = MACHINE,
        encoder: EncoderLimits | None = None,
    ) -> None:
        self.name = name
        self.metadata: dict[str, Any] = {}
        self.metadata_received_s = 0.0
        self.settling = False
        self.exposure_began_s = 0.0
        self._launcher = Launcher(programs, env, machine, replace(RPICAM, encoder=encoder))
        self._process: CameraProcess | None = None
        self._arguments: list[str] = []  # of the running program, for `matches`; the tuning file as in the settings
        self._geometry: Geometry | None = None  # of what runs
        self._frame_s = 0.0  # duration of a frame of the running camera; 0: it is reconfigured for each still
        # Stills
        self._images = images
        self._folder = images  # where stills are written now
        self._extension = "jpg"  # of the file that completes a still
        self._closed: ClosedFiles | None = None
        self._requested = False
        self._requested_s = 0.0  # the exposure of the requested still begins then or later (monotonic)
        self._has_metadata = False  # of the newest still
        # Live frames and videos
        self._splitter = JpegSplitter()
        self._age = LiveFrameAge(0)
        self._avoid_libav = False  # it has just failed to encode: the next video is made without it

    @property
    def capabilities(self) -> Capabilities:
        """See Driver."""
        return self._launcher.capabilities

    @property
    def lag_s(self) -> float:
        """See Driver."""
        return lag_s(self._frame_s, self.metadata) if self._frame_s else 0.0

    @property
    def sensor_mode(self) -> str:
        """See Driver: the program uses the requested mode if the sensor has it."""
        return self._geometry.mode_name if self._geometry and self._geometry.mode else ""

    def list_cameras(self, index: int, interrupts: Sequence[int]) -> list[CameraInfo]:
        """See Driver."""
        return parse(self._launcher.list_cameras(index, interrupts))

    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        """Start rpicam-still in signal mode."""
        self.stop()
        located = with_tuning_path(settings)
        for name in settings.controls.keys() & RPICAM.refused.keys():
            logging.warning("%s is not set: %s", name, RPICAM.refused[name])
        if photo is None:
            arguments = snapshot_arguments(located, camera)
            self._begin(snapshot_arguments(settings, camera), snapshot_geometry(settings, camera))
            self._folder, self._extension = self._images, "jpg"
            self._frame_s = zsl_frame_s(settings) if settings.snapshot.zsl else 0.0
        else:
            arguments = photo_arguments(located, camera, photo.kind, photo.controls)
            self._begin([], photo_geometry(settings, camera, photo.kind))  # its controls match no settings
            self._folder = photo.folder
            self._extension = "dng" if photo.kind == "raw" else photo_extension(settings, photo.kind)
        self._closed = ClosedFiles(self._folder)
        self._process = self._launcher.start_still(arguments, self._folder)

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver: rpicam-still is ready when it has opened its camera."""
        assert self._process is not None
        deadline = time.monotonic() + timeout_s
        while not (ready := self._process.has_opened()) and time.monotonic() < deadline:
            self._closed_stills(READY_POLL_S, interrupts)
        return ready

    def request_still(self) -> None:
        """See Driver."""
        assert self._process is not None
        if not self._requested:
            self._requested, self._requested_s = True, time.monotonic() - self.lag_s
            self._process.child.send(signal.SIGUSR1)

    def wait_still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """See Driver: a still is complete when its file is closed."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if stills := self._closed_stills(left, interrupts):
                self._requested, self.exposure_began_s = False, self._requested_s
                path = self._folder / stills[0]
                if self._extension == "dng":  # the JPEG was closed before it
                    return Still(path.with_suffix(".jpg"), time.time(), path)
                return Still(path, time.time())
        return None

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> metadata.Metadata:
        """See Driver: rpicam-still writes the metadata after the still."""
        if not self._launcher.writes_metadata:
            return {}
        deadline = time.monotonic() + timeout_s
        while not self._has_metadata and (left := deadline - time.monotonic()) > 0:
            self._closed_stills(left, interrupts)
        return self.metadata if self._has_metadata else {}

    def idle(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """See Driver. Deletes a still whose request was given up."""
        deadline, before = time.monotonic() + timeout_s, self.metadata
        while self.metadata is before and (left := deadline - time.monotonic()) > 0:
            for name in self._closed_stills(left, interrupts):
                self._requested = False
                for path in (self._folder / name, (self._folder / name).with_suffix(".jpg")):  # beside a DNG
                    path.unlink(missing_ok=True)

    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        """Start rpicam-vid; its JPEGs come through a pipe, their metadata through another."""
        self.stop()
        arguments = live_arguments(with_tuning_path(settings), camera)
        self._begin(live_arguments(settings, camera), live_geometry(settings, camera))
        self._splitter, self._age = JpegSplitter(), LiveFrameAge(settings.live.buffer_count)
        self._frame_s = 1 / (live_framerate(settings) or DEFAULT_FRAMERATE)
        self._process = self._launcher.start_vid(arguments, self._images, metadata=True, stdout=subprocess.PIPE)
        widen_pipe(self._process.child.stdout)

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """See Driver. Raises CameraError when the program ends."""
        assert self._process is not None
        stdout = self._process.child.stdout
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            ready = self._wait(self._process, left, stdout, *interrupts)
            if stdout in ready:
                chunk = os.read(stdout, PIPE_BYTES)
                if not chunk:
                    raise self._error(self._process, interrupts)
                if frames := self._splitter.feed(chunk):
                    self.exposure_began_s = self._age.frames_read(
                        len(frames), self.lag_s, emptied=len(chunk) < PIPE_BYTES
                    )
                    return frames
            elif ready.intersection(interrupts):
                raise Interrupted
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
        """See Driver: SIGINT lets rpicam-vid finish its file.

        `seconds` becomes a number of frames: the time-out of rpicam-vid also counts the first frames, which are hidden.
        Only MJPEG videos have metadata: libav, which encodes bare H.264 on a Pi 5 too, would keep those of every frame
        in memory (encoder/libav_encoder.cpp, encode; output/output.cpp, Create and MetadataReady).
        """
        self.stop()
        libav, self._avoid_libav = self._launcher.has_libav(interrupts) and not self._avoid_libav, False
        container = choose_container(settings.files.video, libav, shutil.which("ffmpeg") is not None)
        self._begin([], video_geometry(settings, camera))
        arguments = video_arguments(with_tuning_path(settings), camera, stem, container, seconds)
        self._process = self._launcher.start_vid(
            arguments, folder, metadata=container.extension == "mjpeg", stop_signal=signal.SIGINT
        )
        return folder / f"{stem}.{container.extension}", container

    def wait_video(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver."""
        assert self._process is not None
        child = self._process.child
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            ready = self._wait(self._process, left, child.pidfd, *interrupts)
            if child.pidfd in ready:
                child.wait(1.0)
                if child.status:
                    raise self._error(self._process, interrupts)
                return True
            if ready.intersection(interrupts):
                raise Interrupted
        return False

    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        """See Driver."""
        if self._process is None or not self._arguments:
            return False
        if kind:
            return same_pictures(self._arguments, photo_arguments(settings, camera, kind))
        return self._arguments == (snapshot_arguments if self._closed else live_arguments)(settings, camera)

    def adjust(self, settings: Settings, camera: CameraInfo) -> bool:
        """See Driver: the camera programs take no commands while they run."""
        return False

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> bool:
        """See Driver. Deletes stills that the program has left incomplete."""
        status = 0
        if self._process is not None:
            status = self._process.stop(grace_s, interrupts)
            self._process = None
        if self._closed is not None:
            self._closed.close()
            self._closed = None
            with contextlib.suppress(OSError):  # the next stop tries again
                for path in self._folder.glob(STILL_PREFIX + "*"):
                    path.unlink(missing_ok=True)
        return status != -signal.SIGKILL

    def _begin(self, arguments: list[str], geometry: Geometry) -> None:
        self.metadata = {}
        self._arguments, self._geometry, self._requested, self._frame_s = arguments, geometry, False, 0.0

    def _wait(self, process: CameraProcess, timeout_s: float, *descriptors: int) -> set[int]:
        """Those of `descriptors` that are readable; it may return early. Takes metadata that came meanwhile."""
        ready, metadata = process.wait(timeout_s, *descriptors)
        self._take_metadata(metadata)
        return ready

    def _closed_stills(self, timeout_s: float, interrupts: Sequence[int]) -> list[str]:
        """Wait for an event; return the names of the stills whose files were closed, oldest first.

        Raises:
            Interrupted: one of `interrupts` is readable.
            CameraError: the program has ended, or the folder is gone.
        """
        assert self._process is not None
        assert self._closed is not None
        pidfd = self._process.child.pidfd
        ready = self._wait(self._process, timeout_s, self._closed.fd, pidfd, *interrupts)
        stills = []
        if self._closed.fd in ready:
            for name in self._closed.read():
                if name == METADATA_NAME:
                    self._read_metadata()
                    self._has_metadata = True
                elif name.startswith(STILL_PREFIX) and name.endswith(self._extension):
                    stills.append(name)
                    self._has_metadata = False
        if stills:
            return stills
        if pidfd in ready:
            raise self._error(self._process, interrupts)
        if ready.intersection(interrupts):
            raise Interrupted
        return stills

    def _read_metadata(self) -> None:
        try:
            raw = (self._folder / METADATA_NAME).read_bytes()
        except OSError as error:
            logging.debug("metadata not readable: %s", error)
            return
        self._take_metadata(metadata.from_json(raw))

    def _take_metadata(self, new: metadata.Metadata | None) -> None:
        """Make `new` the newest metadata, with ScalerCrop as in settings: before any flip."""
        if new is None:
            return
        crop = new.get("ScalerCrop")
        if self._geometry and isinstance(crop, list) and len(crop) == 4:
            new["ScalerCrop"] = list(self._geometry.flip(crop))
        self.metadata, self.metadata_received_s = new, time.monotonic()

    def _error(self, process: CameraProcess, interrupts: Sequence[int]) -> CameraError:
        """See Launcher.error."""
        error = self._launcher.error(process, interrupts)
        if error.cause == "encoder":
            self._avoid_libav = True
        return error
