"""How long frames are waited for when they come slowly."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.camera.driver import Interrupted
from stillcam.capture.modes.live import LiveMode
from stillcam.capture.recovery import stall_timeout_s
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

HIDDEN = 6  # frames that libcamera keeps for itself at the start, on most sensors


class SlowContext:
    """Notes how long the live view waits for its first frame and for the next one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.waited: list[float] = []
        self.live: LiveMode | None = None
        self.settings = SimpleNamespace(confirmed=False)
        self.status = SimpleNamespace(enter=lambda *_: None, capturing=lambda: None)
        self.backoff = SimpleNamespace(reason=None)
        self.driver = SimpleNamespace(start_live=lambda *_: None, read_frames=None)
        self.stop_camera = lambda: True
        self.publisher = SimpleNamespace(publish_live=lambda *_: "frame")

    def next_mode(self) -> Any:
        return self.live

    def stall_timeout_s(self, cycle_s: Any) -> float:
        return stall_timeout_s(cycle_s(self._settings), self._settings, {})

    def wait_for(self, _wait: Any, timeout_s: float) -> list[bytes]:
        self.waited.append(timeout_s)
        if len(self.waited) == 2:
            raise Interrupted
        return [b""]

    def frame_published(self, _name: str) -> None:
        self.settings.confirmed = True


@pytest.mark.parametrize("rate", [0.1, 1, 15])
def test_the_first_frame_is_waited_for_as_long_as_those_that_are_hidden_take(rate):
    settings = patched(Settings(), {"live": {"framerate": rate}})
    context: Any = SlowContext(settings)
    camera: Any = None
    context.live = LiveMode(context)
    with pytest.raises(Interrupted):
        context.live.run(settings, camera)
    first_s, next_s = context.waited
    assert first_s > (HIDDEN + 2) / rate + 10
    assert next_s > 2 / rate
