"""The event stream: merge patches, and subscribers that read too slowly."""

import json
from typing import Any

import pytest
from event_client import merged
from hypothesis import given
from hypothesis import strategies as st
from waiting import until

from stillcam.server import event_stream
from stillcam.server.event_stream import EventBroker, EventSubscriber, merge_patch, visible, without_noise
from stillcam.server.route import Request

DEADLINE_S = 60.0
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
)
DOCUMENTS = st.dictionaries(st.text(max_size=2), VALUES, max_size=5)


def bare(value: Any) -> Any:
    """A document without what is null, which a merge patch cannot tell from what is not there."""
    return (
        {name: bare(inner) for name, inner in value.items() if inner is not None} if isinstance(value, dict) else value
    )


@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_makes_the_new_document_of_the_old_one(old, new):
    assert bare(merged(old, merge_patch(old, new))) == bare(new)


@given(DOCUMENTS)
def test_between_equals_there_is_no_difference(document):
    assert merge_patch(document, json.loads(json.dumps(document))) == {}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(1_000_000, 1_009_000, 1_000_000, id="a little more"),
        pytest.param(1_000_000, 991_000, 1_000_000, id="a little less"),
        pytest.param(1_000_000, 980_000, 980_000, id="less"),
        pytest.param(0, 5, 5, id="some at last"),
        pytest.param(5, None, None, id="the disk does not answer"),
        pytest.param(None, None, None, id="it still does not answer"),
        pytest.param(None, 5, 5, id="it answers again"),
    ],
)
def test_free_space_is_told_when_it_matters(before, after, told):
    old, new = ({"frame": None, "capture": {"library": {"free_bytes": free}}} for free in (before, after))
    assert without_noise(old, new)["capture"]["library"]["free_bytes"] == told


def test_only_ones_own_topics_are_visible():
    change = {"now": "t", "revisions": {"library": "1", "settings": "2"}}
    assert visible(change, frozenset({"library"})) == {"now": "t", "revisions": {"library": "1"}}
    assert visible(change, frozenset()) == {}
    assert visible({**change, "stale": True}, frozenset()) == {"now": "t", "stale": True}


def test_the_state_of_motion_detection_is_a_topic():
    change = {"now": "t", "capture": {"motion": {"armed": True}}}
    assert visible(change, frozenset({"motion"})) == change
    assert visible(change, frozenset()) == {}
    armed = {"capture": {"mode": "motion", "motion": {"armed": True}, "reason": None}}
    assert visible(armed, frozenset()) == {"capture": {"mode": "snapshot", "reason": None}}


class ConstantRevisions:
    """Revisions that do not change."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def newest(self) -> dict[str, str]:
        return {"library": "1"}

    def items(self) -> list[dict[str, Any]]:
        return []


class Client:
    """A connection that takes so many bytes at a time."""

    def __init__(self) -> None:
        self.takes = 1 << 20
        self.got = b""
        self.left = False

    def offer(self, piece: Any) -> int:
        taken = piece[: self.takes]
        self.got += taken
        return len(taken)

    def hang_up(self) -> None:
        self.left = True

    def events(self) -> list[str]:
        return [line.removeprefix("event: ") for line in self.got.decode().split("\n") if line.startswith("event: ")]


class Camera:
    """A broker that polls often, and the status that it sends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(event_stream, "STATUS_POLL_S", 0.01)
        self.capture: dict[str, Any] = {"count": 0}
        self.topics: frozenset[str] | None = frozenset({"library"})
        status = lambda: {"frame": None, "capture": dict(self.capture)}  # noqa: E731 - it is handed on
        self.broker = EventBroker(status, ConstantRevisions(), lambda _request: self.topics, lambda: [self.topics])  # type: ignore[arg-type]

    def client(self) -> Client:
        client = Client()
        request = Request("GET", "api/events", offer=client.offer, hang_up=client.hang_up)
        EventSubscriber(self.broker, request, frozenset({"library"})).begin()
        return client


@pytest.fixture
def camera(monkeypatch):
    return Camera(monkeypatch)


def test_a_slow_subscriber_misses_changes_and_then_gets_the_whole_status(camera):
    fast, slow = camera.client(), camera.client()
    assert fast.events() == slow.events() == ["status"]
    slow.takes = 5
    camera.capture["count"] = 1
    until(lambda: b"event: change" in fast.got)
    slow.takes = 0
    for number in (2, 3):
        camera.capture["count"] = number
        until(lambda: f'"count": {camera.capture["count"]}'.encode() in fast.got)
    slow.takes = 1 << 20
    until(lambda: slow.events()[-1] == "status" and b'"count": 3' in slow.got)
    assert slow.events() == ["status", "change", "status"]
    assert not slow.left


def test_a_stalled_subscriber_is_disconnected(camera, monkeypatch):
    client = camera.client()
    monkeypatch.setattr(event_stream, "SUBSCRIBER_STALL_S", 0.05)
    client.takes = 0
    camera.capture["count"] = 1
    until(lambda: client.left)


def test_a_subscriber_whose_rights_change_is_disconnected(camera):
    client = camera.client()
    camera.topics = None
    until(lambda: client.left)
    camera.capture["count"] = 1
    other = camera.client()
    until(lambda: other.left)
    assert client.events() == ["status"]


def test_removing_a_subscriber_that_was_never_added_does_nothing(camera):
    request = Request("GET", "api/events")
    EventSubscriber(camera.broker, request, frozenset()).end()
