"""The rpicam driver: rpicam-still and rpicam-vid (libcamera-* on older systems) as child processes.

A signal is a request, never a count: only a closed file proves a capture. So there is never a second SIGUSR1 before
the file of the first one is closed or its time is over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from stillcam.camera import metadata
from stillcam.camera.driver import Driver, Interrupted, PhotoRequest, Still
from stillcam.camera.machine_lock import LIST_TIMEOUT_S, LIST_WAIT_S, MACHINE, OPEN_WAIT_S, MachineLock
from stillcam.camera.rpicam.errors import UnsupportedOptions, failure, unrecognised_option
from stillcam.camera.rpicam.listing import parse
from stillcam.camera.rpicam.listing_cache import ListingCache
from stillcam.camera.rpicam.options import (
    METADATA_NAME,
    same_pictures,
    still_arguments,
    stream_arguments,
    takes_photos,
    video_arguments,
)
from stillcam.camera.rpicam.process import ClosedFiles, MetadataPipe, Programs, has_libav, name_of
from stillcam.camera.use_cases import ZSL_FRAME_S, Container, choose_container, photo_extension
from stillcam.common.child_process import ChildProcess, find_program, wait_readable, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.frames.files import STILL_PREFIX
from stillcam.settings.capabilities import RPICAM, CameraInfo
from stillcam.settings.encoder import EncoderLimits
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path

OPENED_POLL_S = 0.01
METADATA_POLL_S = 0.05


class Rpicam(Driver):
    """Drives the camera programs.

    Args:
        programs: how to call them.
        images: see Driver.
        env: the environment of the programs; None: this process's own.
        name: the driver's name in status and logs.
        machine: the folder that stands for the machine, see MachineLock.
        encoder: the board's, see Capabilities.
        cache: of the list of cameras.
    """

    def __init__(
        self,
        programs: Programs,
        images: Path,
        env: Mapping[str, str] | None = None,
        name: str = "rpicam",
        machine: Path = MACHINE,
        encoder: EncoderLimits | None = None,
        cache: ListingCache | None = None,
    ) -> None:
        super().__init__(images, replace(RPICAM, encoder=encoder))
        self.name = name
        self._programs, self._env, self._machine, self._cache = programs, env, machine, cache
        self._unsupported = UnsupportedOptions(self.capabilities)
        self._has_libav: bool | None = None  # whether rpicam-vid can write MP4 and MPEG-TS; None: not asked yet
        self._child: ChildProcess | None = None  # while a program runs
        self._lock: MachineLock | None = None  # until it has opened its camera
        self._pipe: MetadataPipe | None = None
        self._arguments: list[str] = []  # of snapshots and the live view, the tuning file as in the settings
        self._extension = "jpg"  # of the file that completes a still
        self._closed: ClosedFiles | None = None  # while stills are captured
        self._has_metadata = False  # of the newest still
        self._avoid_libav = False  # it has just failed to encode: the next video is made without it
        self._avoid_zsl = False  # there is not enough memory to take photos so
        self._streams = False  # the program writes JPEGs to its standard output

    def list_cameras(self, index: int, interrupts: Sequence[int], *, beside: bool = False) -> list[CameraInfo]:
        # It resets the HDR mode of that camera, by default of the first one.
        arguments = ["--list-cameras", f"--camera={index}", "--verbose=2"]
        wait_s = 0.0 if beside else LIST_WAIT_S
        with MachineLock(self._machine, shared=False, timeout_s=wait_s, interrupts=interrupts, required=beside):
            text = self._output(self._programs.still, arguments, interrupts)
        cameras = parse(text)
        if self._cache and not any(camera.held for camera in cameras):
            self._cache.write(text)
        return cameras

    def remembered_cameras(self) -> list[CameraInfo]:
        return parse(self._cache.read()) if self._cache else []

    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        self.stop()
        located = with_tuning_path(settings)
        for name in settings.controls.keys() & RPICAM.refused.keys():
            logging.warning("%s is not set: %s", name, RPICAM.refused[name])
        use, controls = (photo.kind, photo.controls) if photo else ("snapshot", {})
        self._begin(use, settings, camera, photo.folder if photo else None)
        self._arguments = still_arguments(settings, camera, use)
        self._extension = "dng" if use == "raw" else photo_extension(settings, use)
        arguments = still_arguments(located, camera, use, controls)
        if photo and "--zsl" in arguments:
            self._frame_s = ZSL_FRAME_S
            if self._avoid_zsl:
                arguments.remove("--zsl")
                self._frame_s = 0.0
        self._closed = ClosedFiles(self._folder)
        self._open(self._programs.still, arguments, self._folder)

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        return self._wait_until(self._has_opened, timeout_s, interrupts)

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> metadata.Metadata:
        """See Driver: rpicam-still writes the metadata after the still."""
        writes = self._unsupported.supports(name_of(self._programs.still), "--metadata")
        came = writes and self._wait_until(lambda: self._has_metadata, timeout_s, interrupts)
        return self.metadata if came else {}

    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        """See Driver: the JPEGs of rpicam-vid come through a pipe, their metadata through another."""
        self._start_stream("live", settings, camera)

    def start_video_frames(self, settings: Settings, camera: CameraInfo) -> None:
        """See Driver: as the live view, with the configuration of videos."""
        self._start_stream("video", settings, camera)

    def start_video(
        self, settings: Settings, camera: CameraInfo, stem: Path, seconds: int | None, interrupts: Sequence[int] = ()
    ) -> tuple[Path, Container]:
        """See Driver.

        `seconds` becomes a number of frames: the time-out of rpicam-vid also counts the first frames, which are hidden.
        Only MJPEG videos have metadata: libav, which encodes bare H.264 on a Pi 5 too, would keep those of every frame
        in memory (encoder/libav_encoder.cpp, encode; output/output.cpp, Create and MetadataReady).
        """
        self.stop()
        if self._has_libav is None:
            self._has_libav = has_libav(lambda option: self._output(self._programs.vid, [option], interrupts))
        libav, self._avoid_libav = self._has_libav and not self._avoid_libav, False
        container = choose_container(settings.files.video, libav, find_program("ffmpeg") is not None)
        self._begin("video", settings, camera)
        arguments = video_arguments(with_tuning_path(settings), camera, stem.name, container, seconds)
        self._open(self._programs.vid, arguments, stem.parent, metadata=container.extension == "mjpeg")
        return stem.with_name(f"{stem.name}.{container.extension}"), container

    @property
    def stderr(self) -> Sequence[str]:
        return self._child.stderr if self._child else ()

    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        if self._use not in ("snapshot", "live"):
            return False
        use = kind or self._use
        arguments = stream_arguments(settings, camera, use) if use == "live" else still_arguments(settings, camera, use)
        return (takes_photos if use in ("photo", "raw") else same_pictures)(self._arguments, arguments)

    @property
    def _running(self) -> ChildProcess:
        assert self._child is not None
        return self._child

    @property
    def _stdout(self) -> int:
        return self._running.stdout

    def _send_request(self, small: bool) -> None:
        if self._lock is None:
            self._running.send(signal.SIGUSR1)
        else:  # an earlier signal would be lost
            self._has_opened()

    def _has_opened(self) -> bool:
        """Whether the program has opened its camera: it then handles SIGUSR1. Other daemons may list cameras again."""
        if self._lock and self._running.catches(signal.SIGUSR1):
            self._lock.close()
            self._lock = None
            if self._requested:
                self._running.send(signal.SIGUSR1)
        return self._lock is None

    def _wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> set[int]:
        """See Driver.

        rpicam-vid writes metadata line by line, some forty lines a frame (output/output.cpp, write_metadata:
        std::endl): they are polled, so that they do not end the wait.
        """
        child, closed = self._running, self._closed.fd if self._closed else -1
        longest_s = OPENED_POLL_S if not self._has_opened() else METADATA_POLL_S if self._pipe else timeout_s
        ready = wait_readable(min(timeout_s, longest_s), closed, child.pidfd, *more, *interrupts)
        if self._pipe and (new := self._pipe.read()):
            self._take_metadata(new)
        if (closed in ready and self._read_closed()) or ready.intersection(more):
            return ready.intersection(more)
        if child.pidfd in ready:
            child.wait(1.0)
            if self._use != "video" or self._streams or child.status:
                self._raise_exit(interrupts)
            self._finished = True
        elif ready.intersection(interrupts):
            raise Interrupted
        return set()

    def _read_closed(self) -> bool:
        """Read the names of closed files; return whether there is a still, or new metadata."""
        assert self._closed is not None
        described = False
        for name in self._closed.read():
            if name == METADATA_NAME:
                self._read_metadata(self._folder / name)
                described = True
            elif name.startswith(STILL_PREFIX) and name.endswith(self._extension):
                path = self._folder / name
                raw = path if self._extension == "dng" else None  # its JPEG was closed before it
                self._stills.append(Still(path.with_suffix(".jpg") if raw else path, time.time(), raw))
                self._has_metadata = False
        return described or bool(self._stills)

    def _read_metadata(self, path: Path) -> None:
        self._has_metadata = True
        try:
            new = metadata.from_json(path.read_bytes())
        except OSError as error:
            logging.debug("metadata not readable: %s", error)
            return
        if new is not None:
            self._take_metadata(new)

    def _raise_exit(self, interrupts: Sequence[int]) -> NoReturn:
        """See Driver. If an unsupported option was the reason, later starts leave it out."""
        child = self._running
        child.wait(1.0)  # its output may end a moment before itself
        if option := unrecognised_option(child.stderr):
            call = next(call for call in (self._programs.still, self._programs.vid) if name_of(call) == child.name)
            help_text = ""
            with contextlib.suppress(CameraError):
                help_text = self._output(call, ["--help"], interrupts)
            self._unsupported.add(child.name, option, child.argv, help_text)
            self.capabilities = self._unsupported.capabilities
        self._release()
        error = failure(child.name, child.stop(interrupts=interrupts), child.stderr)
        self._avoid_libav = self._avoid_libav or error.cause == "encoder"
        if error.cause == "short" and self._use in ("photo", "raw") and "--zsl" in child.argv:
            logging.warning("not enough contiguous memory for photos with zero shutter lag: taking them without")
            self._avoid_zsl = True
        raise error

    def _end(self, grace_s: float, interrupts: Sequence[int]) -> bool:
        status = 0
        if self._child is not None:
            # SIGINT lets rpicam-vid finish the file of a video.
            finishes = self._use == "video" and not self._streams
            status = self._child.stop(signal.SIGINT if finishes else signal.SIGTERM, grace_s, interrupts)
            self._child = None
        self._streams = False
        self._release()
        if self._closed is not None:
            self._closed.close()
            self._closed = None
        return status != -signal.SIGKILL

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
        if self._pipe:
            self._pipe.close()
        self._lock = self._pipe = None

    def _start_stream(self, use: str, settings: Settings, camera: CameraInfo) -> None:
        self.stop()
        arguments = stream_arguments(with_tuning_path(settings), camera, use)
        self._begin(use, settings, camera)
        self._arguments, self._streams = stream_arguments(settings, camera, use), True
        self._open(self._programs.vid, arguments, self._images, metadata=True, stdout=subprocess.PIPE)
        widen_pipe(self._stdout)

    def _open(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        *,
        metadata: bool = False,
        stdout: int = subprocess.DEVNULL,
    ) -> None:
        """Start a program in `folder`, which opens its camera under the machine's lock.

        Args:
            metadata: whether it writes the metadata of its frames to a pipe.
        """
        self._lock = MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S)
        try:
            if not metadata:
                self._child = self._start(call, arguments, folder, stdout)
                return
            self._pipe = MetadataPipe()
            with os.fdopen(self._pipe.write_end, "wb"):
                argv = [*arguments, *self._pipe.arguments]
                self._child = self._start(call, argv, folder, stdout, (self._pipe.write_end,))
        except BaseException:
            self._release()
            raise

    def _start(
        self,
        call: tuple[str, ...],
        arguments: Sequence[str],
        folder: Path,
        stdout: int,
        pass_fds: Sequence[int] = (),
    ) -> ChildProcess:
        argv = [*call, *self._unsupported.remove(name_of(call), arguments)]
        return ChildProcess(name_of(call), argv, folder, self._env, stdout, pass_fds)

    def _output(self, call: tuple[str, ...], arguments: Sequence[str], interrupts: Sequence[int]) -> str:
        """What a program prints on stdout before it ends by itself.

        Raises:
            CameraError: it cannot be started, fails, or hangs.
            Interrupted: one of `interrupts` became readable.
        """
        output = bytearray()
        deadline = time.monotonic() + LIST_TIMEOUT_S
        with self._start(call, arguments, Path("/"), subprocess.PIPE) as child:
            while ready := wait_readable(deadline - time.monotonic(), child.stdout, *interrupts):
                if child.stdout not in ready:
                    child.stop(grace_s=0.0)  # it has nothing to lose
                    raise Interrupted
                if not (chunk := os.read(child.stdout, 65536)):
                    break
                output += chunk
            else:
                raise CameraError("stalled", f"{child.name} does not answer: restart the Pi")
            child.wait(1.0)
            if child.status:
                raise failure(child.name, child.status, child.stderr)
            return output.decode(errors="replace")
