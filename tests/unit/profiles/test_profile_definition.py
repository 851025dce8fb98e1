"""Profiles as JSON: what is valid, and what each error says."""

from typing import Any

import pytest

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.profiles.definition import from_json, problem, to_json
from stillcam.profiles.file import load, save
from stillcam.settings.document import patched
from stillcam.settings.in_force import dotted_names
from stillcam.settings.schema import Settings

NIGHT = {"type": "times", "from": "22:00", "to": "06:00"}
DARK = {"type": "lux", "below": 10, "until": 20}


def one(**members: Any) -> dict[str, Any]:
    return {"version": 1, "profiles": [{"name": "Night", "when": {"type": "manual"}, "changes": {}} | members]}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="by hand, without changes"),
        pytest.param({"when": NIGHT}, id="hours over midnight"),
        pytest.param({"when": {**NIGHT, "weekdays": ["sat", "sun"]}}, id="on some days"),
        pytest.param({"when": {"type": "times", "from": "sunset+00:30", "to": "sunrise-01:00"}}, id="by the sun"),
        pytest.param({"when": DARK}, id="lux"),
        pytest.param({"when": {"type": "lux", "above": 20000, "until": 8000, "for_s": 0}}, id="bright"),
        pytest.param({"when": {"type": "exposure", "above": 0.5, "until": 0.2}}, id="exposure"),
        pytest.param({"changes": {"controls": {"ExposureTime": None, "Brightness": 0.2}}}, id="a control left alone"),
        pytest.param({"changes": {"motion": {"active_from": "sunset"}}}, id="a place may be set elsewhere"),
        pytest.param({"name": "Nacht – 雪"}, id="a name in any script"),
    ],
)
def test_a_valid_profile_is_kept_as_it_is(tmp_path, members):
    profiles = from_json(one(**members))
    assert from_json(to_json(profiles)) == profiles
    save(tmp_path, profiles)
    assert load(tmp_path) == profiles


