"""`api/motion/…`: arm and disarm the camera, record an event on request, and show what the detector sees."""

from __future__ import annotations

from functools import partial
from typing import Any

from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.camera_context import CameraContext
from stillcam.server.errors import refusal_of
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.openapi.shapes import Shape, define, list_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.server.settings_service import SettingsService

_AFTER = Parameter(
    "number of the newest look that the client has; 0", {"type": "integer", "minimum": 0, "maximum": 10**9}
)
ANSWER_S = 8.0  # the daemon answers at once, unless the camera holds its thread

EVENT: Shape = record(
    number=shape("count", "rises with each event since the daemon's start"),
    start="time", end=shape("time?", "of the last motion; null: it lasts"), trigger=one_of("motion", "request", "keep"),
    item=shape("text?", "DAY/NAME, the address below library/; null: there is none yet"),
)  # fmt: skip

_IGNORED = one_of("", "settling", "light")

MOTION = maybe(record(
    {"held_s": shape("number", "seconds that are kept in memory, for the next event"),
     "counts": record(
        events=shape("count", "since the daemon's start"), looked=shape("count", "frames that were looked at"),
        skipped=shape("count", "frames for which there was no time"),
        dropped=shape("count", "frames that the disk was too slow for"),
    )},
    armed="flag", scheduled=shape("flag", "whether it looks now by the schedule"),
    active=shape("flag", "whether it looks now: the camera is free for it, too"),
    next=shape("time?", "when the schedule changes that; null: it has no end"),
    level=shape("count", "blocks in the largest group that differs"), threshold=shape("count", "blocks that count"),
    ignored=_IGNORED,
    event=maybe(EVENT, "the newest event; null: there was none"),
    earlier=shape(list_of(EVENT), "the events before it, newest first; three at most"),
))  # fmt: skip

_BLOCKS = list_of(list_of("count") | {"minItems": 2, "maxItems": 2})
_LOOK = record(
    number=shape("count", "rises with each look"), time="time",
    level=shape("count", "blocks in the largest group that differs"), ignored=_IGNORED,
    motion=shape("flag", "whether enough of the last frames show motion"),
)  # fmt: skip

define(
    MotionLevel=record(
        active=shape("flag", "whether motion makes an event now"),
        reason=shape("text?", "why the detector sees nothing now; null: it sees"),
        threshold=shape("count", "blocks that count; 0: not known yet"),
        looks=shape(list_of(_LOOK), "at frames of the last 60 s, oldest first"),
        columns=shape("count", "of blocks in the shown picture; 0: there was no look yet"),
        rows="count",
        blocks=shape(_BLOCKS, "column and row of the blocks that count, in the newest look"),
        others=shape(_BLOCKS, "the blocks that differ and do not count"),
        mask=maybe(
            list_of({"type": "string", "pattern": "^[01]*$"}),
            "each row of blocks; 0: zones exclude the block; null: no zones",
        ),
    ),
    Arm=record(armed="flag"),
    Armed=record(armed="flag", notice=shape("text?", "why it has not taken effect; null: it has")),
    Trigger=record({"seconds": {"type": "number", "minimum": 1, "maximum": 3600, "description": "length; 10"}}),
    Keep=record({"seconds": {"type": "number", "minimum": 1, "maximum": 30, "description": "length; 10"}}),
    MotionEvent=record(event=maybe(EVENT, "null: the camera is busy, and the request waits for it")),
)


class MotionRoutes:
    """The routes of motion detection."""

    def __init__(self, context: CameraContext, service: SettingsService) -> None:
        self._context = context
        self._service = service

    def routes(self) -> list[Route]:
        """Whoever may take pictures may arm the camera, too."""
        control, motion = Access.CONTROL, partial(api, "Motion")
        return [
            motion("POST", "api/motion/arm", control, self._arm,
                   "Arm or disarm the camera; kept across restarts as the setting motion.armed.", {200: "Armed"},
                   body=Body("Arm"), errors=(409,)),
            motion("POST", "api/motion/trigger", control, self._trigger,
                   "Record an event now, or let the current one go on for so long.", {202: "MotionEvent"},
                   body=Body("Trigger", required=False), errors=(409, 507)),
            motion("POST", "api/motion/keep", control, self._keep,
                   "Keep the last seconds of an armed camera as an event.", {202: "MotionEvent"},
                   body=Body("Keep", required=False), errors=(409, 507)),
            motion("GET", "api/motion/level", control, self._level,
                   "What the detector sees; it looks for 5 s after each request, also while the camera is disarmed.",
                   {200: "MotionLevel"}, query={"after": _AFTER}),
        ]  # fmt: skip

    def _arm(self, request: Request, wanted: Document) -> Document:
        state = self._service.arm(wanted["armed"], request.host)
        return {"armed": state.in_force.motion.armed, "notice": state.notice}

    def _trigger(self, _request: Request, order: Document) -> Document:
        return self._event(command="trigger", seconds=order.get("seconds"))

    def _keep(self, _request: Request, order: Document) -> Document:
        return self._event(command="keep", seconds=order.get("seconds"))

    def _level(self, request: Request) -> Document:
        return ask(self._context.paths.socket, {"command": "level", "after": int(request.value("after") or 0)})

    def _event(self, **message: Any) -> Document:
        try:
            answer = ask(self._context.paths.socket, {**message, "wait_s": ANSWER_S}, 2 * ANSWER_S)
            return {"event": answer.get("event")}
        except Refusal as refusal:
            raise refusal_of(refusal, busy=409) from refusal
