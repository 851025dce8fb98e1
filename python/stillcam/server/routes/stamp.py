"""`api/stamp/preview`: what a stamp looks like before it is saved."""

from __future__ import annotations

from stillcam.http.messages import Answer
from stillcam.server.camera_context import CameraContext
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.route import Access, Request, Route
from stillcam.server.stamp_preview import StampPreview
from stillcam.settings.document import patched

_SHAPE = Parameter(
    "width and height of the pictures that the stamp is for, such as 4056x3040: the preview is cropped to their"
    " proportions; without it, it shows the whole picture",
    {"type": "string", "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"},
    error="shape must be a width and a height in pixels, like 4056x3040",
)


class StampRoutes:
    """The routes of the stamp of one camera."""

    def __init__(self, context: CameraContext) -> None:
        self._settings = context.settings
        self._preview = StampPreview(context)

    def routes(self) -> list[Route]:
        """Only owners start a process by a request."""
        return [
            api("Settings", "POST", "api/stamp/preview", Access.OWNER, self._post,
                "The newest picture with a stamp by the given settings, which are not saved.", {200: "image/jpeg"},
                body=Body("StampPatch", checked=False), errors=(409,), query={"shape": _SHAPE}),
        ]  # fmt: skip

    def _post(self, request: Request, patch: Document) -> Answer:
        stamp = patched(self._settings(), {"stamp": patch}).stamp
        shape = request.value("shape")
        width, _, height = (shape or "").partition("x")
        jpeg = self._preview.make(stamp, (int(width), int(height)) if shape else None)
        return Answer(200, jpeg, {"Content-Type": "image/jpeg", "Cache-Control": "no-store"})
