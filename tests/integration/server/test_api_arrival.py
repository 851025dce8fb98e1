"""Whoever is told of a new frame finds it at `images/current.jpg`, however slow this server's reader is."""

import time

import pytest
from api_calls import RELOADED, Api
from pictures import picture

from stillcam.frames.files import Publisher, open_current
from stillcam.server.live import cache as cache_module

FOUND = {"state": "focused", "lens_position": 1.5, "distance_m": 0.667}
SLOW_S = 0.3  # from a frame in the folder to the frame in the server's memory


@pytest.fixture
def api(tmp_path, monkeypatch):
    with Api(tmp_path) as api:

        def slow(images):
            frame = open_current(images)
            time.sleep(SLOW_S)
            return frame

        monkeypatch.setattr(cache_module, "open_current", slow)
        api.judging = False
        yield api


ORDERS = pytest.mark.parametrize(
    ("method", "path", "body", "command", "answer"),
    [
        pytest.param("PATCH", "api/settings", {"controls": {"Contrast": 2}}, "reload", RELOADED, id="settings"),
        pytest.param("POST", "api/snapshot", None, "snapshot", {}, id="snapshot"),
        pytest.param("POST", "api/focus", None, "focus", FOUND, id="focus"),
    ],
)


@ORDERS
def test_a_frame_that_the_server_does_not_have_in_time_is_named_to_be_waited_for(
    api, monkeypatch, method, path, body, command, answer
):
    monkeypatch.setattr(cache_module, "open_current", lambda _: None)
    monkeypatch.setattr(cache_module, "ARRIVAL_S", 0.05)
    still = api.paths.images / ".still_1.jpg"
    still.write_bytes(picture())
    name = Publisher(api.paths.images).publish(still, time.time())
    api.answers[command] = answer | {"frame": name}
    status, document = api.call(method, path, body)
    assert (status, document["wait_for"]) == (200, name)


@ORDERS
def test_the_answer_comes_when_the_server_has_the_frame(api, method, path, body, command, answer):
    publisher = Publisher(api.paths.images)
    frames = []

    def taken():
        still = api.paths.images / ".still_1.jpg"
        still.write_bytes(picture())
        frames.append(publisher.publish(still, time.time()))
        return answer | {"frame": frames[-1]}

    api.answers[command] = taken
    for _ in range(3):
        assert api.call(method, path, body)[0] == 200
        assert f'ETag: "{frames[-1]}"'.encode() in api.answer("GET", "images/current.jpg").head
        body = body and {"controls": {"Contrast": 3}}
