"""Takes the shots of series: with which camera program, when that is started, and where the picture goes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stillcam.camera.convergence import FRESH_S, converged_controls, is_fully_manual, scans_at_start
from stillcam.camera.driver import PhotoRequest, Still
from stillcam.camera.metadata import Metadata
from stillcam.camera.rpicam.options import photo_arguments, same_pictures, snapshot_arguments
from stillcam.camera.use_cases import effective_controls, photo_settings
from stillcam.capture.context import CONVERGE_S, START_TIMEOUT_S, CaptureContext
from stillcam.capture.image_files import image_size, link_or_copy, rotate
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.modes.bracketing import fixed_controls, fixes, varied_controls
from stillcam.capture.recovery import photo_cycle_s, stall_timeout_s
from stillcam.common.errors import CameraError
from stillcam.frames.files import WORK_PREFIX
from stillcam.series.folder import Series
from stillcam.series.state import FRAMES
from stillcam.settings.capabilities import Camera
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

SCAN_S = 2.5  # instead of CONVERGE_S where autofocus scans: a shot is taken at its moment, whatever the lens does
FIRST_LEAD_S, MAX_LEAD_S = 3.0, 20.0
WORK = ".shots"  # beside the series: pictures that are not theirs yet

Varied = Mapping[str, float]


class ShotTaker:
    """The camera program of the series mode.

    Attributes:
        lead_s: how long before a moment the program has to be started.
    """

    def __init__(self, context: CaptureContext, library: LibraryWriter) -> None:
        self.lead_s = FIRST_LEAD_S
        self._context = context
        self._library = library
        self._work = context.paths.series / WORK
        self._settings = context.settings.wanted
        self._camera: Camera | None = None
        self._running: tuple[object, ...] | None = None  # what its program has been started for
        self._found: Values = {}  # controls that it has been started with over those of the settings
        self._fits = False  # it is that of the snapshots
        self._auto: Metadata = {}  # of the newest picture with the camera's own exposure
        self._auto_s = 0.0  # when that came (monotonic)

    def begin(self, settings: Settings, camera: Camera) -> None:
        """The mode begins: whatever runs, runs for something else."""
        self._settings, self._camera = as_jpeg(settings), camera
        self._running, self._found = None, {}
        if self._context.found:
            self._auto, self._auto_s = self._context.found, self._context.driver.metadata_received_s

    def fits(self, series: Series, settings: Settings, camera: Camera) -> bool:
        """Whether the program that runs takes the shots of this series just so."""
        return _plain(series, {}) and self._context.driver.matches(as_jpeg(settings), camera, series.definition.kind)

    def aim(self, series: Series, varied: Varied, hold: bool) -> None:
        """Have a program run with which this shot can be taken.

        Args:
            hold: it stays for the shots that follow.

        Raises:
            Interrupted: the daemon ends.
            CameraError: the camera fails.
        """
        if fixes(series.definition) and varied and series.state.fixed is None:
            self._measure(series)
        kind, plain = series.definition.kind, _plain(series, varied)
        assert self._camera is not None
        self._fits = plain and self._context.driver.matches(self._settings, self._camera, kind)
        key = (kind, series.state.fixed if fixes(series.definition) else None, dict(varied))
        if not self._fits and self._running != key:
            self._start(kind, self._controls(series, varied, hold), plain)
            self._running = key

    def take(self, series: Series, due_ms: int, varied: Varied, publish: bool) -> None:
        """Take a shot now, and keep it.

        Args:
            publish: it is a frame, too.

        Raises:
            Interrupted: the daemon ends.
            CameraError: the camera fails; a picture that was there before that is kept.
            OSError: the series cannot be written.
        """
        context = self._context
        time_ms, still = self._still(series.definition.kind)
        frame = context.publisher.publish(still) if self._fits else None
        picture = self._developed(still, frame)
        broken = None
        try:
            metadata = self._context.described()
        except CameraError as error:
            metadata, broken = {}, error
        files = [still.raw, picture] if still.raw else [picture]
        line = series.add_shot(due_ms, time_ms, files, metadata, varied or None)
        self._learn(series, varied, metadata)
        if publish and frame is None:
            frame = context.publisher.show(series.folder / FRAMES / line["files"][0], still.time_s)
        if broken:
            raise broken
        if frame:
            context.published(frame)

    def _still(self, kind: str) -> tuple[int, Still]:
        """When a still was asked for (ms since the epoch), and the still."""
        context = self._context
        cycle_s = photo_cycle_s(self._settings, kind, self._found)
        timeout_s = stall_timeout_s(cycle_s, self._settings, context.driver.metadata)
        time_ms = int(time.time() * 1000)
        context.driver.request_still()
        return time_ms, context.awaited(context.driver.wait_still, timeout_s + START_TIMEOUT_S, self._over)

    def _developed(self, still: Still, frame: str | None) -> Path:
        """The picture in our folder, whole and turned."""
        picture = self._work / f"{WORK_PREFIX}shot.jpg"
        if frame:
            self._work.mkdir(parents=True, exist_ok=True)
            picture.unlink(missing_ok=True)
            link_or_copy(self._context.paths.images / frame, picture)
            return picture
        image_size(still.path)
        if still.raw:
            image_size(still.raw)
        if self._settings.camera.rotation in (90, 270):
            rotate(still.path, picture, self._settings.camera.rotation, shutil.which("jpegtran"), self._context.stops)
            still.path.unlink()
            return picture
        return still.path

    def _learn(self, series: Series, varied: Varied, metadata: Metadata) -> None:
        """Keep what the camera has found by itself."""
        if varied or not metadata:
            return
        if series.definition.fixed:
            if series.state.fixed is None and (found := fixed_controls(metadata)):
                series.set_fixed_controls(found)
        else:
            self._auto, self._auto_s = metadata, time.monotonic()

    def _measure(self, series: Series) -> None:
        """Find the exposure that all shots have, with a still that is not kept."""
        self._start(series.definition.kind, {}, plain=False)
        self._running = None
        _, still = self._still(series.definition.kind)
        metadata = self._context.described()
        for path in (still.path, still.raw):
            if path:
                path.unlink(missing_ok=True)
        series.set_fixed_controls(fixed_controls(metadata))

    def _controls(self, series: Series, varied: Varied, hold: bool) -> Values:
        """What the program starts with: what was found before, but for one that stays and can find it itself."""
        kind, found = series.definition.kind, {}
        fresh = time.monotonic() - self._auto_s <= FRESH_S
        if not hold and fresh and photo_settings(self._settings, kind).carry_over:
            found = converged_controls(self._settings, kind, self._auto)
        if fixes(series.definition) and series.state.fixed:
            return varied_controls({**found, **series.state.fixed}, varied)
        if "ExposureValue" in varied:
            found = {name: value for name, value in found.items() if name not in ("ExposureTime", "AnalogueGain")}
        return varied_controls(found, varied)

    def _start(self, kind: str, controls: Values, plain: bool) -> None:
        """Start a program; it is that of the snapshots if there is no difference."""
        context, settings, camera = self._context, self._settings, self._camera
        assert camera is not None
        began = time.monotonic()
        self._running = None
        arguments = photo_arguments(settings, camera, kind)
        self._fits = plain and same_pictures(arguments, snapshot_arguments(settings, camera))
        self._found = found = {} if self._fits else controls
        self._work.mkdir(parents=True, exist_ok=True)
        context.start_stills(
            settings, camera, None if self._fits else PhotoRequest(kind, self._work, found), self._over
        )
        if not is_fully_manual(settings, kind, found, camera):
            lens = scans_at_start(effective_controls(settings, photo_settings(settings, kind)) | found, camera)
            context.rest(SCAN_S if lens else CONVERGE_S, self._over)
        took_s = time.monotonic() - began
        self.lead_s = min(MAX_LEAD_S, max(1.3 * took_s + 0.5, 0.8 * self.lead_s))

    def _over(self) -> bool:
        return self._context.stopping


def as_jpeg(settings: Settings) -> Settings:
    """The settings for series: their pictures are JPEGs, whatever photos are."""
    if settings.files.photo == "jpg":
        return settings
    return replace(settings, files=replace(settings.files, photo="jpg"))


def _plain(series: Series, varied: Varied) -> bool:
    """Whether the shots of a series are what anybody would take: all of it by the settings."""
    return not varied and series.definition.variation is None and not (series.definition.fixed and series.state.fixed)
