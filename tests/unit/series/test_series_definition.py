"""A series as a person defines it: what is right is understood, what is wrong is named."""

import contextlib
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.errors import SettingsError
from stillcam.series.definition import Definition, Retention, from_document, to_document
from stillcam.series.schedule import Edge

NOW_MS = 1_795_176_000_000


def defined(**document: object) -> Definition:
    return from_document({"name": "Garden", **document}, NOW_MS, "Europe/Berlin")


def test_a_name_is_enough():
    series = defined()
    assert (series.schedule.interval_ms, series.schedule.starts_ms, series.kind) == (60_000, NOW_MS, "photo")
    assert series.schedule.zone == ZoneInfo("Europe/Berlin")


def test_every_field_is_read():
    series = defined(
        interval_s=900, start="2026-12-01T06:00", end="2026-12-24T18:00:00Z", shots=500, marks=True, weekdays=[0, 4],
        window={"from": "sunrise-00:30", "to": "17:00"}, place={"latitude": 48.1, "longitude": 11.6},
        kind="raw", fixed=True, vary={"control": "ExposureValue", "values": [-1, 0, 1], "bracket": True},
    )  # fmt: skip
    assert series.schedule.starts_ms == 1_796_101_200_000  # 06:00 in Berlin, 05:00 UTC
    assert series.schedule.window == (Edge("sunrise", -30), Edge("", 1020))
    assert (series.schedule.weekdays, series.schedule.place, series.schedule.shots) == (
        frozenset({0, 4}),
        (48.1, 11.6),
        500,
    )
    assert series.controls_of(7) == ({"ExposureValue": 0.0}, {"ExposureValue": -1.0}, {"ExposureValue": 1.0})


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="a name alone"),
        pytest.param({"interval_s": 1.5, "start": "2026-12-01T06:00", "end": "2026-12-24T18:00:00Z"}, id="times"),
        pytest.param({"window": {"from": "sunrise-00:30", "to": "sunset"}, "weekdays": [4, 0],
                      "place": {"latitude": 48.1, "longitude": 11.6}}, id="the sun"),
        pytest.param({"window": {"from": "08:05", "to": "24:00"}, "marks": True}, id="a window"),
        pytest.param({"window": {"from": "06:00", "to": "08:00"}, "place": {"latitude": 48.1, "longitude": 11.6},
                      "second_window": {"from": "sunset-01:00", "to": "sunset+01:00"}}, id="two windows"),
        pytest.param({"vary": {"control": "LensPosition", "values": [0, 2.5, 5]}, "fixed": True}, id="focus"),
        pytest.param({"vary": {"control": "ExposureValue", "values": [-1, 1], "bracket": True}}, id="bracket"),
        pytest.param({"kind": "raw", "shots": 5}, id="raw"),
        pytest.param({"smooth": {"longest_s": 19.3, "brightness": 0.4}}, id="smooth exposure"),
        pytest.param({"smooth": {}, "interval_s": 1}, id="smooth exposure, as the interval allows"),
        pytest.param({"keep": {"rule": "days", "days": 30}, "daily_film": True}, id="keep"),
        pytest.param({"keep": {"rule": "thin"}}, id="thin"),
    ],
)  # fmt: skip
def test_a_complete_document_gives_the_same_definition_at_any_time(document):
    series = defined(**document)
    written = to_document(series)
    assert from_document(written, NOW_MS + 86_400_000, "Europe/Berlin") == series
    assert to_document(series) == written


def test_the_retention_is_read():
    assert defined().retention == Retention("all")
    assert defined(keep={"rule": "days", "days": 30}).retention == Retention("days", 30)


def test_a_focus_series_ends_with_its_last_value():
    series = defined(vary={"control": "LensPosition", "values": [0, 2.5, 5]})
    assert series.schedule.shots == 3
    assert [series.controls_of(number) for number in range(3)] == [
        ({"LensPosition": 0.0},), ({"LensPosition": 2.5},), ({"LensPosition": 5.0},),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "../etc"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"interval_s": 0.5}, "interval_s"),
        ({"interval_s": 86401}, "interval_s"),
        ({"interval_s": "60"}, "interval_s"),
        ({"interval_s": float("nan")}, "interval_s"),
        ({"start": "tomorrow"}, "start"),
        ({"start": "1999-12-31T23:59"}, "start"),
        ({"end": "9999-12-31T23:59"}, "end"),
        ({"start": "2026-12-01T06:00", "end": "2026-11-01T06:00"}, "plan"),
        ({"shots": 0}, "shots"),
        ({"shots": 1.5}, "shots"),
        ({"marks": 1}, "marks"),
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [7]}, "weekdays"),
        ({"weekdays": [True]}, "weekdays"),
        ({"window": {"from": "08:00"}}, "window"),
        ({"window": {"from": "8", "to": "9"}}, "window"),
        ({"window": {"from": "sunrise", "to": "sunset"}}, "plan"),
        ({"smooth": {"longest_s": 20}}, "smooth"),
        ({"smooth": {"gain": 0.5}}, "smooth"),
        ({"smooth": {"iso": 100}}, "smooth"),
        ({"smooth": {}, "fixed": True}, "smooth"),
        ({"smooth": {}, "vary": {"control": "AnalogueGain", "values": [1, 2], "bracket": True}}, "smooth"),
        ({"second_window": {"from": "06:00", "to": "08:00"}}, "second_window"),
        ({"window": {"from": "06:00", "to": "08:00"}, "second_window": {"from": "6", "to": "8"}}, "second_window"),
        ({"window": {"from": "06:00", "to": "08:00"}, "second_window": {"from": "12:00", "to": "sunset"}}, "plan"),
        ({"place": {"latitude": 100, "longitude": 0}}, "latitude"),
        ({"kind": "film"}, "kind"),
        ({"vary": {"control": "Brightness", "values": [0, 1]}}, "vary"),
        ({"vary": {"control": "LensPosition", "values": [0]}}, "vary"),
        ({"vary": {"control": "LensPosition", "values": [0, -1]}}, "vary"),
        ({"keep": "all"}, "keep"),
        ({"keep": {"rule": "some"}}, "keep"),
        ({"keep": {"rule": "days"}}, "keep"),
        ({"keep": {"rule": "days", "days": 0}}, "days"),
        ({"keep": {"rule": "thin", "days": 3}}, "keep"),
        ({"daily_film": "yes"}, "daily_film"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_invalid_definition_names_the_field(wrong, field):
    with pytest.raises(SettingsError) as error:
        defined(**wrong)
    assert error.value.field == field


FIELDS = st.sampled_from(["name", "interval_s", "window", "from", "to", "vary", "control", "values", "start", "place"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=9)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4)))
def test_any_document_is_accepted_or_refused(document):
    with contextlib.suppress(SettingsError):
        assert from_document(document, NOW_MS, "UTC").name
