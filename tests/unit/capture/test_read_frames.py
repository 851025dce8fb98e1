"""Frames of the live stream: only those that are used are drawn into, as that may take longer than a frame lasts."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.capture.context import CaptureContext
from stillcam.common.paths import Paths
from stillcam.frames.files import lock_folder
from stillcam.settings.capabilities import RPICAM
from stillcam.settings.schema import Settings


@pytest.mark.parametrize(("newest_only", "drawn"), [(True, [b"3"]), (False, [b"1", b"2", b"3"])])
def test_frames_that_nothing_needs_are_not_masked(tmp_path, monkeypatch, newest_only, drawn):
    driver: Any = SimpleNamespace(
        name="slow", capabilities=RPICAM, metadata={}, read_frames=lambda *_: [b"1", b"2", b"3"], stop=lambda *_: True
    )
    paths = Paths(tmp_path / "images", tmp_path / "data")
    paths.images.mkdir()
    context = CaptureContext(paths, driver, Settings(), lock_folder(paths.images), tuple, {})
    masked: list[list[bytes]] = []

    def frames(given: list[bytes]) -> list[bytes]:
        masked.append(given)
        return given

    monkeypatch.setattr(context.edits, "frames", frames)
    assert context.read_frames(1.0, lambda: newest_only) == drawn
    assert masked == [drawn]
    context.close()
