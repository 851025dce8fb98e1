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
