"""What a shot of a series is taken with, and that no snapshot makes it late: without a camera."""

from types import SimpleNamespace
from typing import Any

import pytest

from stillcam.camera.driver import Still
from stillcam.capture.modes.photos import PhotoMode
from stillcam.capture.modes.series_shots import ShotTaker, fixed_controls, keeps_exposure, varied_controls
from stillcam.capture.modes.snapshots import SnapshotMode
from stillcam.series.definition import from_document
from stillcam.settings.schema import Settings

TOLD = {"ExposureTime": 8014, "AnalogueGain": 2.5, "ColourGains": [2.0, 1.8], "Lux": 500.0, "LensPosition": 1.5}


def test_exposure_and_white_balance_are_fixed_and_nothing_else():
    assert fixed_controls(TOLD) == {"ExposureTime": 8014, "AnalogueGain": 2.5, "ColourGains": [2.0, 1.8]}


@pytest.mark.parametrize("told", [{}, {"ExposureTime": None}, {"ColourGains": [1.0]}, {"AnalogueGain": "much"}])
def test_of_what_the_camera_does_not_say_nothing_is_fixed(told):
    assert fixed_controls(told) == {}


@pytest.mark.parametrize(
    ("given", "varied", "controls"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"AnalogueGain": 2.0}, {"ExposureTime": 5000.0},
                     {"AnalogueGain": 2.0, "ExposureTime": 5000}, id="time"),
        pytest.param({"ExposureTime": 8000}, {"ExposureValue": -1.0}, {"ExposureTime": 4000}, id="stops, fixed"),
        pytest.param({}, {"ExposureValue": -1.0}, {"ExposureValue": -1.0}, id="stops, by the camera"),
        pytest.param({"LensPosition": 3.0, "AfMode": "Auto"}, {"LensPosition": 1.5},
                     {"LensPosition": 1.5, "AfMode": "Manual", "AfTrigger": "Cancel"}, id="focus"),
    ],
)  # fmt: skip
def test_a_shot_has_its_own_controls_over_the_others(given, varied, controls):
    assert varied_controls(given, varied) == controls
    assert isinstance(varied_controls(given, varied).get("ExposureTime", 0), int)


@pytest.mark.parametrize(
    ("document", "fixed"),
    [
        ({}, False),
        ({"fixed": True}, True),
        ({"vary": {"control": "ExposureTime", "values": [1000, 2000], "bracket": True}}, True),
        ({"vary": {"control": "AnalogueGain", "values": [1, 2], "bracket": True}}, True),
        ({"vary": {"control": "LensPosition", "values": [1, 2]}}, False),
        ({"vary": {"control": "ExposureValue", "values": [-1, 1], "bracket": True}}, False),
    ],
)
def test_a_bracket_of_time_or_gain_keeps_the_other(document, fixed):
    assert keeps_exposure(from_document({"name": "Garden", **document}, 1_795_176_000_000, "UTC")) is fixed


@pytest.mark.parametrize("take", ["shot", "photo"])
def test_a_mask_that_comes_while_the_metadata_are_awaited_is_in_the_picture(tmp_path, take):
    """Commands run meanwhile, and the picture has been masked by then."""
    events: list[str] = []

    def seen(name: str, answer: Any) -> Any:
        def call(*_: object) -> Any:
            events.append(name)
            return answer

        return call

    still, masked = Still(tmp_path / "still.jpg", 1.0), Still(tmp_path / "masked.jpg", 1.0)
    context: Any = SimpleNamespace(
        paths=SimpleNamespace(series=tmp_path, images=tmp_path),
        stop_fds=(),
        settings=SimpleNamespace(wanted=Settings()),
        take_photo=seen("take", still),
        still_metadata=seen("metadata", {}),
        edits=SimpleNamespace(renewed=seen("mask", masked), same_stamp=lambda _: True),
        publisher=SimpleNamespace(publish=lambda picture: events.append(picture.path.name)),
    )
    if take == "photo":
        mode = PhotoMode.__new__(PhotoMode)
        mode._context, mode._scan_waits = context, ()
        order: Any = SimpleNamespace(kind="photo")
        assert mode._take_still(order, Settings()) == (masked, {})
        assert events == ["take", "metadata", "mask"]
    else:
        taker, series = ShotTaker(context), SimpleNamespace(definition=SimpleNamespace(kind="photo"))
        taker._fits = True
        with pytest.raises(FileNotFoundError):  # there is no such picture to be stored
            taker.take(series, 0, {}, publish=True)  # type: ignore[arg-type]
        assert events == ["take", "metadata", "mask", "masked.jpg"]


class SnapshotContext:
    """A context whose clock advances with the snapshots: a picture takes 0.4 seconds, every 2 seconds."""

    def __init__(self, booked_s: float, until_s: float) -> None:
        self.now_s, self._booked_s, self._until_s = 100.0, booked_s, until_s
        self.taken: list[float] = []
        self.status = SimpleNamespace(enter=lambda *_: None)
        self.settings = SimpleNamespace(wanted=Settings())
        self.driver = SimpleNamespace(matches=lambda *_: True, just_started=False, lag_s=0.0, exposure_began_s=0.0,
                                      metadata={}, metadata_received_s=0.0)  # fmt: skip
        this: Any = self
        self.mode = SnapshotMode(this, lambda: self._booked_s, lambda: None)

    def next_mode(self) -> Any:
        return self.mode if self.now_s < min(self._until_s, self._booked_s) else None

    def must_leave(self) -> bool:
        return False

    def take_still(self) -> None:
        self.taken.append(self.now_s)
        self.now_s += 0.4

    def idle(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.mark.parametrize(
    ("booked_s", "taken"),
    [
        pytest.param(float("inf"), [100, 102, 104, 106], id="nothing is booked"),
        pytest.param(104.3, [100, 102], id="the third would not be over"),
        pytest.param(105.0, [100, 102, 104], id="the third will be over"),
    ],
)
def test_a_snapshot_that_would_not_be_over_in_time_is_not_begun(monkeypatch, booked_s, taken):
    context = SnapshotContext(booked_s, until_s=107.0)
    monkeypatch.setattr("stillcam.capture.modes.snapshots.time", SimpleNamespace(monotonic=lambda: context.now_s))
    camera: Any = None
    context.mode.run(Settings(), camera)
    assert context.taken == pytest.approx(taken)
