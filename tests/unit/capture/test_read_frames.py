"""Frames of the live stream: only those that are used are drawn into, as that may take longer than a frame lasts."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.capture.context import MAX_TORN, CaptureContext
from stillcam.common.errors import CameraError
from stillcam.common.paths import Paths
from stillcam.frames.files import lock_folder
from stillcam.settings.capabilities import RPICAM
from stillcam.settings.schema import Settings


@pytest.fixture
def context(tmp_path):
    driver: Any = SimpleNamespace(
        name="slow", capabilities=RPICAM, metadata={}, read_frames=lambda *_: [b"1", b"2", b"3"], stop=lambda *_: True
    )
    paths = Paths(tmp_path / "images", tmp_path / "data")
    paths.images.mkdir()
    context = CaptureContext(paths, driver, Settings(), lock_folder(paths.images), tuple, {})
    yield context
    context.close()


@pytest.mark.parametrize(("newest_only", "drawn"), [(True, [b"3"]), (False, [b"1", b"2", b"3"])])
def test_frames_that_nothing_needs_are_not_masked(context, monkeypatch, newest_only, drawn):
    masked: list[list[bytes]] = []

    def frames(given: list[bytes]) -> list[bytes]:
        masked.append(given)
        return given

    monkeypatch.setattr(context.edits, "frames", frames)
    assert context.read_frames(1.0, lambda: newest_only) == drawn
    assert masked == [drawn]


@pytest.mark.parametrize(("damaged", "fails"), [(MAX_TORN - 1, False), (MAX_TORN, True)])
def test_some_damaged_frames_are_skipped_without_a_restart_of_the_camera(context, monkeypatch, damaged, fails):
    left = [CameraError("torn", "incomplete")] * damaged

    def frames(given: list[bytes]) -> list[bytes]:
        if left:
            raise left.pop()
        return given

    monkeypatch.setattr(context.edits, "frames", frames)
    if fails:
        with pytest.raises(CameraError, match="incomplete"):
            context.read_frames(1.0, lambda: True)
    else:
        assert context.read_frames(1.0, lambda: True) == [b"3"]
    status = context.status.to_json()
    assert (status["failures"], status["restarts"]) == ({"torn": MAX_TORN - 1}, {})
