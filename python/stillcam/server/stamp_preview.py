"""The newest picture with a stamp that is being edited, made by a child process."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.frames.files import CURRENT, UNSTAMPED
from stillcam.http.messages import Refused
from stillcam.server.camera_context import CameraContext
from stillcam.server.errors import RETRY
from stillcam.settings.schema import StampSettings
from stillcam.settings.stamp_text import stamp_of

if TYPE_CHECKING:
    import subprocess

LIMIT_S = 20.0  # for one preview; a picture of 64 megapixels takes some seconds on the slowest board


class StampPreview:
    """Makes previews of the stamp of one camera. One process runs at a time: a newer request ends the older one."""

    def __init__(self, context: CameraContext) -> None:
        self._context = context
        self._lock = threading.Lock()  # guards the process of the newest request
        self._child: subprocess.Popen[bytes] | None = None

    def make(self, settings: StampSettings, shape: tuple[int, int] | None) -> bytes:
        """A JPEG of the newest picture with a stamp by these settings, whatever its uses are.

        Args:
            shape: see `edits.preview`.

        Raises:
            Refused: 409: there is a newer request; 503: there is no picture, or it cannot be stamped.
        """
        context = self._context
        frame, status = context.cache.newest, context.daemon.status()
        if frame is None:
            raise Refused(503, "no picture yet: see the status of the camera", headers=RETRY)
        model, metadata = (status.get("camera") or {}).get("model", ""), status.get("metadata") or {}
        stamp = stamp_of(settings, frame.time_s, socket.gethostname(), model, metadata)
        plan = json.dumps({"stamp": asdict(stamp), "shape": shape})
        return self._run([sys.executable, "-P", "-m", "stillcam.edits", plan, str(self._source()), "/dev/stdout"])

    def _source(self) -> Path:
        """The newest picture; without the stamp that is in force, if published pictures have one."""
        images = self._context.paths.images
        unstamped = images / UNSTAMPED
        stamped = "live" in self._context.settings().stamp.uses
        return unstamped if stamped and unstamped.exists() else images / CURRENT

    def _run(self, argv: Sequence[str]) -> bytes:
        import subprocess

        with self._lock:
            if self._child:
                self._child.kill()
            child = self._child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )  # a Ctrl-C in the terminal is the server's to handle
        try:
            jpeg, errors = child.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise Refused(503, f"no preview within {LIMIT_S:g} s; check the CPU load", headers=RETRY) from None
        finally:
            with self._lock:
                newest = self._child is child
                self._child = None if newest else self._child
        if not newest:
            raise Refused(409, "a newer preview has been requested")
        if child.returncode:
            reason = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise Refused(
                503, f"the picture cannot be stamped: {reason or f'status {child.returncode}'}", headers=RETRY
            )
        return jpeg
