"""Photos and raw photos on request: at once, after a delay, or a burst."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from stillcam.camera.convergence import FRESH_S, converged_controls, is_fully_manual, scans_at_start
from stillcam.camera.driver import Interrupted, PhotoRequest, Still
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls, photo_settings
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CONVERGE_S, CaptureContext
from stillcam.capture.image_files import discard_still, image_size, rename_still, store_still
from stillcam.capture.library_writer.writer import LibraryWriter, make_sidecar
from stillcam.capture.mode import Mode
from stillcam.capture.modes.autofocus import SCAN_WAITS_S, lens_at_rest
from stillcam.capture.modes.photo_orders import MotionPhoto, PhotoOrder, PhotoOrders, ended_error
from stillcam.capture.picture_edits import raw_error
from stillcam.capture.timeouts import photo_cycle_s
from stillcam.common.errors import CameraError, StillcamError
from stillcam.frames.jpeg import check_jpeg
from stillcam.library.names import MOTION
from stillcam.library.pending import PendingItem
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

PHOTO_RETRY_S = 1.0  # before the second try
VIDEO_BURST_S = 0.5  # from one photo of a burst to the next, while they are frames of a video
STORING_S = 5.0  # for a raw photo that is being stored when the daemon ends: a slow card writes 50 MB meanwhile


class PhotoMode(Mode):
    """Takes photos, one order after the other; while a self-timer runs, other modes use the camera."""

    use = "photo"
    title = "photos and raw photos"
    finishes = True
    picture = "the last one; photos with the configuration of snapshots are shown"

    def __init__(self, context: CaptureContext, library: LibraryWriter) -> None:
        self._context = context
        self._library = library
        self._orders = PhotoOrders(context.status, library.worker)
        self._scan_waits: Sequence[float] = ()  # for a scan that continues in the next still
        self._storing: set[PendingItem] = set()  # by the background worker
        self._last: tuple[object, float, Metadata] = None, 0.0, {}  # what it was of, when (monotonic), metadata
        self.handlers = {"photo": self._on_photo, "cancel": self._orders.cancel}

    @property
    def self_timer_runs(self) -> bool:
        return self._orders.self_timer_runs

    @property
    def running(self) -> bool:
        """Whether a photo is being taken or stored."""
        return self._orders.running is not None or bool(self._storing)

    def wanted(self) -> bool:
        """Whether photos are being taken, or are to be taken next. The last one may still have to be stored."""
        return self._orders.next_due() is not None

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        """See Mode. An error is the answer to the commands; the modes that follow are not affected."""
        self._orders.running = order = self._orders.next_due()
        assert order is not None
        self._orders.update_status()
        failure: StillcamError | None = None
        try:
            driver = self._context.driver
            runs = driver.matches(settings, camera, order.kind) or driver.runs(order.kind, settings, camera)
            if runs:
                self._plan_scan_waits(order, settings, camera, {})
            while not self._is_over(order):
                self._take_one(order, settings, camera, runs)
                order.taken += 1
                runs = True
                self._orders.update_status()
        except Interrupted:
            pass
        except CameraError as error:
            logging.error("%s failed: %s", "a photo of motion" if order.motion else "a photo", error)
            self._context.camera_failed(error)
            failure = error
        finally:
            self._orders.running = None
        whole = order.cancelled or order.taken >= order.count
        self._orders.end(order, failure or order.error or (None if whole else ended_error(order)))

    def fail(self, error: CameraError) -> None:
        """See Mode. An order that waited while another mode failed gets a try of its own, where there is a camera."""
        for order in self._orders.due():
            if order.failed_before or error.cause in error.NO_CAMERA:
                self._orders.end(order, error)
            order.failed_before = True

    def take_of_motion(self, about: Callable[[], dict[str, Any]], made: Callable[[str], None]) -> None:
        """Take one photo of an event, unless others are being taken or are due.

        Args:
            about: gives what its sidecar says of the event.
            made: called with the address of the item.

        Raises:
            CameraError: `disk`: it is nearly full, or cannot be written to.
        """
        self._library.disk.check()
        if not (self.wanted() or self._context.recording):
            motion = MotionPhoto(about, made)
            self._orders.add(PhotoOrder([], "photo", 1, time.monotonic(), None, motion=motion))

    @property
    def due_in_video(self) -> bool:
        """Whether a photo is due that is to be a frame of the video that is being recorded."""
        return self._next_of_video() is not None

    def take_of_video(self, frame: Path, settings: Settings, camera: CameraInfo) -> None:
        """Make the photo that is due, if any, of a frame of the video that was published just now.

        Args:
            settings, camera: of the video.
        """
        order, context = self._next_of_video(), self._context
        if order is None:
            return
        data, time_s = frame.read_bytes(), time.time()
        driver = context.driver
        sidecar = make_sidecar(settings, camera, "video", time_s, check_jpeg(data), driver.metadata, driver.sensor_mode)
        order.due_monotonic_s = time.monotonic() + VIDEO_BURST_S
        order.taken += 1
        order.in_background += 1
        self._library.worker.submit(
            partial(self._save_of_video, order, data, {**sidecar, "kind": "photo", "from": "video"})
        )
        if order.taken >= order.count:
            self._orders.end(order)
        self._orders.update_status()

    def _save_of_video(self, order: PhotoOrder, data: bytes, sidecar: dict[str, Any]) -> None:
        """Make the item; done by the background worker, because the disk may be busy with the video."""
        try:
            time_s = datetime.fromisoformat(sidecar["time"]).timestamp()
            pending = self._library.begin_item("photo", time_s, sidecar["camera"]["model"])
        except CameraError as error:
            order.error = error
            return
        try:
            pending.path("jpg").write_bytes(data)
            order.items.append(pending.finish(sidecar))
        except OSError as error:
            pending.discard()
            order.error = self._library.unwritable(error)
            return
        self._library.item_added()

    def close(self) -> None:
        self._orders.end_all()
        if self._storing:
            stored = threading.Event()
            self._library.worker.submit(stored.set)
            stored.wait(STORING_S)

    def _on_photo(self, command: Command) -> None:
        message, context = command.message, self._context
        delay_s, kind = float(message.get("delay_s", 0)), message.get("kind", "photo")
        if context.recording and not context.video_shows and kind != "raw":
            raise CameraError("busy", "a video is being recorded or waiting: stop it first, or wait until it ends")
        self._orders.check_room()
        kind = message.get("kind", "photo")
        if kind == "raw" and (refused := raw_error(self._context.settings.wanted)):
            raise CameraError("options", refused)
        self._library.disk.check()
        order = PhotoOrder(
            [command],
            kind,
            message.get("count", 1),
            due_monotonic_s=time.monotonic() + delay_s,
            due_epoch_s=time.time() + delay_s if delay_s else None,
        )
        if delay_s:
            order.timer = threading.Timer(delay_s, self._context.commands.nudge)
            order.timer.daemon = True
            order.timer.start()
        self._orders.add(order)
        if context.recording and kind == "raw" and "wait_s" in message:  # it may last for hours
            order.commands.clear()
            command.finish({"taking": context.status.taking, "waits_for": "video"})

    def _next_of_video(self) -> PhotoOrder | None:
        return self._orders.next_of_video() if self._context.video_shows else None

    def _is_over(self, order: PhotoOrder) -> bool:
        return order.cancelled or order.error is not None or self._context.stopping or order.taken >= order.count

    def _start(self, order: PhotoOrder, settings: Settings, camera: CameraInfo) -> None:
        """Start the camera program for photos, with the values that the snapshots have found."""
        context = self._context
        before = context.fresh_metadata or self._recent_metadata(order, settings, camera)
        use = photo_settings(settings, order.kind)
        found = converged_controls(settings, order.kind, before) if use.carry_over else {}
        cancelled = partial(self._is_over, order)
        request = PhotoRequest(order.kind, self._library.make_pending_folder(), found)
        context.start_stills(settings, camera, request, cancelled)
        self._plan_scan_waits(order, settings, camera, found)
        waits_for_focus = context.driver.waits_for_focus
        if self._scan_waits and not waits_for_focus and context.lens.is_slow(camera):
            (wait_s,) = self._scan_waits
            self._scan_waits = ()
            context.converge(wait_s, cancelled)
        elif not is_fully_manual(settings, order.kind, found, camera, waits_for_focus=waits_for_focus):
            context.converge(CONVERGE_S, cancelled)

    def _plan_scan_waits(self, order: PhotoOrder, settings: Settings, camera: CameraInfo, found: Values) -> None:
        """Autofocus may scan in a program that was started with the values `found`: plan the waits for that."""
        controls = effective_controls(settings, order.kind) | found
        self._scan_waits = SCAN_WAITS_S[1:] if scans_at_start(controls, camera) else ()

    def _take_one(self, order: PhotoOrder, settings: Settings, camera: CameraInfo, runs: bool) -> None:
        """Take one photo, at the second try if the first fails."""
        try:
            if not runs:
                self._start(order, settings, camera)
            self._take(order, settings, camera)
            return
        except CameraError as error:
            order.captured = order.taken
            if not error.transient:
                raise
            logging.warning("a photo failed, retrying once: %s", error)
            self._context.camera_failed(error)
        self._context.pause(PHOTO_RETRY_S)
        self._start(order, settings, camera)
        self._take(order, settings, camera)

    def _take(self, order: PhotoOrder, settings: Settings, camera: CameraInfo) -> None:
        """Take one photo, and store it.

        A raw photo is stored in the background: a slow card takes seconds to sync its DNG, and no picture would come.
        """
        context = self._context
        frameless_s = CONVERGE_S + order.count * photo_cycle_s(settings, order.kind)
        context.status.enter("photo", frameless_s)
        self._library.disk.check()
        use = "motion" if order.motion else "photo"  # of stamps
        publishes = context.driver.matches(settings, camera) and context.edits.same_stamp(use)
        still, metadata = self._take_still(order, settings)
        frame = context.publisher.publish(still) if publishes else None
        if frame:
            context.frame_published(frame)
        self._last = (order.kind, settings, camera), time.monotonic(), metadata
        mode = context.driver.sensor_mode
        pending = self._library.begin_item(MOTION if order.motion else order.kind, still.time_s, camera.model)

        def store() -> str:
            shown = context.paths.images / frame if frame else None
            picture = pending.path(still.path.suffix.lstrip("."))
            with self._discarded_on_failure(pending, still):
                interrupts = () if still.raw else context.stop_fds  # a daemon that ends waits for a raw photo
                size = store_still(still, shown, picture, settings.camera.rotation, interrupts)
                if shown is None and order.kind == "photo":
                    context.edits.stamp_file(picture, use, still.time_s, metadata)
                if still.raw:
                    still.raw.replace(pending.path("dng"))
                sidecar = make_sidecar(settings, camera, order.kind, pending.time_s, size, metadata, mode)
                if order.motion is None:
                    return pending.finish(sidecar)
                id_ = pending.finish({**sidecar, "kind": MOTION, "motion": order.motion.about()})
                order.motion.made(id_)
                return id_

        with self._discarded_on_failure(pending, still):
            if frame is None:
                still = rename_still(still, f".{pending.stem}")
        with self._discarded_on_failure(pending, still):
            if still.raw:  # one that is torn is taken once more
                image_size(still.raw)
                image_size(still.path)
            self._continue_camera(order, settings, camera)
        if still.raw and frame is None:
            order.in_background += 1
            self._storing.add(pending)
            self._library.worker.submit(partial(self._store_in_background, order, pending, store))
        else:
            order.items.append(store())
            self._library.item_added()

    def _store_in_background(self, order: PhotoOrder, pending: PendingItem, store: Callable[[], str]) -> None:
        """Store a photo; done by the background worker. An error ends the order."""
        try:
            order.items.append(store())
        except CameraError as error:
            logging.error("a photo could not be stored: %s", error)
            order.error = error
        except Interrupted:
            order.error = ended_error(order)
        finally:
            self._storing.discard(pending)
        self._library.item_added()

    @contextmanager
    def _discarded_on_failure(self, pending: PendingItem, still: Still) -> Iterator[None]:
        """Delete what there is of a photo that does not become an item.

        Raises:
            CameraError: `disk`: instead of an OSError.
        """
        try:
            yield
        except (OSError, CameraError, Interrupted) as error:
            pending.discard()
            discard_still(still)
            if isinstance(error, OSError):
                raise self._library.unwritable(error) from error
            raise

    def _continue_camera(self, order: PhotoOrder, settings: Settings, camera: CameraInfo) -> None:
        """Request the next photo, or start the next camera program: neither need wait until this photo is stored."""
        order.captured = order.taken + 1
        if order.captured >= order.count:
            self._context.prestart_next(settings, camera)
        elif not self._is_over(order):
            self._context.driver.request_still()

    def _take_still(self, order: PhotoOrder, settings: Settings) -> tuple[Still, Metadata]:
        """Take a still, with its metadata; the first one of an order not in the middle of a scan."""
        context = self._context
        cancelled = partial(self._is_over, order)
        while True:
            still = context.take_photo(settings, order.kind, cancelled)
            metadata = context.still_metadata()
            if not self._scan_waits or lens_at_rest(metadata):
                self._scan_waits = ()
                return context.edits.renewed(still), metadata  # commands have been run meanwhile
            discard_still(still)
            wait_s, *self._scan_waits = self._scan_waits
            if not context.converge(wait_s, cancelled):
                raise Interrupted

    def _recent_metadata(self, order: PhotoOrder, settings: Settings, camera: CameraInfo) -> Metadata:
        """The metadata of the last photo, if the next one is taken in the same way: no snapshot came in between."""
        like, when, metadata = self._last
        return metadata if like == (order.kind, settings, camera) and time.monotonic() - when < FRESH_S else {}
