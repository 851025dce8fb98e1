"""The API's view of camera and machine: controls, focus, snapshot, cameras, tuning files, info."""

import json
from typing import Any

import pytest
from api_calls import STATUS, Api

from stillcam.camera.description import describe
from stillcam.camera.rpicam.listing import parse
from stillcam.settings.controls import CONTROLS


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


@pytest.fixture
def lonely(tmp_path):
    """Without a daemon."""
    with Api(tmp_path, daemon=False) as api:
        yield api


def test_all_controls_are_told_with_what_the_camera_lacks(api):
    api.answers["status"] = STATUS | {"camera": STATUS["camera"] | {"limits": {"Contrast": [0, 3]}}}
    status, document = api.call("GET", "api/controls")
    rows = {row["name"]: row for row in document["controls"]}
    assert status == 200
    assert rows.keys() == CONTROLS.keys()
    assert (rows["Contrast"]["available"], rows["Contrast"]["high"]) == (True, 3)
    assert (rows["LensPosition"]["available"], rows["LensPosition"]["reason"]) == (
        False,
        "this camera has no autofocus",
    )


def test_the_table_is_told_without_a_daemon(lonely):
    status, document = lonely.call("GET", "api/controls")
    assert (status, len(document["controls"])) == (200, len(CONTROLS))


FOUND = {"state": "focused", "lens_position": 1.5, "distance_m": 0.667, "frame": "camera_20261120T234501.123Z.jpg"}


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        pytest.param(FOUND, 200, FOUND | {"wait_for": None}, id="focused"),
        pytest.param(
            {"error": "no autofocus", "cause": "unable"}, 409, {"error": "no autofocus", "field": None}, id="cannot"
        ),
        pytest.param(
            {"error": "no camera", "cause": "absent"}, 503, {"error": "no camera", "field": None}, id="not now"
        ),
    ],
)
def test_focus(api, answer, status, told):
    api.answers["focus"] = answer
    assert api.call("POST", "api/focus") == (status, told)


def test_a_snapshot_is_taken(api):
    api.answers["snapshot"] = {"frame": "camera_20261120T234501.123Z.jpg"}
    assert api.call("POST", "api/snapshot") == (200, {"frame": "camera_20261120T234501.123Z.jpg", "wait_for": None})


def test_a_snapshot_that_fails_tells_why(api):
    api.answers["snapshot"] = {"error": "check the cable", "cause": ""}
    assert api.call("POST", "api/snapshot") == (503, {"error": "check the cable", "field": None})


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "focus"), ("POST", "snapshot"), ("GET", "cameras"), ("POST", "cameras")]
)
def test_without_a_daemon_one_is_told_to_start_it(lonely, method, path):
    answer = lonely.answer(method, f"api/{path}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert b"start_camera_server.sh" in answer.body


LISTED = """Available cameras
-----------------
0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             4608x2592 [14.35 fps - (0, 0)/4608x2592 crop]
1 : ov5647 [2592x1944] (/base/soc/i2c0mux/i2c@1/ov5647@36)
    Modes: 'SGBRG10_CSI2P' : 640x480 [58.92 fps]
"""


def test_cameras_are_passed_on(api):
    listed = {"active": 0, "cameras": [describe(camera) for camera in parse(LISTED)]}
    api.answers["cameras"] = json.loads(json.dumps(listed))  # as the command socket brings it
    status, document = api.call("GET", "api/cameras")
    assert (status, document) == (200, api.answers["cameras"])
    assert [camera["model"] for camera in document["cameras"]] == ["imx708", "ov5647"]
    api.answers["cameras"] = {"active": None, "cameras": []}
    assert api.call("GET", "api/cameras") == (200, {"active": None, "cameras": []})


def test_cameras_are_listed_again_on_request(api):
    api.answers["cameras"] = {"active": None, "cameras": []}
    assert api.call("POST", "api/cameras") == (200, {"active": None, "cameras": []})
    assert api.messages[-1]["again"] is True
    assert api.messages[-1]["wait_s"] < 30  # where proxies cut an answer
    api.answers["cameras"] = {"error": "a video is being recorded", "cause": "busy"}
    assert api.call("POST", "api/cameras") == (503, {"error": "a video is being recorded", "field": None})


AGC: dict[str, Any] = {
    "metering_modes": {"centre-weighted": {}, "spot": {}},
    "exposure_modes": {"normal": {}, "custom": {}},
}
TWO_CHANNELS = {"channels": [AGC, {"metering_modes": {"custom": {}}, "exposure_modes": {}}]}
OWN_AWB: dict[str, Any] = {"modes": {"auto": {}, "cloudy": {}, "custom": {}}}


@pytest.fixture
def tuned(api, tmp_path, monkeypatch):
    """Writes tuning files, which are those of this board."""
    place = tmp_path / "share/vc4"
    place.mkdir(parents=True)
    monkeypatch.setattr("stillcam.settings.tuning_files.COMPATIBLE", tmp_path / "none")
    monkeypatch.setattr("stillcam.settings.tuning_files.SHARE", (tmp_path / "share",))
    monkeypatch.setattr("stillcam.settings.tuning_files.OWN", tmp_path / "own")

    def write(name: str, text: str) -> None:
        (place / name).write_text(text)

    return write


def offered(api, name: str) -> list[str]:
    rows = {row["name"]: row for row in api.call("GET", "api/controls")[1]["controls"]}
    return [choice["value"] for choice in rows[name]["choices"]]


def test_modes_of_the_tuning_file_s_own_are_offered_nowhere_else(api, tuned):
    """Without a file, too: none that comes with libcamera has a mode of that name."""
    for name in ("AwbMode", "AeExposureMode", "AeMeteringMode", "AeConstraintMode"):
        assert "Custom" not in offered(api, name)
    assert offered(api, "AeExposureMode") == ["Normal", "Short", "Long"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps({"rpi.awb": OWN_AWB, "rpi.agc": AGC}), id="version 1"),
        pytest.param(json.dumps({"version": 2.0, "algorithms": [{"rpi.awb": OWN_AWB}, {"rpi.agc": AGC}]}), id="2"),
        pytest.param(
            json.dumps({"version": 2.0, "algorithms": [{"rpi.awb": OWN_AWB}, {"rpi.agc": TWO_CHANNELS}]}),
            id="several channels: the first one, as the others are for HDR",
        ),
        pytest.param(
            json.dumps({"version": 2.0, "algorithms": [
                {"rpi.nn.awb": {"enabled": False, "modes": {"indoor": {}}}}, {"rpi.awb": OWN_AWB}, {"rpi.agc": AGC},
            ]}),
            id="an algorithm that is off",
        ),
        pytest.param(
            f'{{"algorithms": [{{"rpi.awb": {json.dumps(OWN_AWB)},}}, {{"rpi.agc": {json.dumps(AGC)}}},\n]}}',
            id="commas behind the last one, as in libcamera's imx283.json",
        ),
    ],
)  # fmt: skip
def test_modes_are_those_of_the_tuning_file_in_force(api, tuned, text):
    """The sensor's own, or the one that is set; a mode that it lacks is refused, and the camera would ignore it."""
    tuned("imx708.json", text)
    assert offered(api, "AwbMode") == ["Auto", "Cloudy", "Custom"]
    assert offered(api, "AeExposureMode") == ["Normal", "Custom"]
    assert offered(api, "AeMeteringMode") == ["CentreWeighted", "Spot"]
    status, document = api.call("PATCH", "api/settings", {"controls": {"AeMeteringMode": "Custom"}})
    assert (status, document["field"]) == (422, "controls.AeMeteringMode")
    assert "tuning file has no AeMeteringMode Custom" in document["error"]
    assert api.call("PATCH", "api/settings", {"controls": {"AwbMode": "Custom"}})[0] == 200
    tuned("other.json", json.dumps({"version": 2.0, "algorithms": [{"rpi.awb": {"modes": {}}}, {"rpi.agc": AGC}]}))
    assert api.call("PATCH", "api/settings", {"camera": {"tuning_file": "other.json"}})[0] == 200
    rows = {row["name"]: row for row in api.call("GET", "api/controls")[1]["controls"]}
    assert (rows["AwbMode"]["available"], rows["AwbMode"]["reason"]) == (False, "the tuning file has no other mode")


