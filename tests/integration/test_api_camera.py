"""The API's view of camera and machine: controls, focus, snapshot, cameras, tuning files, info."""

import pytest
from api_calls import STATUS, Api

from stillcam.camera.describe import describe
from stillcam.camera.listing import parse
from stillcam.controls import CONTROLS


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
        pytest.param(FOUND, 200, FOUND, id="focused"),
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
    assert api.call("POST", "api/snapshot") == (200, {"frame": "camera_20261120T234501.123Z.jpg"})


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
    api.answers["cameras"] = {"active": 0, "cameras": [describe(camera) for camera in parse(LISTED)]}
    status, document = api.call("GET", "api/cameras")
    assert (status, document) == (200, api.answers["cameras"])
    assert [camera["model"] for camera in document["cameras"]] == ["imx708", "ov5647"]
    api.answers["cameras"] = {"active": None, "cameras": []}
    assert api.call("GET", "api/cameras") == (200, {"active": None, "cameras": []})


def test_cameras_are_listed_again_on_request(api):
    api.answers["cameras"] = {"active": None, "cameras": []}
    assert api.call("POST", "api/cameras") == (200, {"active": None, "cameras": []})
    assert api.messages[-1]["again"] is True
    api.answers["cameras"] = {"error": "a video is being made", "cause": "busy"}
    assert api.call("POST", "api/cameras") == (503, {"error": "a video is being made", "field": None})


@pytest.mark.parametrize(("compatible", "kept"), [(b"raspberrypi,5-model-b\0brcm,bcm2712\0", "pisp"), (b"", "vc4")])
def test_tuning_files_are_this_board_s_and_names_only(api, tmp_path, monkeypatch, compatible, kept):
    (tmp_path / "compatible").write_bytes(compatible)
    monkeypatch.setattr("stillcam.camera.tuning.COMPATIBLE", tmp_path / "compatible")
    monkeypatch.setattr("stillcam.camera.tuning.SHARE", (tmp_path / "nowhere", tmp_path / "share"))
    for board, sensor in (("vc4", "imx219"), ("pisp", "imx708")):
        (tmp_path / "share" / board).mkdir(parents=True)
        for name in (f"{sensor}.json", f"{sensor}_noir.json", "README"):
            (tmp_path / "share" / board / name).touch()
    sensor = "imx708" if kept == "pisp" else "imx219"
    files = [f"{sensor}.json", f"{sensor}_noir.json"]
    assert api.call("GET", "api/tuning") == (200, {"files": files, "folder": str(tmp_path / "share" / kept)})


def test_without_libcamera_there_are_no_tuning_files(api, monkeypatch):
    monkeypatch.setattr("stillcam.camera.tuning.SHARE", ())
    assert api.call("GET", "api/tuning") == (200, {"files": [], "folder": None})


def test_info_is_told_in_sections(api):
    status, document = api.call("GET", "api/info")
    sections = {section["title"]: dict(section["rows"]) for section in document["sections"]}
    assert status == 200
    assert list(sections) == ["Camera server", "Board", "System", "Software", "Storage"]
    assert sections["Camera server"]["Restarts: no picture came"] == "1"
    assert sections["Camera server"]["Viewers now"] == "0"
    assert str(api.paths.images) in sections["Storage"]["images/"]


def test_info_is_told_without_a_daemon(lonely):
    status, document = lonely.call("GET", "api/info")
    assert status == 200
    assert "does not answer" in dict(document["sections"][0]["rows"])["Capture daemon"]
