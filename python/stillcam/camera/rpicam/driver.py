"""The rpicam driver: rpicam-still and rpicam-vid (libcamera-* on older systems) as child processes.

A signal is a request, never a count: the one proof of a capture is a closed file. So there
is never a second SIGUSR1 before the first one's file has come or its time is over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stillcam.camera import metadata
from stillcam.camera.driver import Container, Interrupted, Shoot, Still
from stillcam.camera.frame_age import StreamAge, lag_s
from stillcam.camera.machine_lock import LIST_WAIT_S, MACHINE, OPEN_WAIT_S, MachineLock
from stillcam.camera.rpicam.errors import failure
from stillcam.camera.rpicam.listing import parse
from stillcam.camera.rpicam.metadata_pipe import MetadataPipe
from stillcam.camera.rpicam.older import Older, unrecognised
from stillcam.camera.rpicam.options import (
    METADATA_NAME,
    live_arguments,
    photo_arguments,
    same_pictures,
    snapshot_arguments,
    video_arguments,
)
from stillcam.camera.rpicam.programs import PIPE_BYTES, Programs, has_libav, said_by, widen
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
from stillcam.common.child_process import TERM_GRACE_S, ChildProcess, wait_readable
from stillcam.common.errors import CameraError
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import Cutter
from stillcam.settings.capabilities import RPICAM, Abilities, Camera
from stillcam.settings.encoder import Encoder
from stillcam.settings.geometry import mirrored
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path

_READY_POLL_S = 0.01
_ABOUT_S = 0.05  # how often metadata of a stream are looked for


class Rpicam:
    """Drives the camera programs.

    Args:
        programs: how to call them.
        images: the folder that snapshots are written to.
        env: the environment of the programs; None: this process's own.
        name: the driver's name in status and logs.
        machine: the folder that stands for the machine, see `MachineLock`.
        encoder: the board's, see `Abilities`.
    """

    awaits_focus = False

    def __init__(
        self,
        programs: Programs,
        images: Path,
        env: Mapping[str, str] | None = None,
        name: str = "rpicam",
        machine: Path = MACHINE,
        encoder: Encoder | None = None,
    ) -> None:
        self.name = name
        self.metadata: dict[str, Any] = {}
        self.told_s = 0.0
        self.settling = False
        self.began_s = 0.0
        self._asked_s = 0.0  # the exposure of the requested still begins then or later (monotonic)
        self._age = StreamAge(0)
        self._frame_s = 0.0  # duration of a frame of the running camera; 0: it is restarted for each still
        self._programs = programs
        self._images = images
        self._env = env
        self._machine = machine
        self._opening: MachineLock | None = None  # held until the program has opened its camera
        self._program: ChildProcess | None = None
        self._closed: ClosedFiles | None = None
        self._cutter = Cutter()
        self._running: list[str] = []  # the arguments that settings and camera gave
        self._geometry: Geometry | None = None
        self._requested = False
        self._told = False  # the metadata are those of the still that came last
        self._folder = images  # where stills are written now
        self._extension = "jpg"  # of the file that a still is complete with
        self._about: MetadataPipe | None = None
        self._end = signal.SIGTERM  # what ends the program
        self._has_libav: bool | None = None  # not asked yet
        self._avoids_libav = False  # it has just failed to encode: the next video is made without it
        self._older = Older(replace(RPICAM, encoder=encoder))

    @property
    def abilities(self) -> Abilities:
        """See Driver."""
        return self._older.abilities

    @property
    def lag_s(self) -> float:
        """See Driver."""
        return lag_s(self._frame_s, self.metadata) if self._frame_s else 0.0

    @property
    def sensor_mode(self) -> str:
        """See Driver: the program takes the mode that it is asked for where the sensor has it."""
        return self._geometry.mode_name if self._geometry and self._geometry.mode else ""

    @property
    def pid(self) -> int | None:
        """The process id of the camera program; None while there is none."""
        return self._program.pid if self._program else None

    def cameras(self, index: int, interrupts: Sequence[int]) -> list[Camera]:
        """See Driver. Raises CameraError when the program cannot be run, fails, or does not answer.

        The program resets the HDR mode of the camera that it is given, of the first one if it is given none.
        """
        arguments = ["--list-cameras", f"--camera={index}"]
        with MachineLock(self._machine, shared=False, timeout_s=LIST_WAIT_S, interrupts=interrupts):
            try:
                listing = self._start(self._programs.still, [*arguments, "--verbose=2"], subprocess.PIPE)
                said, complained = said_by(listing, interrupts)
            except CameraError as error:
                if error.cause != "options":
                    raise
                listing = self._start(self._programs.still, arguments, subprocess.PIPE)
                said, complained = said_by(listing, interrupts)
        return parse(said) or parse(complained)  # libcamera-still of 2022 prints the list on stderr

    def start_stills(self, settings: Settings, camera: Camera, shoot: Shoot | None = None) -> None:
        """Start rpicam-still in signal mode."""
        self.stop()
        located = with_tuning_path(settings)
        for name in settings.controls.keys() & RPICAM.refused.keys():
            logging.warning("%s is not set: %s", name, RPICAM.refused[name])
        if shoot is None:
            arguments = snapshot_arguments(located, camera)
            self._begin(snapshot_arguments(settings, camera), snapshot_geometry(settings, camera))
            self._folder, self._extension = self._images, "jpg"
            self._frame_s = zsl_frame_s(settings) if settings.snapshot.zsl else 0.0
        else:
            arguments = photo_arguments(located, camera, shoot.kind, shoot.found)
            self._begin([], photo_geometry(settings, camera, shoot.kind))  # it begins with what was found: fits nothing
            self._folder = shoot.folder
            self._extension = "dng" if shoot.kind == "raw" else photo_extension(settings, shoot.kind)
        self._closed = ClosedFiles(self._folder)
        self._open(lambda: self._start(self._programs.still, arguments))

    def ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver: rpicam-still is ready when it handles SIGUSR1."""
        assert self._program is not None
        deadline = time.monotonic() + timeout_s
        while not (ready := self._has_opened()) and time.monotonic() < deadline:
            self._closed_files(_READY_POLL_S, interrupts)
        return ready

    def request(self) -> None:
        """See Driver."""
        assert self._program is not None
        if not self._requested:
            self._asked_s = time.monotonic() - self.lag_s
            self._program.send(signal.SIGUSR1)
            self._requested = True

    def still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """See Driver: a still has come when its file has been closed."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if stills := self._closed_files(left, interrupts):
                self._requested, self.began_s = False, self._asked_s
                path = self._folder / stills[0]
                if self._extension == "dng":  # the JPEG was closed before it
                    return Still(path.with_suffix(".jpg"), time.time(), path)
                return Still(path, time.time())
        return None

    def described(self, timeout_s: float, interrupts: Sequence[int]) -> metadata.Metadata:
        """See Driver: the metadata's file is written behind the still's."""
        if self._older.lacks(_name(self._programs.still), "--metadata"):
            return {}
        deadline = time.monotonic() + timeout_s
        while not self._told and (left := deadline - time.monotonic()) > 0:
            self._closed_files(left, interrupts)
        return self.metadata if self._told else {}

    def rest(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """See Driver. A still that nobody here asked for is deleted: it would be litter."""
        deadline, before = time.monotonic() + timeout_s, self.metadata
        while self.metadata is before and (left := deadline - time.monotonic()) > 0:
            for name in self._closed_files(left, interrupts):
                self._requested = False
                for path in (self._folder / name, (self._folder / name).with_suffix(".jpg")):  # beside a DNG
                    path.unlink(missing_ok=True)

    def start_stream(self, settings: Settings, camera: Camera) -> None:
        """Start rpicam-vid; its JPEGs come through a pipe, what it says of them through another."""
        self.stop()
        arguments = live_arguments(with_tuning_path(settings), camera)
        self._begin(live_arguments(settings, camera), live_geometry(settings, camera))
        self._cutter, self._age = Cutter(), StreamAge(settings.live.buffer_count)
        self._frame_s = 1 / (live_framerate(settings) or DEFAULT_FRAMERATE)
        self._open(lambda: self._start_telling(arguments, subprocess.PIPE))
        assert self._program is not None
        widen(self._program.stdout)

    def frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """See Driver. Raises CameraError when the program ends."""
        assert self._program is not None
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            ready = self._readable(left, self._program.stdout, *interrupts)
            if self._program.stdout in ready:
                chunk = os.read(self._program.stdout, PIPE_BYTES)
                if not chunk:
                    raise self._ended(self._program, interrupts)
                if frames := self._cutter.feed(chunk):
                    self.began_s = self._age.read(len(frames), self.lag_s, emptied=len(chunk) < PIPE_BYTES)
                    return frames
            elif ready.intersection(interrupts):
                raise Interrupted
        return []

    def record(
        self,
        settings: Settings,
        camera: Camera,
        folder: Path,
        stem: str,
        seconds: int | None,
        interrupts: Sequence[int] = (),
    ) -> tuple[Path, Container]:
        """See Driver: SIGINT lets rpicam-vid finish its file.

        A video of so many seconds is one of so many frames: the time-out of rpicam-vid runs while the first frames are
        hidden. It tells of its frames only in MJPEG. What libav encodes, on a Pi 5 bare H.264 too, never reaches what
        writes metadata, which would keep those of every frame in memory (encoder/libav_encoder.cpp, encode;
        output/output.cpp, Create and MetadataReady).
        """
        self.stop()
        if self._has_libav is None:
            self._has_libav = has_libav(lambda option: self._told_by_vid(option, interrupts))
        libav, self._avoids_libav = self._has_libav and not self._avoids_libav, False
        form = choose_container(settings.files.video, libav, shutil.which("ffmpeg") is not None)
        self._begin([], video_geometry(settings, camera))
        self._folder, self._end = folder, signal.SIGINT
        arguments = video_arguments(with_tuning_path(settings), camera, stem, form, seconds)
        tells = form.extension == "mjpeg"
        self._open(lambda: self._start_telling(arguments) if tells else self._start(self._programs.vid, arguments))
        return folder / f"{stem}.{form.extension}", form

    def recorded(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver."""
        assert self._program is not None
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            ready = self._readable(left, self._program.pidfd, *interrupts)
            if self._program.pidfd in ready:
                self._program.wait(1.0)
                if self._program.status:
                    raise self._ended(self._program, interrupts)
                return True
            if ready.intersection(interrupts):
                raise Interrupted
        return False

    def fits(self, settings: Settings, camera: Camera, kind: str | None = None) -> bool:
        """See Driver."""
        if self._program is None or not self._running:
            return False
        if kind:
            return same_pictures(self._running, photo_arguments(settings, camera, kind))
        return self._running == (snapshot_arguments if self._closed else live_arguments)(settings, camera)

    def adjust(self, settings: Settings, camera: Camera) -> bool:
        """See Driver: the camera programs take no commands while they run."""
        return False

    def stop(self, patience_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> bool:
        """End the camera program and delete what it left half-written of stills."""
        status = 0
        if self._program is not None:
            status = self._program.stop(self._end, patience_s, interrupts)
            self._program = None
        self._end = signal.SIGTERM
        if self._opening is not None:
            self._opening.close()
            self._opening = None
        if self._about is not None:
            self._about.close()
            self._about = None
        if self._closed is not None:
            self._closed.close()
            self._closed = None
            with contextlib.suppress(OSError):  # a folder that cannot be read now is swept at the next end
                for litter in self._folder.glob(STILL_PREFIX + "*"):
                    litter.unlink(missing_ok=True)
        return status != -signal.SIGKILL

    def _begin(self, arguments: list[str], geometry: Geometry) -> None:
        self.metadata = {}
        self._running, self._geometry, self._requested, self._frame_s = arguments, geometry, False, 0.0

    def _start(
        self,
        call: tuple[str, ...],
        arguments: list[str],
        stdout: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> ChildProcess:
        name = _name(call)
        argv = [*call, *self._older.spoken_to(name, arguments)]
        return ChildProcess(name, argv, self._folder, self._env, stdout, pass_fds)

    def _start_telling(self, arguments: list[str], stdout: int = subprocess.DEVNULL) -> ChildProcess:
        """Start rpicam-vid with a pipe for its metadata."""
        self._about = MetadataPipe()
        try:
            arguments = arguments + self._about.arguments
            return self._start(self._programs.vid, arguments, stdout, (self._about.theirs,))
        finally:
            self._about.handed_over()

    def _open(self, start: Callable[[], ChildProcess]) -> None:
        """Start the program that opens the camera, while no cameras are listed."""
        self._opening = MachineLock(self._machine, shared=True, timeout_s=OPEN_WAIT_S)
        self._program = start()

    def _has_opened(self) -> bool:
        """Whether the program has its camera: it then handles SIGUSR1. From there on others may list cameras."""
        assert self._program is not None
        if opened := self._program.catches(signal.SIGUSR1):
            if self._opening is not None:
                self._opening.close()
            self._opening = None
        return opened

    def _readable(self, timeout_s: float, *descriptors: int) -> set[int]:
        """Those of `descriptors` that are readable, or none before the time is over; metadata that came are read.

        rpicam-vid writes a line at a time, some forty for a frame (output/output.cpp, write_metadata:
        std::endl): they are looked for now and then, and wake nobody.
        """
        if self._opening is not None and not self._has_opened():
            timeout_s = min(timeout_s, _READY_POLL_S)
        if self._about is None:
            return wait_readable(timeout_s, *descriptors)
        ready = wait_readable(min(timeout_s, _ABOUT_S), *descriptors)
        if wait_readable(0.0, self._about.fd):
            self._described(self._about.read())
        return ready

    def _closed_files(self, timeout_s: float, interrupts: Sequence[int]) -> list[str]:
        """Wait for something to happen, and return the names of the stills that were closed, oldest first.

        Raises:
            Interrupted: one of `interrupts` is readable.
            CameraError: the program has ended, or the images folder is gone.
        """
        assert self._program is not None
        assert self._closed is not None
        ready = self._readable(timeout_s, self._closed.fd, self._program.pidfd, *interrupts)
        stills = []
        if self._closed.fd in ready:
            for name in self._closed.read():
                if name == METADATA_NAME:
                    self._read_metadata()
                    self._told = True
                elif name.startswith(STILL_PREFIX) and name.endswith(self._extension):
                    stills.append(name)
                    self._told = False
        if stills:
            return stills
        if self._program.pidfd in ready:
            raise self._ended(self._program, interrupts)
        if ready.intersection(interrupts):
            raise Interrupted
        return stills

    def _read_metadata(self) -> None:
        try:
            raw = (self._folder / METADATA_NAME).read_bytes()
        except OSError as error:
            logging.debug("metadata not readable: %s", error)
            return
        self._described(metadata.from_json(raw))

    def _described(self, content: metadata.Metadata | None) -> None:
        """Take what the camera says; its crop as settings have it, in the picture before any flip."""
        if content is None:
            return
        crop = content.get("ScalerCrop")
        if self._geometry and isinstance(crop, list) and len(crop) == 4:
            content["ScalerCrop"] = list(mirrored(crop, self._geometry.flips, self._geometry.view))
        self.metadata, self.told_s = content, time.monotonic()

    def _ended(self, program: ChildProcess, interrupts: Sequence[int]) -> CameraError:
        """Why it has ended. Raises Interrupted, and may then be asked again."""
        program.wait(1.0)  # its output may end a moment before itself
        if option := unrecognised(program.stderr):
            call = next(call for call in (self._programs.still, self._programs.vid) if _name(call) == program.name)
            help_text = ""
            with contextlib.suppress(CameraError):
                help_text, _ = said_by(self._start(call, ["--help"], subprocess.PIPE), interrupts)
            self._older.learn(program.name, option, program.argv, help_text)
        status = program.stop(interrupts=interrupts)
        error = failure(program.name, status, program.stderr)
        if error.cause == "encoder":
            self._avoids_libav = True
        return error

    def _told_by_vid(self, option: str, interrupts: Sequence[int]) -> str:
        return said_by(self._start(self._programs.vid, [option], subprocess.PIPE), interrupts)[0]


def _name(call: tuple[str, ...]) -> str:
    """A camera program's name."""
    return os.path.basename(call[-1])
