"""`api/cameras`, `api/controls`, `api/photos` and what else is asked of a camera: what it can do, and pictures now."""

from __future__ import annotations

from functools import partial
from typing import Any

from stillcam.http.messages import ANSWER_S, Answer, as_json
from stillcam.ipc.protocol import Refusal, ask
from stillcam.server.camera_context import CameraContext
from stillcam.server.errors import refusal_of
from stillcam.server.openapi.route import Body, Document, api
from stillcam.server.openapi.shapes import define, list_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Request, Route
from stillcam.settings import tuning_files
from stillcam.settings.controls import CONTROLS, table_for

LIST_TIMEOUT_S = 5.0  # for the list that the daemon has
TAKE_S = 20.0  # then the answer gives the progress: proxies cut an answer that takes 30 s or more
ANSWER_GRACE_S = 8.0  # beyond that, for the daemon's answer to arrive


_KIND = one_of("photo", "raw")
_WAIT_FOR = shape("frame?", "the frame that the server cannot serve yet; null: it can")
_MODE = record(
    format="text", size="size", bit_depth="count?", fps="number?", crop="number[]?",
    sensor_mode={"type": "string", "description": "a value for the setting of that name"},
)  # fmt: skip
_CAMERA = record(
    index="count", model="text", size="size", bit_depth="count?", colour="text?", path="text",
    held={"type": "boolean", "description": "in use by another program when listed; only sizes are known"},
    properties=shape("object", "libcamera's names"), modes=list_of(_MODE),
)  # fmt: skip
_CONTROL = record(
    name=one_of(*CONTROLS), group=one_of(*dict.fromkeys(control.group for control in CONTROLS.values())),
    type=one_of("bool", "int", "float", "choice", "pair", "crop", "windows", "matrix"),
    unit="text", low="number?", high="number?", step="number?", scale=one_of("linear", "log"),
    choices=list_of(record(value="text", text="text")), default={}, text="text", available="flag",
    reason=shape("text?", "why it cannot be set"),
    overridden_by=maybe(record(control=one_of(*CONTROLS), values=list_of({}), text="text", ending_value={}),
                "another control that disables this one while it has one of these values"),
    needs=shape(list_of(one_of(*CONTROLS)), "the controls without which it cannot be set; a switch: cannot be off"),
)  # fmt: skip
TAKING = maybe(
    record(
        kind=_KIND,
        done="count",
        of="count",
        due=shape("time?", "the moment of the self-timer; null: it is being taken"),
    )
)
RECORDING = maybe(
    record(
        since="time",
        seconds=shape("count?", "null: until it is stopped"),
        bytes="count",
        left_s="number?",
        bytes_per_s=shape("count", "estimated for the first two seconds, then measured"),
        room_s=shape("number?", "how much longer the disk has room for it; null: not known yet"),
        dropped=shape("count", "frames that the disk was too slow for"),
        picture=shape("flag", "there are new frames meanwhile, and photos are frames of the video"),
    )
)

define(
    ControlTable=record(controls=list_of(_CONTROL)),
    Cameras=record(active="count?", cameras=list_of(_CAMERA)),
    Tuning=record(files="text[]", folder="text?"),
    Focus=record(
        state=one_of("focused", "failed"), lens_position=shape("number?", "dioptres"),
        distance_m=shape("number?", "null: infinity, or not known"), frame="frame?", wait_for=_WAIT_FOR,
    ),
    Taken=record(frame="frame", wait_for=_WAIT_FOR),
    PhotoOrder=record({
        "kind": _KIND,
        "count": {"type": "integer", "minimum": 1, "maximum": 100, "description": "of a burst; 1"},
        "delay_s": {"type": "number", "minimum": 0, "maximum": 3600, "description": "of the self-timer; 0"},
    }),
    VideoOrder=record({"seconds": {"type": ["integer", "null"], "minimum": 1, "maximum": 86400}}),
    Items=record(items=shape(list_of(shape("text", "DAY/NAME")), "addresses below library/")),
    Taking=record(
        taking=TAKING,
        waits_for=maybe(one_of("video"), "the end of the video, for which a raw photo waits; null: the camera"),
    ),
    Recording=record(recording=RECORDING),
)  # fmt: skip


