"""When an armed camera looks for motion: on some days, between two times. No clock is read."""

from __future__ import annotations

from stillcam.series.daily_window import DailyWindow
from stillcam.settings.schema import MotionSettings, PlaceSettings


class Arming:
    """The times of detection.

    Args:
        zone: of the local clock, see `stillcam.common.clock`.
    """

    def __init__(self, settings: MotionSettings, place: PlaceSettings, zone: str) -> None:
        times = settings.active_from, settings.active_to
        self._window = DailyWindow(settings.weekdays, times, (place.latitude, place.longitude), zone)

    def looks(self, now_ms: int) -> bool:
        """Whether it looks for motion at this time (ms since the epoch)."""
        return self._window.is_open(now_ms)

    def next_change(self, now_ms: int) -> int | None:
        """When that changes (ms since the epoch); None: not within a year."""
        return self._window.next_change(now_ms)
