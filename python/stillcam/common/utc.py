"""UTC as text."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(time_s: float) -> str:
    """`time_s` (seconds since the epoch) as ISO 8601 in UTC with milliseconds: `2026-11-20T23:45:01.123Z`."""
    millis = int(time_s * 1000 + 0.5)
    return f"{datetime.fromtimestamp(millis // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"
