"""The picamera2 driver's part in the daemon: it starts the child, gives it orders and waits for what it tells.

The child keeps the camera open from one use to the next (snapshots, then a photo), until `stop`, a
fault, or settings that need it to be opened anew.
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
from stillcam.camera.frame_age import StreamAge, lag_s
from stillcam.camera.machine_lock import MACHINE
from stillcam.camera.picamera2 import configuration as plans
from stillcam.camera.picamera2.cameras import camera_of
from stillcam.camera.picamera2.configuration import Plan
from stillcam.camera.picamera2.ipc import NAME, Conversation, Over
from stillcam.camera.picamera2.wire import Message
from stillcam.camera.use_cases import DEFAULT_FRAMERATE, choose_container, framerate, live_framerate, zsl_frame_s
from stillcam.common.child_process import TERM_GRACE_S
from stillcam.common.errors import CameraError
from stillcam.frames.files import STILL_PREFIX
from stillcam.frames.jpeg import Cutter
from stillcam.settings.capabilities import PICAMERA2, Camera
from stillcam.settings.control_values import is_number
from stillcam.settings.encoder import Encoder
from stillcam.settings.geometry import mirrored, sensor_mode, view
from stillcam.settings.schema import Settings
from stillcam.settings.tuning_files import with_tuning_path

LIST_TIMEOUT_S = 60.0  # the library is loaded, and each camera is configured for each of its modes
SLOW_US = 250_000  # of a frame; there may be as many as `BUFFERS` (session.py) and `DELAY_FRAMES` to wait for
_READ_BYTES = 1 << 20


class Picamera2:
    """Drives the library.

    Args:
        images: the folder that snapshots are written to.
        env: the environment of the child.
        encoder: the board's, see `Abilities`.
        machine: the folder that stands for the machine, see MachineLock.
    """

    name = NAME
    waits_for_focus = True

    def __init__(
        self, images: Path, env: Mapping[str, str], encoder: Encoder | None = None, machine: Path = MACHINE
    ) -> None:
        self.abilities = replace(PICAMERA2, encoder=encoder)
        self.metadata: dict[str, Any] = {}
        self.sensor_mode = ""
        self.metadata_received_s = 0.0
        self.settling = False
        self.exposure_began_s = 0.0
        self._asked_s = 0.0  # the exposure of the requested still begins then or later (monotonic)
        self._age = StreamAge(0)
        self._frame_s = 0.0  # duration of a frame of the running camera; 0: it is restarted for each still
        self._images = images
        self._env = env
        self._machine = machine
        self._child: Conversation | None = None
        self._cutter = Cutter()
        self._use = ""  # snapshot, shoot, stream or video; empty: nothing
        self._plan: Plan | None = None  # what runs, its tuning file as settings name it
        self._opened: Plan | None = None
        self._camera: Camera | None = None
        self._folder = images
        self._ready = self._requested = False
        self._stills: list[Still] = []
        self._lists: list[list[Camera]] = []
        self._adjustments = 0
        self._cut = 0  # frames of a stream that have come ...
        self._settles_at: int | None = None  # ... and so many came before the first with what `adjust` changed

    @property
    def lag_s(self) -> float:
        """See Driver."""
        return lag_s(self._frame_s, self.metadata) if self._frame_s else 0.0

    def list_cameras(self, index: int, interrupts: Sequence[int]) -> list[Camera]:
        """See Driver."""
        self.stop()
        self._lists.clear()
        self._order({"do": "list", "index": index})
        deadline = time.monotonic() + LIST_TIMEOUT_S
        try:
            while not self._lists:
                if (left := deadline - time.monotonic()) <= 0:
                    raise CameraError("stalled", "picamera2 does not answer: restart the Pi")
                self._wait(left, interrupts)
        finally:
            self.stop()
        return self._lists.pop()

    def start_stills(self, settings: Settings, camera: Camera, shoot: PhotoRequest | None = None) -> None:
        """See Driver."""
        if shoot is None:
            plan = plans.snapshot_plan(settings, camera)
            located = plans.snapshot_plan(with_tuning_path(settings), camera)
        else:
            plan = plans.photo_plan(settings, camera, shoot.kind, shoot.controls)
            located = plans.photo_plan(with_tuning_path(settings), camera, shoot.kind, shoot.controls)
        folder = shoot.folder if shoot else self._images
        if not folder.is_dir():
            raise CameraError("disk", f"{folder} was deleted, moved or unmounted: it is made again")
        self._begin("shoot" if shoot else "snapshot", plan, located, camera, folder)
        self._frame_s = zsl_frame_s(settings) if plan.zsl else 0.0
        self._order({"do": "stills", "plan": located.message(), "folder": str(folder)})

    def wait_ready(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver."""
        deadline = time.monotonic() + timeout_s
        while not self._ready and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
        return self._ready

    def request_still(self) -> None:
        """See Driver."""
        if not self._requested:
            self._requested, self._asked_s = True, time.monotonic() - self.lag_s
            self._order({"do": "still"})

    def wait_still(self, timeout_s: float, interrupts: Sequence[int]) -> Still | None:
        """See Driver. What the camera says of it has come with it."""
        deadline = time.monotonic() + timeout_s
        while not self._stills and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
        if not self._stills:
            return None
        self._requested, self.exposure_began_s = False, self._asked_s
        return self._stills.pop(0)

    def wait_metadata(self, timeout_s: float, interrupts: Sequence[int]) -> dict[str, Any]:
        """See Driver."""
        return self.metadata

    def idle(self, timeout_s: float, interrupts: Sequence[int]) -> None:
        """See Driver. A still that nobody here asked for is deleted: it would be litter."""
        deadline, before = time.monotonic() + timeout_s, self.metadata
        while self.metadata is before and (left := deadline - time.monotonic()) > 0:
            self._wait(left, interrupts)
            for still in self._stills:
                for path in filter(None, (still.path, still.raw)):
                    path.unlink(missing_ok=True)
                self._requested = False
            self._stills.clear()

    def start_live(self, settings: Settings, camera: Camera) -> None:
        """See Driver."""
        located = plans.stream_plan(with_tuning_path(settings), camera)
        self._begin("stream", plans.stream_plan(settings, camera), located, camera, self._images)
        self._cutter, self._cut, self._age = Cutter(), 0, StreamAge(settings.live.buffer_count)
        self._frame_s = 1 / (live_framerate(settings) or DEFAULT_FRAMERATE)
        self._order({"do": "stream", "plan": located.message()})

    def read_frames(self, timeout_s: float, interrupts: Sequence[int]) -> list[bytes]:
        """See Driver."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            assert self._child is not None
            if self._child.stdout not in self._wait(left, interrupts, self._child.stdout):
                continue
            chunk = os.read(self._child.stdout, _READ_BYTES)
            if not chunk:
                self._child.last_words()
            if frames := self._cutter.feed(chunk):
                self._cut += len(frames)
                self.exposure_began_s = self._age.read(len(frames), self.lag_s, emptied=len(chunk) < _READ_BYTES)
                self._look()
                return frames
        return []

    def start_video(
        self,
        settings: Settings,
        camera: Camera,
        folder: Path,
        stem: str,
        seconds: int | None,
        interrupts: Sequence[int] = (),
    ) -> tuple[Path, Container]:
        """See Driver."""
        video, ffmpeg = settings.video, shutil.which("ffmpeg") is not None
        form = choose_container(settings.files.video, ffmpeg or find_spec("av") is not None, ffmpeg)
        path = folder / f"{stem}.{form.extension}"
        located = plans.video_plan(with_tuning_path(settings), camera)
        self._begin("video", plans.video_plan(settings, camera), located, camera, self._images)
        self._frame_s = 1 / (framerate(settings, video) or DEFAULT_FRAMERATE)
        sound = {"bitrate": video.bitrate, "audio": video.audio}
        glimpses = {"folder": str(self._images), "quality": settings.snapshot.quality}
        film = {"path": str(path), "seconds": seconds, **sound}
        self._order({"do": "record", "plan": located.message(), **film, **glimpses})
        return path, form

    def wait_video(self, timeout_s: float, interrupts: Sequence[int]) -> bool:
        """See Driver: the child ends with the video."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                self._wait(left, interrupts)
            except Over:
                if self._child and self._child.status == 0:
                    return True
                raise
        return False

    def matches(self, settings: Settings, camera: Camera, kind: str | None = None) -> bool:
        """See Driver."""
        if self._use not in ("snapshot", "stream"):
            return False
        if kind:
            return self._plan == plans.photo_plan(settings, camera, kind)
        return self._plan == self._planned(settings, camera)

    def adjust(self, settings: Settings, camera: Camera) -> bool:
        """See Driver: controls change while the camera runs; the tuning file's path is none of them."""
        if self._plan is None or self._use == "shoot" or not self._ready or self._slow:
            return False
        plan = self._planned(settings, camera)
        given = plans.changes(self._plan, plan)
        if given is None:
            return False
        self._plan, self.settling, self._settles_at = plan, True, None
        self._adjustments += 1
        self._order({"do": "adjust", "plan": plan.message(), "given": given, "number": self._adjustments})
        return True

    def stop(self, grace_s: float = TERM_GRACE_S, interrupts: Sequence[int] = ()) -> bool:
        """End the child, and delete what it left half-written of stills."""
        child, self._child = self._child, None
        by_itself = child is None or child.stop(grace_s, interrupts)
        if self._use in ("snapshot", "shoot", "video"):
            self._sweep()
        self._use, self._plan, self._opened, self._stills = "", None, None, []
        self.settling = self._ready = self._requested = False
        return by_itself

    @property
    def _slow(self) -> bool:
        """Whether a new start is there before the frames that are queued, which do not have what is changed."""
        frame_us = self.metadata.get("FrameDuration", 0)
        return is_number(frame_us) and frame_us > SLOW_US and self._use != "video"

    def _planned(self, settings: Settings, camera: Camera) -> Plan:
        """What these settings mean for what runs now."""
        planned = {"snapshot": plans.snapshot_plan, "stream": plans.stream_plan, "video": plans.video_plan}
        return planned[self._use](settings, camera)

    def _begin(self, use: str, plan: Plan, located: Plan, camera: Camera, folder: Path) -> None:
        """Another use of the camera; by the same child, where the camera need not be opened anew."""
        if self._requested or self._opened is None or not self._opened.opens_like(located) or self._use == "stream":
            self.stop()
        elif self._use in ("snapshot", "shoot"):
            self._sweep()
        self._use, self._plan, self._opened, self._camera, self._folder = use, plan, located, camera, folder
        self.metadata, self.sensor_mode, self._stills = {}, "", []
        self.settling = self._requested = False
        self._ready = use not in ("snapshot", "shoot")

    def _order(self, order: Message) -> None:
        if self._child is None:
            self._child = Conversation(self._env, self._machine)
        self._child.order(order)

    def _wait(self, timeout_s: float, interrupts: Sequence[int], *more: int) -> set[int]:
        """See Conversation.wait; what the child tells is taken."""
        assert self._child is not None
        told, ready = self._child.wait(timeout_s, interrupts, *more)
        if "metadata" in told:
            self._described(told["metadata"])
            self.sensor_mode = ":".join(map(str, told["mode"] or []))
        if "still" in told:
            raw = self._folder / told["raw"] if told["raw"] else None
            self._stills.append(Still(self._folder / told["still"], told["time"], raw))
        elif "cameras" in told:
            self._lists.append([camera_of(one) for one in told["cameras"]])
        self._ready = self._ready or "ready" in told
        if told.get("number") == self._adjustments:
            self._settles_at = told["settled"]
            self._look()
        return ready

    def _look(self) -> None:
        """Whether what came last has what `adjust` changed."""
        if self._settles_at is not None and (self._use != "stream" or self._cut > self._settles_at):
            self.settling = False

    def _described(self, told: dict[str, Any]) -> None:
        """Take what the camera says; its crop as settings have it, in the picture before any flip."""
        crop = told.get("ScalerCrop")
        plan, camera = self._plan, self._camera
        if plan and camera and isinstance(crop, list) and len(crop) == 4:
            wanted = ":".join(map(str, plan.sensor)) if plan.sensor else ""
            mode = sensor_mode(wanted, camera, plan.size) if wanted else None
            told["ScalerCrop"] = list(mirrored(crop, plan.flips, view(mode, camera)))
        self.metadata, self.metadata_received_s = told, time.monotonic()

    def _sweep(self) -> None:
        with contextlib.suppress(OSError):  # a folder that cannot be read now is swept at the next end
            for litter in self._folder.glob(STILL_PREFIX + "*"):
                litter.unlink(missing_ok=True)
