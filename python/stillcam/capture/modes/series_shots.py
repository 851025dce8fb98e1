"""The shots of series: which camera program takes them, with which controls, and where the pictures go."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stillcam.camera.convergence import (
    FRESH_S,
    clamped,
    converged_controls,
    found_lens,
    is_fully_manual,
    scans_at_start,
)
from stillcam.camera.driver import PhotoRequest
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls, photo_settings, photos_equal_snapshots
from stillcam.capture.context import CONVERGE_S, CaptureContext
from stillcam.capture.image_files import discard_still, store_still, write_exposure_bias
from stillcam.capture.picture_edits import raw_error
from stillcam.common.errors import CameraError
from stillcam.common.validate import is_number
from stillcam.frames.files import WORK_PREFIX
from stillcam.series import exposure
from stillcam.series.definition import Definition
from stillcam.series.folder import Series
from stillcam.series.state import FRAMES
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.controls import Values
from stillcam.settings.schema import Settings

SCAN_S = 2.5  # instead of CONVERGE_S where autofocus scans: a shot is taken at its moment, whatever the lens does
FIRST_LEAD_S, MAX_LEAD_S = 3.0, 20.0
_EXPOSURE = ("ExposureTime", "AnalogueGain")
WORK = ".shots"  # beside the series: pictures that are not theirs yet

Varied = Mapping[str, float]


class ShotTaker:
    """Takes shots; starts the camera program for them.

    Attributes:
        lead_s: how long before a shot the program has to be started.
        taken_s: when the last shot was taken (monotonic).
    """

    def __init__(self, context: CaptureContext) -> None:
        self.lead_s = FIRST_LEAD_S
        self.taken_s = -math.inf
        self._context = context
        self._work = context.paths.series / WORK
        self._settings = context.settings.wanted
        self._camera: CameraInfo | None = None
        self._running: tuple[object, ...] | None = None  # what the program was started for
        self._carried_over: Values = {}  # controls that it was started with, over those of the settings
        self._fits = False  # the program of the snapshots takes the shot
        self._auto_exposure: Metadata = {}  # of the newest picture with the camera's own exposure
        self._auto_exposure_s = 0.0  # when it was recorded (monotonic)
        self._smooth: Values = {}  # the controls of a smooth exposure; empty: the camera meters
        self._lens: Values = {}  # of the smooth exposure: each start of the camera program would scan anew
        self._bracket_ms = 0  # when the first picture of the present exposure bracket was taken (since the epoch)
        self._metered: Values = {}  # the controls of that picture, exposed at 0 EV

    def enter(self, settings: Settings, camera: CameraInfo) -> None:
        """The mode begins: the program that runs was started for something else."""
        self._settings, self._camera = as_jpeg(settings), camera
        self._running, self._carried_over = None, {}
        if self._context.fresh_metadata:
            self._auto_exposure = self._context.fresh_metadata
            self._auto_exposure_s = self._context.driver.metadata_received_s

    def fits(self, definition: Definition, fixed: bool, settings: Settings, camera: CameraInfo) -> bool:
        """Whether the running program can take the shots of such a series; `fixed`: its exposure is known already."""
        matches = self._context.driver.matches
        return _plain(definition, fixed, {}) and matches(as_jpeg(settings), camera, definition.kind)

    def prepare(self, series: Series, varied: Varied, stays: bool) -> None:
        """Start the program that can take this shot, unless it runs; it `stays` for the shots that follow.

        Raises:
            CameraError: the camera fails; `options`: the series has raw photos, which privacy masks forbid.
        """
        if series.definition.kind == "raw" and (refused := raw_error(self._context.settings.wanted)):
            raise CameraError("options", refused)
        if keeps_exposure(series.definition) and varied and series.state.fixed is None:
            self._measure_exposure(series)
        if varied == series.definition.shots_at[0]:
            self._metered = {}
        kind, plain = series.definition.kind, _plain(series.definition, bool(series.state.fixed), varied)
        assert self._camera is not None
        self._fits = plain and self._context.driver.matches(self._settings, self._camera, kind)
        self._smooth = self.course_controls(series)
        if not self._smooth:
            self._lens = {}
        key = (kind, series.state.fixed if keeps_exposure(series.definition) else self._smooth, dict(varied))
        if not self._fits and self._running != key:
            self._start(kind, self._controls(series, varied, stays), plain, in_bracket=_in_bracket(series.definition))
            self._running = key

    def take(self, series: Series, due_ms: int, varied: Varied, publish: bool) -> None:
        """Take a shot now, add it to the series, and `publish` it as a frame, too.

        Raises:
            Interrupted: the daemon ends.
            CameraError: the camera fails; a picture that came before is kept.
            OSError: the series cannot be written.
        """
        context = self._context
        time_ms = int(time.time() * 1000)
        still = context.take_photo(self._settings, series.definition.kind, self._stopping, self._carried_over)
        failure = None
        try:
            metadata = context.still_metadata()
        except CameraError as error:
            metadata, failure = {}, error
        still = context.edits.renewed(still)  # commands have been run meanwhile
        publishes = self._fits and context.edits.same_stamp("series")
        frame = context.publisher.publish(still) if publishes else None
        self._work.mkdir(parents=True, exist_ok=True)
        picture = self._work / f"{WORK_PREFIX}shot.jpg"
        shown = context.paths.images / frame if frame else None
        store_still(still, shown, picture, self._settings.camera.rotation, context.stop_fds)
        if shown is None and series.definition.kind == "photo":
            context.edits.stamp_file(picture, "series", still.time_s)
        files = [still.raw, picture] if still.raw else [picture]
        bracket_ms = self._bracket_time(series.definition, varied, time_ms)
        if bracket_ms is not None:
            write_exposure_bias(picture, varied["ExposureValue"])
        line = series.add_shot(due_ms, time_ms, files, metadata, varied or None, bracket_ms)
        self._record_exposure(series, varied, metadata)
        if series.definition.smooth:
            self._follow_light(series, due_ms, series.folder / FRAMES / line["files"][0], metadata)
        if publish and frame is None:
            frame = context.publisher.publish_copy(series.folder / FRAMES / line["files"][0], still.time_s)
        if failure:
            raise failure
        if frame:
            context.frame_published(frame)
        self.taken_s = time.monotonic()

    def course_controls(self, series: Series) -> Values:
        """The controls of the next shot of a smooth exposure; empty: the camera meters."""
        smooth, course = series.definition.smooth_within_interval, exposure.from_json(series.state.course)
        interval_ms, now_ms = series.definition.schedule.interval_ms, int(time.time() * 1000)
        if smooth is None or course is None or not exposure.continues(course, now_ms, interval_ms):
            return {}
        time_us, gain = exposure.exposure_of(course, smooth)
        controls: Values = {"ExposureTime": clamped("ExposureTime", time_us), "AnalogueGain": gain}
        if min(course.red, course.blue) > 0:
            controls["ColourGains"] = [clamped("ColourGains", one) for one in (course.red, course.blue)]
        return controls

    def _follow_light(self, series: Series, due_ms: int, picture: Path, metadata: Metadata) -> None:
        """Measure a shot, and set the exposure of the next one."""
        from stillcam.library.upright import Unreadable
        from stillcam.series.luminance import measure

        smooth, course = series.definition.smooth_within_interval, exposure.from_json(series.state.course)
        values = [
            metadata.get(name, least) for name, least in (("ExposureTime", 0), ("AnalogueGain", 0), ("DigitalGain", 1))
        ]
        taken = math.prod(value if is_number(value) else 0 for value in values)
        if smooth is None or taken <= 0:
            return
        try:
            with picture.open("rb") as file:
                brightness, clipped = measure(file)
        except Unreadable as error:
            logging.warning("series %s: the brightness of %s is unknown: %s", series.name, picture.name, error)
            return
        shot = exposure.Shot(due_ms, brightness, clipped, taken, self._white_balance(metadata))
        if course is not None and self._smooth:
            course = exposure.follow(course, shot, smooth, series.definition.schedule.interval_ms)
        else:
            course = exposure.begin(shot, smooth, None if course is None else course.aim_ev)
        self._lens = found_lens(effective_controls(self._settings, series.definition.kind), metadata) or self._lens
        series.set_course(exposure.to_json(course))

    def _white_balance(self, metadata: Metadata) -> tuple[float, float]:
        """The camera's newest estimate of the gains of red and blue: with a smooth exposure, that of a snapshot."""
        fresh = time.monotonic() - self._auto_exposure_s <= 10 * FRESH_S
        for one in (self._auto_exposure if fresh and self._smooth else {}, metadata):
            gains = one.get("ColourGains")
            if isinstance(gains, list) and len(gains) == 2 and all(is_number(gain) and gain > 0 for gain in gains):
                return float(gains[0]), float(gains[1])
        return 0.0, 0.0

    def _bracket_time(self, definition: Definition, varied: Varied, time_ms: int) -> int | None:
        """When the first picture of this exposure bracket was taken; None: the shot belongs to none."""
        if not _in_exposure_bracket(definition, varied):
            return None
        if varied == definition.shots_at[0]:
            self._bracket_ms = time_ms
        return self._bracket_ms

    def _record_exposure(self, series: Series, varied: Varied, metadata: Metadata) -> None:
        definition = series.definition
        if _in_exposure_bracket(definition, varied) and not self._metered and not keeps_exposure(definition):
            self._metered = metered_controls(metadata, varied["ExposureValue"])
        if varied or not metadata:
            return
        if definition.fixed:
            if series.state.fixed is None and (found := fixed_controls(metadata)):
                series.set_fixed_controls(found)
        elif not self._smooth:
            self._auto_exposure, self._auto_exposure_s = metadata, time.monotonic()

    def _measure_exposure(self, series: Series) -> None:
        """Find the exposure of all shots, with a still that is not kept."""
        self._start(series.definition.kind, {}, plain=False, in_bracket=_in_bracket(series.definition))
        self._running = None
        still = self._context.take_photo(self._settings, series.definition.kind, self._stopping)
        metadata = self._context.still_metadata()
        discard_still(still)
        series.set_fixed_controls(fixed_controls(metadata))

    def _controls(self, series: Series, varied: Varied, stays: bool) -> Values:
        """The controls to start with: values found before, unless the program stays and can find them itself."""
        kind, found = series.definition.kind, {}
        fresh = time.monotonic() - self._auto_exposure_s <= FRESH_S
        if not stays and fresh and photo_settings(self._settings, kind).carry_over:
            found = converged_controls(self._settings, kind, self._auto_exposure)
        if keeps_exposure(series.definition) and series.state.fixed:
            return varied_controls({**found, **series.state.fixed}, varied)
        if self._smooth:
            return varied_controls({**self._lens, **found, **self._smooth}, varied)
        if "ExposureValue" in varied and self._metered:
            return varied_controls(self._metered, varied)
        if "ExposureValue" in varied:
            found = {name: value for name, value in found.items() if name not in _EXPOSURE}
        return varied_controls(found, varied)

    def _start(self, kind: str, controls: Values, plain: bool, *, in_bracket: bool) -> None:
        context, settings, camera = self._context, self._settings, self._camera
        assert camera is not None
        began = time.monotonic()
        self._running = None
        self._fits = plain and photos_equal_snapshots(settings, camera, kind)
        self._carried_over = found = {} if self._fits else controls
        self._work.mkdir(parents=True, exist_ok=True)
        request = None if self._fits else PhotoRequest(kind, self._work, found, in_bracket)
        context.start_stills(settings, camera, request, self._stopping)
        waits = context.driver.waits_for_focus
        if not is_fully_manual(settings, kind, found, camera, waits_for_focus=waits):
            lens = not waits and scans_at_start(effective_controls(settings, kind) | found, camera)
            context.converge(SCAN_S if lens else CONVERGE_S, self._stopping)
        took_s = time.monotonic() - began
        self.lead_s = min(MAX_LEAD_S, max(1.3 * took_s + 0.5, 0.8 * self.lead_s))

    def _stopping(self) -> bool:
        return self._context.stopping