@pytest.mark.parametrize(
    ("document", "field", "text"),
    [
        pytest.param([], "", "must be an object", id="no object"),
        pytest.param({"profiles": [], "profile": []}, "profile", "did you mean 'profiles'", id="unknown member"),
        pytest.param({"version": 2, "profiles": []}, "version", "not supported", id="another version"),
        pytest.param(one(name=" Night"), "profiles.0.name", "1 to 40", id="a space at an end"),
        pytest.param(one(name="x" * 41), "profiles.0.name", "1 to 40", id="a long name"),
        pytest.param(one(when={"type": "moon"}), "profiles.0.when", "types: times, lux, exposure, manual", id="type"),
        pytest.param(one(when={**NIGHT, "to": "25:00"}), "profiles.0.when.to", "like 22:00", id="no time"),
        pytest.param(one(when={**NIGHT, "to": 6}), "profiles.0.when.to", "like 22:00", id="a number as a time"),
        pytest.param(one(when={**NIGHT, "weekdays": ["son"]}), "profiles.0.when.weekdays", "mon, tue", id="no day"),
        pytest.param(one(when={**NIGHT, "until": 3}), "profiles.0.when.until", "unknown member", id="mixed conditions"),
        pytest.param(one(when={"type": "lux", "until": 3}), "profiles.0.when", "either below or above", id="one side"),
        pytest.param(one(when={**DARK, "above": 3}), "profiles.0.when", "either below or above", id="both sides"),
        pytest.param(one(when={"type": "lux", "below": 3}), "profiles.0.when.until", "is missing", id="no end"),
        pytest.param(one(when={**DARK, "until": 10}), "profiles.0.when.until", "more than below", id="no hysteresis"),
        pytest.param(one(when={**DARK, "until": 5}), "profiles.0.when.until", "more than below", id="reversed"),
        pytest.param(one(when={**DARK, "below": -1}), "profiles.0.when.below", "from 0 to", id="negative"),
        pytest.param(one(when={**DARK, "for_s": "2"}), "profiles.0.when.for_s", "number from 0", id="for_s"),
        pytest.param(one(changes={"access": {}}), "profiles.0.changes.access", "cannot change these", id="access"),
        pytest.param(one(changes={"hooks": {}}), "profiles.0.changes.hooks", "cannot change these", id="hooks"),
        pytest.param(one(changes={"retention": {}}), "profiles.0.changes.retention", "those of camera,", id="deletion"),
        pytest.param(one(changes={"camera": {"index": 1}}), "profiles.0.changes.camera.index", "profile", id="index"),
        pytest.param(one(changes={"live": {"auto": True}}), "profiles.0.changes.live.auto", "profile", id="people"),
        pytest.param(one(changes={"live": {"webrtc": "x"}}), "profiles.0.changes.live.webrtc", "profile", id="server"),
        pytest.param(one(changes={"files": {"floor_mb": 1}}), "profiles.0.changes.files.floor_mb", "profile", id="d"),
        pytest.param(one(changes={"snapshot": None}), "profiles.0.changes.snapshot", "object", id="a section as null"),
        pytest.param(
            one(changes={"snapshot": {"interval_s": 0}}), "profiles.0.changes.snapshot.interval_s", "0.1 to", id="range"
        ),
        pytest.param(
            one(changes={"controls": {"Bright": 1}}), "profiles.0.changes.controls.Bright", "did you mean", id="control"
        ),
        pytest.param(
            {"profiles": [*one()["profiles"], *one(name="NIGHT")["profiles"]]},
            "profiles.1.name", "also the name of profile 1", id="a name twice",
        ),
    ],
)  # fmt: skip
def test_an_invalid_profile_is_refused_with_the_reason(document, field, text):
    with pytest.raises(SettingsError, match=text) as caught:
        from_json(document)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("members", "settings", "wrong"),
    [
        pytest.param({"when": NIGHT}, {}, None, id="nothing"),
        pytest.param({"when": {**NIGHT, "from": "sunset"}}, {}, "place.latitude", id="the sun without a place"),
        pytest.param({"when": {**NIGHT, "from": "sunset"}}, {"place": {"latitude": 1}}, None, id="with a place"),
        pytest.param({"changes": {"motion": {"active_from": "sunset"}}}, {}, "place.latitude", id="a change needs it"),
        pytest.param(
            {"when": DARK, "changes": {"controls": {"ExposureTime": 10_000_000}}}, {}, "all white", id="10 s by hand"
        ),
        pytest.param({"when": DARK, "changes": {"controls": {"ExposureTime": 20_000}}}, {}, None, id="20 ms by hand"),
        pytest.param({"when": DARK}, {"controls": {"ExposureTime": 10_000_000}}, "all white", id="in the plain ones"),
        pytest.param(
            {"when": {"type": "lux", "above": 20000, "until": 8000}, "changes": {"controls": {"ExposureTime": 10**7}}},
            {}, None, id="what ends in the dark",
        ),
        pytest.param(
            {"when": {"type": "exposure", "above": 1, "until": 0.5},
             "changes": {"controls": {"ExposureTime": 10**6, "AnalogueGain": 4}}},
            {}, "leave one of them", id="all fixed: it would never end",
        ),
        pytest.param(
            {"when": {"type": "exposure", "above": 3, "until": 0.5}, "changes": {"controls": {"ExposureTime": 10**6}}},
            {}, "more than 1 s", id="it would never get shorter",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_with_the_settings_is_found(members, settings, wrong):
    found = problem(from_json(one(**members))[0], patched(Settings(), settings))
    assert (found and str(found)) is None if wrong is None else wrong in str(found)


def test_the_changed_settings_have_names():
    changes = {"snapshot": {"interval_s": 5}, "controls": {"Brightness": 1}, "live": {"controls": {"Contrast": 2}}}
    assert dotted_names(changes) == ["snapshot.interval_s", "controls.Brightness", "live.controls.Contrast"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b'{"profiles": [\n{"name": "a",}]}', "line 2: not JSON", id="a comma too many"),
        pytest.param(b"\xff", "not JSON in UTF-8", id="no text"),
        pytest.param(b'{"profiles": [{"name": ""}]}', r"profiles.0.name: must be", id="a wrong value"),
    ],
)
def test_an_invalid_file_is_refused_with_its_place(tmp_path, content, text):
    (tmp_path / "profiles.json").write_bytes(content)
    with pytest.raises(StillcamError, match=text):
        load(tmp_path)


def test_a_file_that_cannot_be_written_is_an_error_and_stays(tmp_path):
    save(tmp_path, from_json(one()))
    (tmp_path / "other").write_text("")
    with pytest.raises(StillcamError, match="profiles stay as they were"):
        save(tmp_path / "other", load(tmp_path))
    assert len(load(tmp_path)) == 1
    save(tmp_path, ())
    assert not (tmp_path / "profiles.json").exists()
    assert load(tmp_path) == ()
