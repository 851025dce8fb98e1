"""The session of an armed camera, with a stream that is slow."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.capture.motion_events.session import MotionSession
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

CAMERA = CameraInfo(0, "imx219", (3280, 2464), None, None, "/base/camera", ())


@pytest.mark.parametrize(("rate", "held_s"), [(0.2, 5.0), (15, 0.0)])
def test_frames_of_a_slow_stream_are_no_gap(monkeypatch, tmp_path: Path, rate, held_s):
    """A frame that is due every 5 s comes after 5 s: the one before is still of use. Of a fast stream it is not."""
    now = [1000.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0])
    monkeypatch.setattr("stillcam.capture.motion_events.session.time", clock)
    settings = patched(Settings(), {"live": {"framerate": rate}})
    library: Any = tmp_path
    session = MotionSession(library, lambda *_: None, settings.motion, 0)
    try:
        session.begin_stream(settings, CAMERA)
        session.add([b"one"], {}, look=False)
        now[0] += 5.0
        session.add([b"two"], {}, look=False)
        assert session.sees
        assert session.to_json()["held_s"] == held_s
    finally:
        session.close()