class CameraRoutes:
    """The routes of the cameras of this machine, and of the one in use."""

    def __init__(self, context: CameraContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The library right is enough to see which cameras there are; anything else needs control."""
        control, camera = Access.CONTROL, partial(api, "Camera")
        return [
            camera("GET", "api/cameras", Access.LIBRARY, self._cameras,
                   "The cameras, their sensor modes and properties.", {200: "Cameras"}),
            camera("POST", "api/cameras", control, self._detect, "List the cameras again; pictures pause meanwhile.",
                   {200: "Cameras"}),
            camera("GET", "api/tuning", control, self._tuning, "The tuning files of this board.", {200: "Tuning"}),
            camera("GET", "api/controls", control, self._controls,
                   "The table of controls, with those that this camera does not support.", {200: "ControlTable"}),
            camera("POST", "api/focus", control, self._focus, "Run one autofocus scan; answered when it has ended.",
                   {200: "Focus"}, errors=(409,)),
            camera("POST", "api/snapshot", control, self._snapshot, "Take a snapshot now.", {200: "Taken"}),
            camera("POST", "api/photos", control, self._photos,
                   "Take photos or raw photos; 202: still in progress, see api/status.", {201: "Items", 202: "Taking"},
                   body=Body("PhotoOrder", required=False), errors=(409, 507)),
            camera("DELETE", "api/photos", control, self._cancel_photos,
                   "Cancel a burst or a self-timer; photos that were taken are kept.", {200: "Items"}),
            camera("POST", "api/video", control, self._video,
                   "Begin a video, of so many seconds or until it is stopped.", {202: "Recording"},
                   body=Body("VideoOrder", required=False), errors=(409, 507)),
            camera("DELETE", "api/video", control, self._stop_video, "End the video; 202: it is still being finished.",
                   {200: "Items", 202: "Items"}, errors=(409, 507)),
        ]  # fmt: skip

    # --- what there is

    def _cameras(self, _request: Request) -> Document:
        return self._ask(LIST_TIMEOUT_S, command="cameras")

    def _detect(self, _request: Request) -> Document:
        return self._ask(ANSWER_S + ANSWER_GRACE_S, command="cameras", again=True, wait_s=ANSWER_S)

    def _tuning(self, _request: Request) -> Document:
        """Names only: the contents of the files stay on the machine."""
        folder = tuning_files.folder()
        files = tuning_files.files(folder) if folder else []
        return {"files": files, "folder": folder and str(folder)}

    def _controls(self, _request: Request) -> Document:
        status = self._context.daemon.status()
        camera = status.get("camera")
        modes = tuning_files.modes(self._context.settings().camera.tuning_file, camera)
        return {"controls": table_for(status.get("abilities"), camera, modes)}

    # --- now

    def _focus(self, _request: Request) -> Document:
        found = self._ask(ANSWER_S + ANSWER_GRACE_S, command="focus", wait_s=ANSWER_S)
        return found | {"wait_for": self._context.cache.catch_up()}

    def _snapshot(self, _request: Request) -> Document:
        return {"frame": self._context.stills.take(), "wait_for": self._context.cache.catch_up()}

    # --- for the library

    def _photos(self, _request: Request, order: Document) -> Answer:
        count, delay_s = int(order.get("count", 1)), float(order.get("delay_s", 0))
        answer = self._take(command="photo", kind=order.get("kind", "photo"), count=count, delay_s=delay_s)
        return as_json(201, answer) if "items" in answer else as_json(202, {"waits_for": None, **answer})

    def _cancel_photos(self, _request: Request) -> Document:
        return self._take(command="cancel")

    def _video(self, _request: Request, order: Document) -> Document:
        seconds = order.get("seconds")
        return self._take(command="video", seconds=None if seconds is None else int(seconds))

    def _stop_video(self, _request: Request) -> Answer:
        answer = self._take(command="stop")
        return as_json(200 if answer else 202, answer or {"items": []})

    def _take(self, **message: Any) -> Document:
        try:
            return self._ask(TAKE_S + ANSWER_GRACE_S, **message, wait_s=TAKE_S)
        except Refusal as refusal:
            raise refusal_of(refusal, busy=409) from refusal

    def _ask(self, timeout_s: float, **message: Any) -> Document:
        return ask(self._context.paths.socket, message, timeout_s)
