"""Estimates of a series that does not exist yet, for the form while it is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from stillcam.common.disk_space import writable_bytes
from stillcam.common.formats import utc_text
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.series.definition import Definition
from stillcam.series.estimate import can_fill_disk, disk_full_ms, due_per_day, end_ms, upcoming
from stillcam.series.exposure import needed_s
from stillcam.server.camera_context import CameraContext

NEXT = 5  # moments shown
RAW_BYTES_PER_PIXEL = 2  # a DNG of rpicam-apps holds 16 bits a pixel, uncompressed (rpicam-apps, image/dng.cpp)


def preview(
    context: CameraContext, definition: Definition, existing: Sequence[Mapping[str, Any]], now_ms: int
) -> dict[str, Any]:
    """How many shots a series will take, and how much room they need, as `SeriesPreview` of the API.

    Args:
        context: its disk fills, and its newest frame gives the size of a picture.
        definition: of the series.
        existing: the summaries of all series; one of the same name is the one that is to be changed.
        now_ms: since the epoch.
    """
    schedule, at_once = definition.schedule, len(definition.shots_at)
    own = next((series for series in existing if series["name"] == definition.name), None)
    taken = own["taken"] if own else 0
    left = None if schedule.shots is None else max(0, schedule.shots - taken)
    per_day = due_per_day(schedule, now_ms)
    shot_bytes = _average(own, definition.kind) or estimated_bytes(context, definition.kind)
    full = None
    if shot_bytes is not None and per_day:
        others = sum(_bytes_per_day(series) for series in existing if series is not own)
        with suppress(OSError):  # the disk does not answer: unknown
            room = writable_bytes(context.paths.series, context.settings().files.floor_mb)
            if can_fill_disk(definition.retention, shot_bytes * at_once * per_day, own["bytes"] if own else 0, room):
                full = disk_full_ms(schedule, now_ms, left, shot_bytes * at_once + others / per_day, room)
    return {
        "shots_per_day": round(per_day * at_once, 1),
        "shots": schedule.shots,
        "bytes_per_shot": shot_bytes,
        "bytes_per_day": shot_bytes and round(shot_bytes * per_day * at_once),
        "full": _text(full),
        "next": [_text(moment) for moment in upcoming(schedule, now_ms, NEXT if left is None else min(NEXT, left))],
        "ends": _text(end_ms(schedule, now_ms, left)),
        "zone": schedule.zone.key,
        "warning": _warning(definition, context.daemon.status().get("driver")),
    }


def _warning(definition: Definition, driver: str | None) -> str | None:
    """That the camera program, which restarts for each change of the exposure, takes longer than the interval."""
    smooth, interval_s = definition.smooth_within_interval, definition.schedule.interval_ms / 1000
    if smooth is None or driver == "picamera2" or interval_s >= needed_s(smooth.longest_s):
        return None
    return (
        f"shots may be missed: the camera program restarts for each change of the exposure. With exposures of up to"
        f" {smooth.longest_s:g} s, choose an interval of {needed_s(smooth.longest_s):.1f} s or more"
    )


def _average(series: Mapping[str, Any] | None, kind: str) -> int | None:
    """How large the shots of a series have been so far; None where there are none of this kind."""
    if not series or series["kind"] != kind or not series["shots"]:
        return None
    return int(series["bytes"] / series["shots"])


def estimated_bytes(context: CameraContext, kind: str) -> int | None:
    """The bytes of a shot, by the newest frame and the number of pixels; None: unknown."""
    newest, camera = context.cache.newest, context.daemon.status().get("camera")
    if newest is None or not camera:
        return None
    try:
        width, height = check_jpeg(bytes(newest.picture.data))
    except InvalidJpeg:
        return None
    settings, sensor = context.settings(), camera["size"]
    photo = settings.raw if kind == "raw" else settings.photo
    pixels = _pixels(photo.width, 0 if photo.align else photo.height, sensor)
    raw_bytes = RAW_BYTES_PER_PIXEL * sensor[0] * sensor[1] if kind == "raw" else 0
    return round(len(newest.picture) * pixels / width / height + raw_bytes)


def _pixels(width: int, height: int, sensor: Sequence[int]) -> float:
    """Of a picture of this size, where 0 follows from the sensor's aspect ratio."""
    if not width and not height:
        return float(sensor[0] * sensor[1])
    return (width or height * sensor[0] / sensor[1]) * (height or width * sensor[1] / sensor[0])


def _bytes_per_day(series: Mapping[str, Any]) -> float:
    """Of a series that is planned or running."""
    return float(series["forecast"]["bytes_per_day"] or 0) if series["state"] in ("planned", "running") else 0.0


def _text(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else utc_text(moment_ms / 1000)
