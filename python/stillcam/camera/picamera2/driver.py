"""The picamera2 driver in the daemon: it starts the worker process, sends it commands and receives its messages.

The worker keeps the camera open from one use case to the next (snapshots, then a photo) until `stop`, a failure, or
settings that need it to be reopened.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from stillcam.camera.driver import Driver, Interrupted, PhotoRequest, Still
from stillcam.camera.machine_lock import MACHINE
from stillcam.camera.picamera2.cameras import camera_from_json
from stillcam.camera.picamera2.configuration import (
    SLOW_FRAME_US,
    CameraConfiguration,
    configure,
    control_changes,
    shown_size,
)
from stillcam.camera.picamera2.ipc import Message, receive, send
from stillcam.camera.rpicam.errors import failure
from stillcam.camera.use_cases import Container, choose_container
from stillcam.common.child_process import ChildProcess, find_program, wait_readable, widen_pipe
from stillcam.common.errors import CameraError
from stillcam.common.paths import ROOT
from stillcam.common.validate import is_number
from stillcam.settings.capabilities import PICAMERA2, CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.encoder import EncoderLimits
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path

LIST_TIMEOUT_S = 60.0  # the library is loaded, and the camera configured for each of its modes
EXIT_TIMEOUT_S = 1.0  # for a worker that has closed a descriptor


class Picamera2(Driver):
    """Drives the library.

    Args:
        images: see Driver.
        env: the environment of the worker; Stillcam's folder comes first in PYTHONPATH.
        encoder: the board's, see Capabilities.
        machine: the folder that stands for the machine, see MachineLock.
    """

    name = "picamera2"
    waits_for_focus = True

    def __init__(
        self, images: Path, env: Mapping[str, str], encoder: EncoderLimits | None = None, machine: Path = MACHINE
    ) -> None:
        super().__init__(images, replace(PICAMERA2, encoder=encoder))
        self._env = {**env, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "python"), env.get("PYTHONPATH")]))}
        self._machine = machine
        self._worker: ChildProcess | None = None
        self._socket: socket.socket | None = None  # while there is a worker
        self._lists: list[list[CameraInfo]] = []  # received
        self._configuration: CameraConfiguration | None = None  # of what runs; the tuning file as in the settings
        self._opened: CameraConfiguration | None = None  # the one that the worker got last
        self._ready = False
        self._frames = 0  # of the live view so far
        self._adjustments = 0
        self._applied_after: int | None = None  # so many frames came before the first with the newest adjustment

    def list_cameras(self, index: int, interrupts: Sequence[int], *, beside: bool = False) -> list[CameraInfo]:
        self.stop()
        self._lists.clear()
        self._send({"do": "list", "index": index})
        try:
            self._wait_until(lambda: bool(self._lists), LIST_TIMEOUT_S, interrupts)
        finally:
            self.stop()
        if not self._lists:
            raise CameraError("stalled", "picamera2 does not answer: restart the Pi")
        cameras = self._lists.pop()
        if index < len(cameras):  # a USB camera gives JPEGs only, of which the daemon makes videos
            self.capabilities = replace(self.capabilities, stills_in_videos=cameras[index].colour is not None)
        return cameras

    def start_stills(self, settings: Settings, camera: CameraInfo, photo: PhotoRequest | None = None) -> None:
        folder = photo.folder if photo else self._images
        if not folder.is_dir():
            raise CameraError("disk", f"{folder} was deleted, moved or unmounted; creating it again")
        use, controls = (photo.kind, photo.controls) if photo else ("snapshot", {})
        self._begin(use, settings, camera, folder, controls)
        self._command("stills", folder=str(folder), bracket=photo is not None and photo.bracket)

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        return self._wait_until(lambda: self._ready, timeout_s, interrupts)

    def start_live(self, settings: Settings, camera: CameraInfo) -> None:
        self._begin("live", settings, camera)
        self._command("live")

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        frames = super().read_frames(timeout_s, interrupts)
        self._frames += len(frames)
        self._update_adjusting()
        return frames

    def start_video(
        self, settings: Settings, camera: CameraInfo, stem: Path, seconds: int | None, interrupts: Sequence[int] = ()
    ) -> tuple[Path, Container]:
        video, ffmpeg = settings.video, find_program("ffmpeg") is not None
        container = choose_container(settings.files.video, ffmpeg or find_spec("av") is not None, ffmpeg)
        path = stem.with_name(f"{stem.name}.{container.extension}")
        self._begin("video", settings, camera)
        output = {"path": str(path), "seconds": seconds, "bitrate": video.bitrate, "audio": video.audio}
        shown = {"size": shown_size(settings, camera), "quality": settings.live.quality}
        self._command("video", **output, folder=str(self._images), quality=settings.snapshot.quality, shown=shown)
        return path, container

    def start_video_frames(self, settings: Settings, camera: CameraInfo) -> None:
        self._begin("video", settings, camera)
        self._command("frames")

    @property
    def stderr(self) -> Sequence[str]:
        return self._worker.stderr if self._worker else ()

    def matches(self, settings: Settings, camera: CameraInfo, kind: str | None = None) -> bool:
        if self._use not in ("snapshot", "live"):
            return False
        return self._configuration == configure(settings, camera, kind or self._use)

    def adjust(self, settings: Settings, camera: CameraInfo) -> bool:
        """See Driver: sets the controls that differ."""
        frame_us = self.metadata.get("FrameDuration", 0)
        is_slow = is_number(frame_us) and frame_us > SLOW_FRAME_US and self._use != "video"
        if self._configuration is None or self._use in ("photo", "raw") or not self._ready or is_slow:
            return False
        new = configure(settings, camera, self._use)
        controls = control_changes(self._configuration, new)
        if controls is None:
            return False
        self._configuration, self.adjusting, self._applied_after = new, True, None
        if self._shown:
            self._shown.change(settings)
        self._adjustments += 1
        self._send({"do": "adjust", "configuration": new.to_json(), "controls": controls, "number": self._adjustments})
        return True

    def _begin(
        self,
        use: str,
        settings: Settings,
        camera: CameraInfo,
        folder: Path | None = None,
        controls: Values | None = None,
    ) -> None:
        """Begin a use case, in the same worker if the camera need not be reopened."""
        configuration = configure(settings, camera, use, controls)
        located = replace(configuration, tuning=with_tuning_path(settings).camera.tuning_file)
        if self._requested or self._opened is None or not self._opened.opens_like(located) or self._use == "live":
            self.stop()
        elif self._use != "video":
            self._delete_stills()
        super()._begin(use, settings, camera, folder)
        self._configuration, self._opened = configuration, located
        self._ready, self._frames = use in ("live", "video"), 0

    def _command(self, verb: str, **more: object) -> None:
        assert self._opened is not None
        self._send({"do": verb, "configuration": self._opened.to_json(), **more})

    def _send(self, command: Message) -> None:
        """Send a command to the worker, and start it if there is none.

        Raises:
            CameraError: it does not read commands any more, has exited, or cannot be started.
        """
        if self._socket is None:
            self._start_worker()
        assert self._socket is not None
        try:
            send(self._socket, command)
        except BlockingIOError as error:
            raise CameraError("stalled", "picamera2 accepts no more commands") from error
        except OSError:
            self._raise_exit(())

    def _start_worker(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        number = theirs.fileno()
        argv = [sys.executable, "-P", "-m", "stillcam.camera.picamera2", str(number), str(self._machine)]
        try:
            self._worker = ChildProcess(self.name, argv, Path("/"), self._env, subprocess.PIPE, (number,))
        except CameraError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        widen_pipe(self._worker.stdout)

    @property
    def _stdout(self) -> int:
        assert self._worker is not None
        return self._worker.stdout

    def _send_request(self, small: bool) -> None:
        self._send({"do": "still", "small": small})

    def _wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> set[int]:
        assert self._socket is not None
        ready = wait_readable(timeout_s, self._socket.fileno(), *more, *interrupts)
        if self._socket.fileno() in ready:
            self._receive(self._socket)
        elif not ready.intersection(more) and ready.intersection(interrupts):
            raise Interrupted
        return ready.intersection(more)

    def _receive(self, end: socket.socket) -> None:
        try:
            message = receive(end)
        except BlockingIOError:
            return
        if message is None:
            self._on_exit()
            return
        if "warning" in message:
            logging.warning("picamera2: %s", message["warning"])
        if "failed" in message:
            raise CameraError(message["failed"], message["reason"])
        if "metadata" in message:
            self._take_metadata(message["metadata"])
            self.sensor_mode = ":".join(map(str, message["mode"] or []))
        if "still" in message:
            raw = self._folder / message["raw"] if message["raw"] else None
            path = self._folder / message["still"]
            self._stills.append(Still(path, message["time"], raw, message["small"]))
        elif "cameras" in message:
            self._lists.append([camera_from_json(camera) for camera in message["cameras"]])
        self._ready = self._ready or "ready" in message
        if message.get("number") == self._adjustments:
            self._applied_after = message["applied"]
            self._update_adjusting()

    def _on_exit(self) -> None:
        """The worker exits by itself when a video is finished; otherwise it has crashed."""
        assert self._worker is not None
        self._worker.wait(EXIT_TIMEOUT_S)
        if self._use == "video" and self._worker.status == 0:
            self._finished = True
        else:
            raise failure(self.name, self._worker.stop(), self._worker.stderr)

    def _raise_exit(self, interrupts: Sequence[int]) -> NoReturn:
        """Raise the reason that the worker sent before it exited."""
        self._wait_until(lambda: self._finished, EXIT_TIMEOUT_S, ())
        assert self._worker is not None
        raise failure(self.name, self._worker.stop(), self._worker.stderr)

    def _update_adjusting(self) -> None:
        """Clear `adjusting` once the newest frame has the adjusted controls."""
        if self._applied_after is not None and (self._use != "live" or self._frames > self._applied_after):
            self.adjusting = False

    def _end(self, grace_s: float, interrupts: Sequence[int]) -> bool:
        status = 0
        if self._worker is not None:
            status = self._worker.stop(signal.SIGTERM, grace_s, interrupts)
            self._worker = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._configuration, self._opened, self._ready = None, None, False
        return status != -signal.SIGKILL
