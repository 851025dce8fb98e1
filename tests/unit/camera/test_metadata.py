"""Metadata of the camera programs are parsed, in both formats."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stillcam.camera import metadata
from stillcam.camera.simulated.encode import as_json, as_txt

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


def test_what_is_no_number_is_left_out():
    """libcamera prints floats by std::to_string: that is no JSON then, and all metadata of a picture were lost."""
    unknown = {"Lux": float("nan"), "DigitalGain": float("inf"), "ColourGains": [1.5, -float("nan")]}
    text = as_json(CONTENT | unknown).replace("NaN", "-nan").replace("Infinity", "inf")
    assert metadata.from_json(text.encode()) == {name: CONTENT[name] for name in CONTENT if name != "ColourGains"}


@given(st.integers(1, 5), st.lists(st.integers(0, 2000), max_size=6))
def test_metadata_in_pieces_of_any_size_are_parsed(frames, cuts):
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