def as_jpeg(settings: Settings) -> Settings:
    """The settings for series: their pictures are JPEGs, whatever the format of photos."""
    if settings.files.photo == "jpg":
        return settings
    return replace(settings, files=replace(settings.files, photo="jpg"))


def _plain(definition: Definition, fixed: bool, varied: Varied) -> bool:
    """Whether the settings alone say how the shots of a series are taken."""
    varies = varied or definition.variation or definition.smooth
    return not varies and not (definition.fixed and fixed)


def _in_bracket(definition: Definition) -> bool:
    """Whether each moment has several shots, which differ in the exposure."""
    vary = definition.variation
    return vary is not None and vary.control in ("ExposureValue", *_EXPOSURE) and len(definition.shots_at) > 1


def _in_exposure_bracket(definition: Definition, varied: Varied) -> bool:
    return "ExposureValue" in varied and _in_bracket(definition)


def keeps_exposure(definition: Definition) -> bool:
    """Whether exposure and white balance stay: in a bracket of time or gain the other must not compensate."""
    vary = definition.variation
    return definition.fixed or (vary is not None and vary.control in _EXPOSURE)


def fixed_controls(metadata: Metadata) -> Values:
    """Exposure and white balance of the picture with this metadata; empty where they are unknown."""
    found: Values = {name: clamped(name, metadata[name]) for name in _EXPOSURE if is_number(metadata.get(name))}
    gains = metadata.get("ColourGains")
    if isinstance(gains, list) and len(gains) == 2:
        found["ColourGains"] = [clamped("ColourGains", gain) for gain in gains]
    return found


