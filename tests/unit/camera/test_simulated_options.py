"""The simulated camera's command line: read as boost::program_options reads it, refused in the programs' words."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.camera.simulated.options import (
    Options,
    StillOptions,
    VideoOptions,
    check,
    parse,
    rectangle,
    seconds,
    unparse,
    usage,
)
from stillcam.camera.simulated.program import Failure, format_name


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        pytest.param(["-t", "100"], "timeout", "100", id="short, value apart"),
        pytest.param(["-t100"], "timeout", "100", id="short, value stuck to it"),
        pytest.param(["--timeout=100"], "timeout", "100", id="long, equals sign"),
        pytest.param(["-n"], "nopreview", True, id="flag"),
        pytest.param(["--nopreview=0"], "nopreview", False, id="flag, switched off"),
        pytest.param(["--ev", "-1.5"], "ev", -1.5, id="a negative value is not an option"),
        pytest.param(["-v"], "verbose", 2, id="verbose alone is level 2"),
        pytest.param(["--hdr"], "hdr", "auto", id="hdr alone is auto"),
        pytest.param(["--hdr=sensor"], "hdr", "sensor", id="hdr with its mode"),
        pytest.param(["--width", "0"], "width", 0, id="zero is the default size"),
    ],
)  # fmt: skip
def test_parse_takes(arguments: list[str], name: str, value: Any) -> None:
    assert getattr(parse(StillOptions, arguments), name) == value


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["--bogus"], "unrecognised option '--bogus'", id="unknown option"),
        pytest.param(["-Z"], "unrecognised option '-Z'", id="unknown letter"),
        pytest.param(["--output"], "the required argument for option '--output' is missing", id="nothing follows"),
        pytest.param(["-o", "--raw"], "the required argument for option '--output' is missing", id="an option follows"),
        pytest.param(["--width", "wide"], "the argument ('wide') for option '--width' is invalid", id="not a number"),
        pytest.param(["--gain", "nan"], "the argument ('nan') for option '--gain' is invalid", id="not finite"),
        pytest.param(["--hdr", "sensor"], "too many positional options have been specified on the command line",
                     id="an optional value needs its equal sign"),
        pytest.param(["stray"], "too many positional options have been specified on the command line", id="stray word"),
        pytest.param(["-t1", "-t2"], "option '--timeout' cannot be specified more than once", id="twice"),
    ],
)  # fmt: skip
def test_parse_refuses(arguments: list[str], text: str) -> None:
    with pytest.raises(Failure) as failure:
        parse(StillOptions, arguments)
    assert str(failure.value) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["--awb", "purple"], "Invalid AWB mode: purple", id="awb"),
        pytest.param(["--awbgains", "red"], "Invalid AWB gains", id="awbgains"),
        pytest.param(["--metering", "x"], "Invalid metering mode: x", id="metering"),
        pytest.param(["--exposure", "x"], "Invalid exposure mode:x", id="exposure"),
        pytest.param(["--autofocus-mode", "x"], "Invalid AfMode:x", id="autofocus mode"),
        pytest.param(["--thumb", "big"], "bad thumbnail parameters big", id="thumbnail"),
        pytest.param(["-e", "gif"], "invalid encoding format gif", id="encoding"),
        pytest.param(["--metadata-format", "xml"], "unrecognised metadata format xml", id="metadata format"),
        pytest.param(["--mode", "big"], "Invalid mode", id="mode"),
    ],
)  # fmt: skip
def test_check_refuses(arguments: list[str], text: str) -> None:
    with pytest.raises(Failure) as failure:
        check(parse(StillOptions, arguments))
    assert str(failure.value) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param(["-t", "soon"], "Invalid time string provided", id="timeout"),
        pytest.param(["--lens-position", "near"], "Invalid lens position: near", id="lens position"),
        pytest.param(["--hdr=always"], "Invalid HDR option provided: always", id="hdr"),
    ],
)
def test_check_refuses_what_is_no_number_or_time(arguments: list[str], text: str) -> None:
    with pytest.raises(Failure) as failure:
        check(parse(StillOptions, arguments))
    assert str(failure.value) == text


def test_check_accepts_what_the_programs_accept() -> None:
    check(parse(StillOptions, ["--awb", "custom", "-e", "png", "--ccm", "1,0,0,0,1,0,0,0,1"]))
    check(parse(VideoOptions, ["--codec", "mjpeg", "--mode", "2304:1296:10:P"]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10ms", 0.01),
        ("5sec", 5.0),
        ("8333us", 0.008333),
        ("2min", 120.0),
        ("1.5s", 1.5),
        ("100ns", 1e-7),
        ("7", 0.007),
        ("5h", 0.005),
    ],
)
def test_times_have_units_and_unknown_ones_count_as_none(text: str, wanted: float) -> None:
    assert seconds(text, 1e-3) == pytest.approx(wanted)


def test_rectangles_are_read_as_sscanf_reads_them() -> None:
    assert rectangle("0.1, 0.2,0.3,0.4 and more") == (0.1, 0.2, 0.3, 0.4)
    assert rectangle("0,0,0,0") is None
    assert rectangle("nonsense") is None


@pytest.mark.parametrize(
    ("pattern", "number", "name"),
    [
        pytest.param("%08d.jpg", 7, "00000007.jpg", id="counter"),
        pytest.param("100%%.jpg", 7, "100%.jpg", id="doubled percent sign"),
        pytest.param("still.jpg", 7, "still.jpg", id="no directive"),
        pytest.param("x" * 200 + "%d", 7, "x" * 127, id="buffer of 128 bytes"),
        pytest.param("a%04ub", 7, "a0007b", id="unsigned"),
    ],
)
def test_names_are_printf_formats_in_a_small_buffer(pattern: str, number: int, name: str) -> None:
    assert format_name(pattern, number) == name


@pytest.mark.parametrize("kind", [StillOptions, VideoOptions])
@given(data=st.data())
def test_parse_undoes_unparse(kind: type[Options], data: st.DataObject) -> None:
    words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
    by_type: dict[type, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(0, 10**6),
        float: st.floats(-100, 100),
        str: words,
    }
    chosen = data.draw(st.lists(st.sampled_from(dataclasses.fields(kind)), max_size=8, unique_by=lambda row: row.name))
    options = kind(**{row.name: data.draw(by_type[type(row.default)]) for row in chosen})
    assert parse(kind, unparse(options)) == options


def test_usage_names_every_option() -> None:
    text = usage(VideoOptions)
    assert all(f"--{row.name.replace('_', '-')}" in text for row in dataclasses.fields(VideoOptions))
