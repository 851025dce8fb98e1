"""The session of an armed camera, with a stream that is slow, or a disk that hangs."""

import gc
import threading
import time
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from pictures import picture

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.writer import LibraryWriter
from stillcam.capture.motion_events.session import MotionSession
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.document import patched
from stillcam.settings.schema import Settings

MB = 1 << 20
DEADLINE_S = 60.0
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


class HungLibrary:
    """A library on a disk that does not answer until `answers` is set."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked: list[float] = []

    def begin_item(self, _kind: str, time_s: float, _camera: str) -> NoReturn:
        self.asked.append(time_s)
        self.answers.wait(DEADLINE_S)
        raise CameraError("disk", "it was unmounted")


@pytest.mark.parametrize("seconds", [10, 400], ids=["many events", "few events of many parts"])
def test_a_disk_that_hangs_costs_a_limited_amount_of_memory_and_threads(monkeypatch, seconds):
    """However many events there are, and however long they are: the frames of all of them are in one queue."""
    now = [1000.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0])
    monkeypatch.setattr("stillcam.capture.motion_events.session.time", clock)
    monkeypatch.setattr("stillcam.capture.motion_events.session.most_bytes", lambda _: MB)
    settings = patched(Settings(), {"live": {"framerate": 1}, "motion": {"max_s": 5, "after_s": 1}})
    hung = HungLibrary()
    library: Any = hung
    session = MotionSession(library, lambda *_: None, settings.motion, 0)
    try:
        session.begin_stream(settings, CAMERA)
        for _ in range(1200 // seconds):
            session.trigger(seconds)
            while session.has_event:
                now[0] += 1.0
                session.add([bytes(MB // 4)], {}, look=False)
        counts = session.to_json()["counts"]
        assert counts["events"] == 1200 // seconds
        assert counts["dropped"] > 1000
        assert 1 <= len(hung.asked) <= 10
    finally:
        hung.answers.set()
        session.close()


def test_the_item_of_an_event_is_shown_after_another_has_begun(monkeypatch, tmp_path: Path):
    """A program that requested an event waits for its item, and motion may make another event meanwhile."""
    now = [1000.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0])
    monkeypatch.setattr("stillcam.capture.motion_events.session.time", clock)
    settings = patched(Settings(), {"motion": {"record": "picture", "after_s": 1}})
    library = LibraryWriter(tmp_path, Settings, ClockTrust(tmp_path, tmp_path / "series"), (), lambda: None)
    session = MotionSession(library, lambda *_: None, settings.motion, 0)
    try:
        session.begin_stream(settings, CAMERA)
        for _ in range(2):
            session.trigger(1)
            while session.has_event:
                now[0] += 0.5
                session.add([picture()], {}, look=False)
        session.trigger(1)
        assert [event["item"] for event in shown(session)] == [None, None, None]
        library.worker.start(())
        deadline_s = time.monotonic() + DEADLINE_S
        while not all(event["item"] for event in shown(session)[1:]):
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        assert [event["number"] for event in shown(session)] == [3, 2, 1]
        items = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("2*/*.jpg"))
        assert [event["item"] for event in shown(session)] == [None, *reversed(items)]
    finally:
        session.close()
        library.worker.close()


def shown(session: MotionSession) -> list[dict[str, Any]]:
    status = session.to_json()
    return [status["event"], *status["earlier"]]


def test_a_session_that_is_over_needs_no_garbage_collector(monkeypatch):
    """Its frames and background are megabytes, and a process that allocates little is collected hours later."""
    now = [1000.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0])
    monkeypatch.setattr("stillcam.capture.motion_events.session.time", clock)
    settings = patched(Settings(), {"live": {"framerate": 1}, "motion": {"after_s": 1}})
    library: Any = HungLibrary()
    library.answers.set()
    session = MotionSession(library, lambda *_: None, settings.motion, 0)
    gc.disable()
    try:
        session.begin_stream(settings, CAMERA)
        session.trigger(5)
        session.add([b"frame"], {}, look=False)
        kept = [weakref.ref(each) for each in (session, session._items, session._detection)]
        deadline_s = time.monotonic() + DEADLINE_S
        while not session.is_over:
            now[0] += 1.0
            session.add([b"frame"], {}, look=False)
            assert time.monotonic() < deadline_s
        session.close()
        del session
        while any(reference() for reference in kept):
            assert time.monotonic() < deadline_s, [reference() for reference in kept]
            time.sleep(0.01)
    finally:
        gc.enable()