def metered_controls(metadata: Metadata, bias_ev: float) -> Values:
    """Exposure at 0 EV, white balance and focus by a picture's metadata, for the rest of its bracket.

    The camera programs have no option for digital gain, so AnalogueGain includes it. Empty if the exposure is unknown:
    then the camera meters each picture of the bracket.

    Args:
        bias_ev: of that picture.
    """
    found = fixed_controls(metadata)
    if not {"ExposureTime", "AnalogueGain"} <= found.keys():
        return {}
    digital, position = metadata.get("DigitalGain", 1.0), metadata.get("LensPosition")
    found["ExposureTime"] = clamped("ExposureTime", found["ExposureTime"] * 2**-bias_ev)
    if is_number(digital) and digital > 1:
        found["AnalogueGain"] = clamped("AnalogueGain", found["AnalogueGain"] * digital)
    if is_number(position):
        found |= {"AfMode": "Manual", "AfTrigger": "Cancel", "LensPosition": clamped("LensPosition", position)}
    return found


def varied_controls(given: Mapping[str, Any], varied: Mapping[str, float]) -> Values:
    """The controls of one shot of a bracket or a variation.

    Args:
        given: the controls of all shots, or those that the camera had found before.
        varied: this shot's own; an ExposureValue (stops) changes the time of an exposure that is given.
    """
    controls: Values = dict(given)
    for name, value in varied.items():
        if name == "LensPosition":
            controls |= {"AfMode": "Manual", "AfTrigger": "Cancel", name: clamped(name, value)}
        elif name == "ExposureValue" and "ExposureTime" in controls:
            controls["ExposureTime"] = clamped("ExposureTime", controls["ExposureTime"] * 2**value)
        else:
            controls[name] = clamped(name, value)
    return controls
