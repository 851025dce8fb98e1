"""Routes that answer from memory, and routes that may block: only the latter are handed to another thread."""

import pytest
from listening import admit_all, count_none

from stillcam.http.messages import Answer, Refused
from stillcam.server.app import App
from stillcam.server.route import Access, Request, Route
from stillcam.settings.schema import Settings


def app(events):
    def handler(_request):
        events.append("handler")
        return Answer(200, b"handler")

    def quick(answer):
        def handle(_request):
            events.append("quick")
            return answer

        return handle

    def refuse(_request):
        raise Refused(400, "no")

    routes = [
        Route("GET", "blocking", Access.OPEN, handler),
        Route("GET", "memory", Access.OPEN, handler, quick(Answer(200, b"memory"))),
        Route("GET", "either", Access.OPEN, handler, quick(None)),
        Route("GET", "refused", Access.OPEN, handler, refuse),
    ]
    return App(routes, Settings, admit_all, count_none)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("blocking", ["hand off", "handler"], id="a handler may block"),
        pytest.param("memory", ["quick"], id="an answer from memory needs no other thread"),
        pytest.param("either", ["quick", "hand off", "handler"], id="a quick handler without an answer"),
        pytest.param("refused", [], id="a quick handler that refuses"),
    ],
)
def test_only_a_handler_that_may_block_is_handed_off(path, expected):
    events = []
    request = Request("GET", path, headers={"host": "127.0.0.1"}, hand_off=lambda: events.append("hand off"))
    app(events).answer(request)
    assert [event for number, event in enumerate(events) if event not in events[:number]] == expected
