"""`api/photos` and `api/video`: what the daemon is asked, and what its answers become."""

import pytest
from api_calls import STATUS, Api

ITEM = "2026-11-20/20261120T234501.123Z_photo_imx708.jpg"
TAKING = {"kind": "photo", "done": 1, "of": 9, "due": None}
RECORDING = {
    "since": "2026-11-20T23:45:01.123Z", "seconds": None, "bytes": 100, "left_s": None, "bytes_per_s": 6_000_000,
    "room_s": 2460, "dropped": 0, "picture": True,
}  # fmt: skip
PATHS = [("POST", "api/photos"), ("DELETE", "api/photos"), ("POST", "api/video"), ("DELETE", "api/video")]
COMMANDS = {PATHS[0]: "photo", PATHS[1]: "cancel", PATHS[2]: "video", PATHS[3]: "stop"}


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


@pytest.mark.parametrize("body", [None, {"kind": "raw"}, {"kind": "photo", "count": 100, "delay_s": 0.5}])
def test_photos_are_taken(api, body):
    api.answers["photo"] = {"items": [ITEM]}
    assert api.call("POST", "api/photos", body) == (201, {"items": [ITEM]})


def test_photos_that_take_long_go_on(api):
    api.answers["photo"] = {"taking": TAKING}
    assert api.call("POST", "api/photos", {"count": 9}) == (202, {"taking": TAKING, "waits_for": None})
    api.answers["status"] = STATUS | {
        "taking": TAKING,
        "recording": None,
        "library": {"free_bytes": 1, "floor_bytes": None},
    }
    assert api.call("GET", "api/status")[1]["capture"]["taking"] == TAKING
    api.answers["cancel"] = {"items": [ITEM]}
    assert api.call("DELETE", "api/photos") == (200, {"items": [ITEM]})


def test_a_raw_photo_that_waits_for_the_end_of_a_video_is_answered_at_once(api):
    waits = {"taking": None, "waits_for": "video"}
    api.answers["photo"] = waits
    assert api.call("POST", "api/photos", {"kind": "raw"}) == (202, waits)


@pytest.mark.parametrize("body", [None, {}, {"seconds": None}, {"seconds": 60}])
def test_a_video_begins_and_ends(api, body):
    api.answers |= {"video": {"recording": RECORDING}, "stop": {"items": [ITEM]}}
    assert api.call("POST", "api/video", body) == (202, {"recording": RECORDING})
    assert api.call("DELETE", "api/video") == (200, {"items": [ITEM]})
    api.answers["stop"] = {}
    assert api.call("DELETE", "api/video") == (202, {"items": []})


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_comes_before_a_proxy_or_the_page_gives_up(api, path):
    """What takes longer goes on, and the answer says how far it is."""
    api.answers |= {command: {} for command in COMMANDS.values()} | {"video": {"recording": None}}
    api.answers |= {"photo": {"taking": TAKING}, "cancel": {"items": []}}
    assert api.call(*path)[0] in (200, 202)
    assert api.messages[-1]["wait_s"] <= 25


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("api/photos", {"kind": "video"}, "kind"),
        ("api/photos", {"kind": ["photo"]}, "kind"),
        ("api/photos", {"count": 0}, "count"),
        ("api/photos", {"count": 1.5}, "count"),
        ("api/photos", {"count": True}, "count"),
        ("api/photos", {"delay_s": 3601}, "delay_s"),
        ("api/photos", {"delay_s": "5"}, "delay_s"),
        ("api/photos", {"n": 5}, "n"),
        ("api/video", {"seconds": 86401}, "seconds"),
        ("api/video", {"seconds": "60"}, "seconds"),
        ("api/video", {"seconds": False}, "seconds"),
        ("api/video", {"seconds": 0}, "seconds"),
        ("api/video", {"for": 1}, "for"),
    ],
)
def test_a_wrong_value_is_named(api, path, body, field):
    status, answer = api.call("POST", path, body)
    assert (status, answer["field"]) == (422, field)
    assert not api.asked


@pytest.mark.parametrize(
    ("method", "path", "cause", "status"),
    [
        ("POST", "api/photos", "busy", 409),
        ("POST", "api/photos", "disk", 507),
        ("POST", "api/photos", "absent", 503),
        ("POST", "api/video", "busy", 409),
        ("POST", "api/video", "disk", 507),
        ("POST", "api/video", "missing", 503),
        ("DELETE", "api/video", "idle", 409),
        ("DELETE", "api/video", "torn", 503),
    ],
)
def test_a_refusal_says_why(api, method, path, cause, status):
    api.answers[COMMANDS[method, path]] = {"error": "a video is being recorded", "cause": cause}
    answer = api.answer(method, path)
    assert answer.status == status
    assert b"a video is being recorded" in bytes(answer.body)
    assert ("Retry-After" in answer.headers) is (status == 503)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_without_a_daemon_one_is_told_to_start_it(tmp_path, method, path):
    with Api(tmp_path, daemon=False) as lonely:
        status, answer = lonely.call(method, path)
    assert status == 503
    assert "start_camera_server.sh" in answer["error"]
