"""What the camera programs, the device tree and libcamera's folder say is read as it is written."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listed_programs import recorded

from stillcam.camera import metadata
from stillcam.camera.description import describe
from stillcam.camera.simulated.metadata import as_json, as_txt
from stillcam.capture.recovery import Backoff, snapshot_cycle_s, stall_timeout_s
from stillcam.common.errors import CameraError
from stillcam.settings import tuning_files
from stillcam.settings.document import patched
from stillcam.settings.schema import CameraSettings, Settings

CONTENT = {
    "SensorTimestamp": 123, "ExposureTime": 9998, "AnalogueGain": 1.5, "AeLocked": True, "ColourGains": [2.0, 1.75],
    "ScalerCrop": [0, -2, 4608, 2592],
}  # fmt: skip


def test_metadata_are_the_same_in_both_formats():
    assert metadata.from_json(as_json(CONTENT).encode()) == CONTENT
    assert metadata.TextParser().feed(as_txt(CONTENT).encode()) == CONTENT
    assert metadata.from_json(b"[" + as_json(CONTENT).encode() + b"\n]\n") == CONTENT
    quoted = b'{"ScalerCrop": "(0, -2)/4608x2592"}'  # rpicam-apps before 1.7
    assert metadata.from_json(quoted) == {"ScalerCrop": [0, -2, 4608, 2592]}


@given(st.integers(1, 5), st.lists(st.integers(0, 2000), max_size=6))
def test_metadata_of_a_stream_are_found_however_they_are_cut(frames, cuts):
    text = b"".join(as_txt(CONTENT | {"SensorTimestamp": number}).encode() for number in range(frames))
    reader, last = metadata.TextParser(), None
    edges = [0, *sorted(cuts), len(text)]
    for start, end in pairwise(edges):
        last = reader.feed(text[start:end]) or last
    assert last == CONTENT | {"SensorTimestamp": frames - 1}


def test_a_long_array_is_counted_and_left_out():
    long = CONTENT | {"CnnOutputTensor": [0.5] * 5000, "Short": [[1, 2]] * 40}
    wanted = CONTENT | {"CnnOutputTensor": "5000 numbers left out", "Short": "80 numbers left out"}
    assert metadata.from_json(as_json(long).encode()) == wanted
    assert metadata.without_long_arrays(long | {"Bytes": b"12" * 40}) == wanted | {"Bytes": "80 numbers left out"}
    reader = metadata.TextParser()
    text = as_txt(long | {"Short": [1] * 80}).encode()
    assert reader.feed(text[:20_000]) is None
    assert reader.feed(text[20_000:]) == wanted


@given(st.binary())
def test_any_bytes_are_metadata_or_none(raw):
    assert isinstance(metadata.from_json(raw), dict | None)
    assert isinstance(metadata.TextParser().feed(raw), dict | None)
    assert isinstance(metadata.TextParser().feed(raw + b"\n\n"), dict)


def test_the_device_tree_tells_how_the_camera_is_mounted(tmp_path):
    camera = recorded("list-cameras-two.txt")[0]
    node = tmp_path / "soc/i2c0mux/i2c@1/imx708@1a"
    node.mkdir(parents=True)
    (node / "rotation").write_bytes((180).to_bytes(4, "big"))
    (node / "orientation").write_bytes((2).to_bytes(4, "big"))
    about = describe(camera, tmp_path)["properties"]
    assert (about["Rotation"], about["Location"]) == (180, "CameraLocationExternal")
    assert about["UnitCellSize"] == [1400, 1400]
    unknown = describe(replace(camera, model="new1", path="", colour=None), tmp_path)["properties"]
    assert unknown == {"Model": "new1", "PixelArraySize": [4608, 2592]}


def test_a_tuning_file_is_found_by_its_name_or_path(tmp_path, monkeypatch):
    def resolved(name: str) -> str:
        return tuning_files.with_tuning_path(Settings(camera=CameraSettings(tuning_file=name))).camera.tuning_file

    place = tmp_path / "vc4"
    place.mkdir()
    (place / "imx219_noir.json").touch()
    (place / "README").touch()
    monkeypatch.setattr(tuning_files, "SHARE", (tmp_path / "none", tmp_path))
    monkeypatch.setattr(tuning_files, "COMPATIBLE", tmp_path / "none")
    assert tuning_files.folder() == place
    assert tuning_files.files(place) == ["imx219_noir.json"]
    assert resolved("") == ""
    assert resolved("imx219_noir.json") == resolved(str(place / "imx219_noir.json")) == f"{place}/imx219_noir.json"
    for missing in ("imx708.json", "/nowhere/imx219.json"):
        with pytest.raises(CameraError, match=f"no tuning file .*{Path(missing).name}"):
            resolved(missing)


@pytest.mark.parametrize(
    ("sections", "told", "cycle_s", "stall_s"),
    [
        pytest.param({}, {}, 2, 6, id="three intervals"),
        pytest.param({"snapshot": {"interval_s": 0.1}}, {}, 0.1, 5, id="five seconds at least"),
        pytest.param({"controls": {"ExposureTime": 10_000_000}}, {}, 30, 130, id="a long exposure that is set"),
        pytest.param({}, {"ExposureTime": 1_000_000}, 2, 10, id="a long exposure that the camera chose"),
        pytest.param({}, {"ExposureTime": "1"}, 2, 6, id="nonsense"),
    ],
)
def test_a_long_exposure_is_no_stall(sections, told, cycle_s, stall_s):
    settings = patched(Settings(), sections)
    assert snapshot_cycle_s(settings) == cycle_s
    assert stall_timeout_s(snapshot_cycle_s(settings), settings, told) == stall_s


def test_an_outage_is_said_once_and_the_pauses_grow(caplog):
    caplog.set_level("INFO")
    backoff = Backoff()
    assert [backoff.failed(CameraError("absent", "no camera")) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (backoff.reason or "") == "no camera"
    backoff.recovered()
    backoff.recovered()
    assert backoff.reason is None
    assert backoff.failed(CameraError("absent", "no camera")) == 1
    said = [record.message.split(" after")[0] for record in caplog.records]
    assert said == ["no picture (absent): no camera; trying again", "pictures again", said[0]]
