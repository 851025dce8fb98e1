"""The newest frame at a few smaller widths: scaled once for everybody who asks for the same."""

from __future__ import annotations

import re
import threading
from collections import Counter

from stillcam.frames.files import Frame
from stillcam.frames.jpeg import InvalidJpeg, check_jpeg
from stillcam.server.live.cache import CachedFrame, FrameCache
from stillcam.server.live.scaled.process import DamagedPicture, Scaler

WIDTHS = (320, 640, 1280)
_MARK = re.compile(r"-w[0-9]+$")


def frame_of(tag: str) -> str:
    """The name of the frame that a tag without its quotes is for: a smaller one has a tag of its own."""
    return _MARK.sub("", tag)


class ScaledFrames:
    """The newest frame of one camera at smaller widths. Only what is made of the newest frame is kept.

    Attributes:
        counts: how many frames were scaled, by width.
    """

    def __init__(self, cache: FrameCache, scaler: Scaler) -> None:
        self.counts = Counter[int]()
        self._cache = cache
        self._scaler = scaler
        self._lock = threading.Lock()  # one at a time; it guards what follows, and `counts`
        self._name = ""
        self._scaled: dict[int, CachedFrame | DamagedPicture] = {}  # of the frame of that name, by width

    def newest(self, width: int) -> CachedFrame:
        """The newest frame at a width, under a tag of its own; the frame itself if it is no wider.

        A caller that has waited for others gets the frame that is the newest by then.

        Args:
            width: pixels; one of `WIDTHS`. There has to be a frame.

        Raises:
            ScalingError: it cannot be scaled.
        """
        with self._lock:
            frame = self._cache.newest
            assert frame is not None
            if frame.name != self._name:
                self._name, self._scaled = frame.name, {}
            if width not in self._scaled:
                self._scaled[width] = self._scale(frame, width)
            result = self._scaled[width]
        if isinstance(result, DamagedPicture):
            raise result
        return result

    def _scale(self, frame: CachedFrame, width: int) -> CachedFrame | DamagedPicture:
        try:
            if check_jpeg(bytes(frame.picture.data))[0] <= width:
                return frame
            file = self._scaler.scale(frame.picture, width)
        except InvalidJpeg as error:
            return DamagedPicture(str(error))
        except DamagedPicture as error:
            return error
        self.counts[width] += 1
        smaller = Frame(frame.name, frame.time_s, file)
        return CachedFrame.of(smaller, frame.received_s, frame.sequence, f"-w{width}")
