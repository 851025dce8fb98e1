"""The newest frame at a smaller width, for viewers on a slow link: scaled once for all of them.

The JPEG is decoded at a half, a quarter or an eighth by its own transform, which takes a fraction of the memory and
the time of the whole picture. Only what is made of the newest frame is kept. Pillow is loaded with the first one.
"""

from __future__ import annotations

import io
import logging
import re
import threading

from stillcam.frames.files import Frame
from stillcam.server.live.cache import CachedFrame

WIDTHS = (320, 640, 1280)
SCALED_QUALITY = 75
_MARK = re.compile(r"-w[0-9]+$")


def frame_of(tag: str) -> str:
    """The name of the frame that a tag without its quotes is for: a smaller one has a tag of its own."""
    return _MARK.sub("", tag)


class ScaledFrames:
    """Scales the newest frame, once for each width."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one at a time: live viewers need the processor too
        self._name = ""
        self._scaled: dict[int, CachedFrame] = {}  # of the frame of that name, by width

    def of(self, frame: CachedFrame, width: int) -> CachedFrame:
        """A frame at a width, under a tag of its own; the frame itself if it is no wider.

        Args:
            width: pixels; one of `WIDTHS`.
        """
        with self._lock:
            if frame.name != self._name:
                self._name, self._scaled = frame.name, {}
            if width not in self._scaled:
                self._scaled[width] = _scaled(frame, width)
            return self._scaled[width]


def _scaled(frame: CachedFrame, width: int) -> CachedFrame:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(frame.picture.data), formats=("JPEG",)) as image:
            if image.width <= width:
                return frame
            size = width, max(1, round(width * image.height / image.width))
            image.draft("RGB", size)
            small = image.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    except (OSError, ValueError, Image.DecompressionBombError) as error:  # the viewer gets the damaged frame
        logging.warning("%s cannot be scaled: %s", frame.name, error)
        return frame
    file = io.BytesIO()
    small.save(file, "JPEG", quality=SCALED_QUALITY)
    return CachedFrame.of(
        Frame(frame.name, frame.time_s, file.getvalue()), frame.received_s, frame.sequence, f"-w{width}"
    )