def test_a_sensor_without_colours_has_a_tuning_file_of_its_own(api, tuned):
    tuned("imx708.json", json.dumps({"rpi.agc": AGC}))
    tuned("imx708_mono.json", json.dumps({"rpi.agc": {**AGC, "exposure_modes": {"normal": {}, "long": {}}}}))
    api.answers["status"] = STATUS | {"camera": STATUS["camera"] | {"limits": {"AeExposureMode": [0, 3]}}}
    assert offered(api, "AeExposureMode") == ["Normal", "Long"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"algorithms": 1}', '{"rpi.awb": 1}', "rpi.awb: {modes: {}}", "[" * 9999]
)
def test_a_tuning_file_that_cannot_be_read_takes_no_mode_away(api, tuned, text):
    tuned("imx708.json", text)
    assert offered(api, "AwbMode")[:2] == ["Auto", "Incandescent"]
    assert "Custom" not in offered(api, "AwbMode")


@pytest.mark.parametrize(("compatible", "kept"), [(b"raspberrypi,5-model-b\0brcm,bcm2712\0", "pisp"), (b"", "vc4")])
def test_tuning_files_are_this_board_s_and_names_only(api, tmp_path, monkeypatch, compatible, kept):
    (tmp_path / "compatible").write_bytes(compatible)
    monkeypatch.setattr("stillcam.settings.tuning_files.COMPATIBLE", tmp_path / "compatible")
    monkeypatch.setattr("stillcam.settings.tuning_files.SHARE", (tmp_path / "nowhere", tmp_path / "share"))
    for board, sensor in (("vc4", "imx219"), ("pisp", "imx708")):
        (tmp_path / "share" / board).mkdir(parents=True)
        for name in (f"{sensor}.json", f"{sensor}_noir.json", "README"):
            (tmp_path / "share" / board / name).touch()
    sensor = "imx708" if kept == "pisp" else "imx219"
    files = [f"{sensor}.json", f"{sensor}_noir.json"]
    assert api.call("GET", "api/tuning") == (200, {"files": files, "folder": str(tmp_path / "share" / kept)})


def test_without_libcamera_there_are_no_tuning_files(api, monkeypatch):
    monkeypatch.setattr("stillcam.settings.tuning_files.SHARE", ())
    assert api.call("GET", "api/tuning") == (200, {"files": [], "folder": None})


def test_info_is_told_in_sections(api):
    status, document = api.call("GET", "api/info")
    sections = {section["title"]: dict(section["rows"]) for section in document["sections"]}
    assert status == 200
    assert list(sections) == ["Camera server", "Board", "System", "Software", "Storage"]
    assert sections["Camera server"]["Restarts: no picture arrived in time"] == "1"
    assert sections["Camera server"]["Viewers now"] == "0"
    assert str(api.paths.images) in sections["Storage"]["Pictures"]


def test_info_is_told_without_a_daemon(lonely):
    status, document = lonely.call("GET", "api/info")
    assert status == 200
    assert "does not answer" in dict(document["sections"][0]["rows"])["Capture daemon"]
