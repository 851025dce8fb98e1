"""`api/motion/…`: what is asked of the daemon, and what its answers become."""

import json

import pytest
from api_calls import Api

EVENT = {"number": 1, "start": "2026-11-20T23:45:01.123Z", "end": None, "trigger": "request", "item": None}


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


@pytest.mark.parametrize(("verb", "seconds"), [("trigger", 20), ("trigger", None), ("keep", 5.5)])
def test_an_event_on_request(api, verb, seconds):
    api.answers[verb] = {"event": EVENT}
    body = None if seconds is None else {"seconds": seconds}
    assert api.call("POST", f"api/motion/{verb}", body) == (202, {"event": EVENT})
    assert api.messages[-1].get("seconds") == seconds
    assert api.messages[-1]["wait_s"] <= 25


def test_a_camera_that_is_busy_answers_later(api):
    api.answers["trigger"] = {}
    assert api.call("POST", "api/motion/trigger") == (202, {"event": None})


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("api/motion/trigger", {"seconds": 0}, "seconds"),
        ("api/motion/trigger", {"seconds": 3601}, "seconds"),
        ("api/motion/keep", {"seconds": 31}, "seconds"),
        ("api/motion/keep", {"seconds": "5"}, "seconds"),
        ("api/motion/arm", {"armed": 1}, "armed"),
        ("api/motion/arm", {}, "armed"),
    ],
)
def test_what_is_wrong_is_refused(api, path, body, field):
    status, answer = api.call("POST", path, body)
    assert (status, answer["field"]) == (422, field)


LEVEL = {
    "active": False, "reason": None, "threshold": 2, "columns": 40, "rows": 30, "blocks": [[1, 2]], "others": [],
    "mask": ["10"], "looks": [
        {"number": 7, "time": "2026-11-20T23:45:01.123Z", "level": 3, "ignored": "settling", "motion": False},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("query", "after"), [("", 0), ("?after=6", 6)])
def test_the_levels_of_the_detector(api, query, after):
    api.answers["level"] = LEVEL
    assert api.call("GET", f"api/motion/level{query}") == (200, LEVEL)
    assert api.messages[-1]["after"] == after


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "10000000000"])
def test_a_wrong_number_of_a_look_is_refused(api, after):
    status, answer = api.call("GET", f"api/motion/level?after={after}")
    assert (status, answer["field"]) == (400, "after")


@pytest.mark.parametrize(("cause", "status"), [("busy", 409), ("idle", 409), ("disk", 507)])
def test_a_refusal_has_its_status(api, cause, status):
    api.answers["keep"] = {"error": "no", "cause": cause}
    assert api.call("POST", "api/motion/keep") == (status, {"error": "no", "field": None})


def test_arming_is_a_setting(api):
    api.answers["reload"] = {"in_force": True}
    file = api.paths.data / "settings.json"
    assert api.call("POST", "api/motion/arm", {"armed": True}) == (200, {"armed": True, "notice": None})
    assert json.loads(file.read_text())["motion"] == {"armed": True}
    assert api.call("POST", "api/motion/arm", {"armed": False}) == (200, {"armed": False, "notice": None})
    assert "motion" not in json.loads(file.read_text())
