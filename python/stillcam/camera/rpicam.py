"""The rpicam driver: rpicam-still and rpicam-vid (libcamera-* on older systems) as child processes.

A signal is a request, never a count: the one proof of a capture is a closed file. So there
is never a second SIGUSR1 before the first one's file has come or its time is over.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inotify_simple import INotify, flags

from stillcam.camera import metadata
from stillcam.camera.arguments import (
    METADATA_NAME,
    Scene,
    still_arguments,
    still_scene,
    stream_arguments,
    stream_scene,
)
from stillcam.camera.driver import Camera, Interrupted, Still
from stillcam.camera.failures import failure
from stillcam.camera.geometry import mirrored
from stillcam.camera.listing import parse
from stillcam.camera.program import Program
from stillcam.camera.tuning import with_tuning_path
from stillcam.errors import CameraError
from stillcam.frames import WORK_PREFIX
from stillcam.jpeg import Cutter
from stillcam.settings import Settings

LIST_TIMEOUT_S = 20.0
_READY_POLL_S = 0.01
_PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Programs:
    """How to call the camera programs: each the beginning of a command line."""

    still: tuple[str, ...]
    vid: tuple[str, ...]


def find_programs(path: str | None) -> Programs | None:
    """rpicam-still and rpicam-vid, else libcamera-still and libcamera-vid, on `path` (as in PATH); None without."""
    for family in ("rpicam", "libcamera"):
        if still := shutil.which(f"{family}-still", path=path):
            return Programs((still,), (shutil.which(f"{family}-vid", path=path) or f"{family}-vid",))
    return None


class Rpicam:
    """Drives the camera programs.

    Args:
        programs: how to call them.
        images: the folder that stills are written to.
        env: the environment of the programs; None: this process's own.
        name: the driver's name in status and logs.
    """

    def __init__(
        self, programs: Programs, images: Path, env: Mapping[str, str] | None = None, name: str = "rpicam"
    ) -> None:
        self.name = name
        self.metadata: dict[str, Any] = {}
        self._programs = programs
        self._images = images
        self._env = env
        self._program: Program | None = None
        self._inotify: INotify | None = None
        self._cutter = Cutter()
        self._running: list[str] = []  # the arguments that settings and camera gave
        self._scene: Scene | None = None
        self._requested = False
        self._about = -1  # the descriptor that the stream's metadata come from
        self._txt = metadata.TxtReader()

    @property
    def pid(self) -> int | None:
        """The process id of the camera program; None while there is none."""
        return self._program.pid if self._program else None

    def cameras(self, interrupts: Sequence[int]) -> list[Camera]:
        """See Driver. Raises CameraError when the program cannot be run, fails, or does not answer."""
        with self._start(self._programs.still, ["--list-cameras", "--verbose=2"], stdout=subprocess.PIPE) as program:
            listing = bytearray()
            deadline = time.monotonic() + LIST_TIMEOUT_S
            while ready := _readable(deadline - time.monotonic(), program.stdout, *interrupts):
                if program.stdout not in ready:
                    raise Interrupted
                if not (chunk := os.read(program.stdout, 65536)):
                    break
                listing += chunk
            else:
                raise CameraError("stalled", f"{program.name} --list-cameras does not answer: restart the Pi")
            program.wait(1.0)
            if program.status:
                raise failure(program.name, program.status, program.stderr)
            # libcamera-still of 2022 prints the list on stderr.
            return parse(listing.decode(errors="replace")) or parse("\n".join(program.stderr))

    def start_stills(self, settings: Settings, camera: Camera) -> None:
        """Start rpicam-still in signal mode."""
        self.stop()
        arguments = still_arguments(with_tuning_path(settings), camera)
        self._begin(still_arguments(settings, camera), still_scene(settings, camera))
        self._inotify = INotify()
        try:
            self._inotify.add_watch(self._images, flags.CLOSE_WRITE | flags.DELETE_SELF | flags.MOVE_SELF)
        except OSError as error:
            raise CameraError(
                "disk", f"cannot watch {self._images} ({error.strerror}): make the folder again"
            ) from error
        self._program = self._start(self._programs.still, arguments)

    def ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver: rpicam-still is ready when it handles SIGUSR1."""
        assert self._program is not None
        deadline = time.monotonic() + timeout_s
        while not (ready := self._program.catches(signal.SIGUSR1)) and time.monotonic() < deadline:
            self._closed_files(_READY_POLL_S, interrupts)
        return ready

    def request(self) -> None:
        """See Driver."""
        assert self._program is not None
        if not self._requested:
            self._program.send(signal.SIGUSR1)
            self._requested = True

    def still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """See Driver: a still has come when its file has been closed."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if stills := self._closed_files(left, interrupts):
                self._requested = False
                return Still(self._images / stills[0], time.time())
        return None

    def rest(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """See Driver. A still that nobody here asked for is deleted: it would be litter."""
        deadline, before = time.monotonic() + timeout_s, self.metadata
        while self.metadata is before and (left := deadline - time.monotonic()) > 0:
            for name in self._closed_files(left, interrupts):
                (self._images / name).unlink(missing_ok=True)

    def start_stream(self, settings: Settings, camera: Camera) -> None:
        """Start rpicam-vid; its JPEGs come through a pipe, what it says of them through another."""
        self.stop()
        arguments = stream_arguments(with_tuning_path(settings), camera)
        self._begin(stream_arguments(settings, camera), stream_scene(settings, camera))
        self._cutter, self._txt = Cutter(), metadata.TxtReader()
        self._about, theirs = os.pipe()
        try:
            about = ["--metadata", f"/proc/self/fd/{theirs}", "--metadata-format", "txt"]
            self._program = self._start(self._programs.vid, arguments + about, subprocess.PIPE, (theirs,))
        finally:
            os.close(theirs)
        fcntl.fcntl(self._program.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """See Driver. Raises CameraError when the program ends."""
        assert self._program is not None
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            ready = _readable(left, self._program.stdout, self._about, *interrupts)
            if self._about in ready:
                self._read_about()
            if self._program.stdout in ready:
                chunk = os.read(self._program.stdout, _PIPE_BYTES)
                if not chunk:
                    raise self._ended(self._program)
                if frames := self._cutter.feed(chunk):
                    return frames
            elif ready.intersection(interrupts):
                raise Interrupted
        return []

    def fits(self, settings: Settings, camera: Camera) -> bool:
        """See Driver."""
        if self._program is None:
            return False
        return self._running == (still_arguments if self._inotify else stream_arguments)(settings, camera)

    def stop(self) -> None:
        """End the camera program and delete what it left half-written."""
        if self._program is not None:
            self._program.stop()
            self._program = None
        if self._about >= 0:
            os.close(self._about)
            self._about = -1
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
            for litter in self._images.glob(WORK_PREFIX + "*"):
                litter.unlink(missing_ok=True)

    def _begin(self, arguments: list[str], scene: Scene) -> None:
        self.metadata = {}
        self._running, self._scene, self._requested = arguments, scene, False

    def _start(
        self,
        call: tuple[str, ...],
        arguments: list[str],
        stdout: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> Program:
        return Program(os.path.basename(call[-1]), [*call, *arguments], self._images, self._env, stdout, pass_fds)

    def _closed_files(self, timeout_s: float, interrupts: Sequence[int]) -> list[str]:
        """Wait for something to happen, and return the names of the stills that were closed, oldest first.

        Raises:
            Interrupted: one of `interrupts` is readable.
            CameraError: the program has ended, or the images folder is gone.
        """
        assert self._program is not None
        assert self._inotify is not None
        ready = _readable(timeout_s, self._inotify.fileno(), self._program.pidfd, *interrupts)
        stills = []
        if self._inotify.fileno() in ready:
            for event in self._inotify.read(timeout=0):
                if event.mask & (flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED | flags.UNMOUNT):
                    raise CameraError("disk", f"{self._images} was deleted, moved or unmounted: it is made again")
                if event.name == METADATA_NAME:
                    self._read_metadata()
                elif event.name.startswith(WORK_PREFIX) and event.name.endswith(".jpg"):
                    stills.append(event.name)
        if stills:
            return stills
        if self._program.pidfd in ready:
            raise self._ended(self._program)
        if ready.intersection(interrupts):
            raise Interrupted
        return stills

    def _read_metadata(self) -> None:
        try:
            raw = (self._images / METADATA_NAME).read_bytes()
        except OSError as error:
            logging.debug("metadata not readable: %s", error)
            return
        self._described(metadata.from_json(raw))

    def _read_about(self) -> None:
        chunk = os.read(self._about, _PIPE_BYTES)
        self._described(self._txt.feed(chunk))
        if not chunk:  # an end that stays readable would keep the loop busy
            os.close(self._about)
            self._about = -1

    def _described(self, content: metadata.Metadata | None) -> None:
        """Take what the camera says; its crop as settings have it, in the picture before any flip."""
        if content is None:
            return
        crop = content.get("ScalerCrop")
        if self._scene and isinstance(crop, list) and len(crop) == 4:
            content["ScalerCrop"] = list(mirrored(crop, self._scene.flips, self._scene.view))
        self.metadata = content

    @staticmethod
    def _ended(program: Program) -> CameraError:
        program.wait(1.0)  # its output may end a moment before itself
        status = program.stop()
        return failure(program.name, status, program.stderr)


def _readable(timeout_s: float, *descriptors: int) -> set[int]:
    """Those of `descriptors` that have something to read, or whose other end is gone."""
    poller = select.poll()
    for descriptor in filter(lambda number: number >= 0, descriptors):
        poller.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poller.poll(max(0.0, timeout_s) * 1000)}
