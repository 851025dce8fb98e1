"""The state of the camera since the start of its daemon, from the daemon's status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillcam import __version__
from stillcam.system_info import Row, known

CAUSES = {
    "absent": "no camera was found",
    "busy": "another program used the camera",
    "died": "the camera program died",
    "stalled": "no picture arrived in time",
    "frozen": "the camera repeated the same picture",
    "torn": "a picture was incomplete",
    "disk": "a picture could not be written",
    "options": "the camera program refused its options",
    "missing": "the camera program was not found",
    "short": "too few file descriptors or too little memory",
}


def camera(status: Mapping[str, Any], viewers: int, slow: int) -> list[Row]:
    """Version, mode, frames, viewers, and the causes of restarts.

    Args:
        status: of the daemon; `running` is false when it does not answer.
        viewers: how many watch live now.
        slow: how many of them receive fewer frames than the camera makes.
    """
    rows: list[tuple[str, object]] = [
        ("Stillcam", __version__),
        ("Viewers now", viewers),
        ("Slow viewers", _slow(slow, viewers) if slow else None),
    ]
    if not status.get("running"):
        return known([*rows, ("Capture daemon", f"does not answer: {status.get('reason')}")])
    reason = f": {status['reason']}" if status.get("reason") else ""
    captures, restarts = status.get("captures", {}), status.get("restarts", {})
    return known([
        *rows,
        ("Camera", (status.get("camera") or {}).get("model", "none")),
        ("Driver", status.get("driver")),
        ("Mode", f"{status.get('mode')} since {status.get('since')}{reason}"),
        ("Capture daemon", f"running since {status.get('started')}"),
        ("Pictures", f"{captures.get('ok', 0)} taken, {captures.get('failed', 0)} failed"),
        ("Privacy", masks_text(status)),
        ("Notice", status.get("notice")),
        ("Camera restarts", None if restarts else "none"),
        *((f"Restarts: {CAUSES.get(cause, cause)}", count) for cause, count in restarts.items()),
    ])  # fmt: skip


def masks_text(status: Mapping[str, Any]) -> str | None:
    """The privacy masks in a status of the daemon; None: there are none."""
    privacy = status.get("privacy") or {}
    if not (count := privacy.get("masks")):
        return None
    raw = "raw photos are allowed, and show everything" if privacy["raw"] else "no raw photos"
    return f"{count} privacy mask{'s' if count > 1 else ''}; {raw}"


def _slow(slow: int, viewers: int) -> str:
    who = f"{slow} of {viewers} viewers" if viewers > 1 else "the viewer"
    one = slow == 1
    return (
        f"{who} {'receives' if one else 'receive'} fewer frames than the camera makes:"
        f" {'its' if one else 'their'} network is too slow"
    )
