"""Webhooks: signed, tried again, and nobody's business but the owner's; a receiver that hangs holds up nothing."""

import json
import queue
import socket
import threading
import time
from typing import Any

import pytest
from api_calls import Api
from people import program, register, viewer
from photos import add_photo
from pictures import picture
from receiving import Receiver, verified
from serving import Site

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.notifications import receiver as receivers
from stillcam.notifications import webhook
from stillcam.notifications.events import Event, Message
from stillcam.notifications.receiver import DeliveryError
from stillcam.notifications.webhook import Webhook, load_key, signature
from stillcam.server.route import Person
from stillcam.settings.document import from_json

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = Event("item.taken", 1_793_000_000.0, {"id": "2026-10-26/x.jpg"}, "new photo", "A photo.")


def message(number: int = 0) -> Message:
    return Message.of(Event("item.taken", 1_793_000_000.0 + number, {"number": number}), "shed", 1)


@pytest.fixture
def api(tmp_path):
    with Api(tmp_path) as api:
        yield api


@pytest.fixture
def hanging():
    """The address of somebody who takes connections, and says nothing ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def take(site: Site) -> str:
    """A photo comes into the library; its address."""
    return add_photo(site.data / "library", time.time(), picture())


def told(key: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """What a message says, under its type."""
    document = verified(key, headers, body)
    return {document["type"]: document["data"]}


def test_the_signature_is_that_of_the_standard():
    """The example of the reference implementation (standard-webhooks, libraries/python/tests)."""
    signed = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_key_is_made_once_and_is_nobody_else_s_to_read(tmp_path):
    file = tmp_path / "webhook-key"
    key = load_key(file)
    assert (load_key(file), file.stat().st_mode & 0o777) == (key, 0o600)
    assert load_key(tmp_path / "other") != key
    file.write_text("what somebody has typed\n")
    with pytest.raises(StillcamError, match="contains no key"):
        load_key(file)


def test_photos_and_the_loss_of_the_picture_are_told(tmp_path, hanging):
    """All of it with another receiver that hangs; the frame goes on being served."""
    with Receiver() as receiver, Site(tmp_path, {"webhooks": {"urls": [hanging, receiver.url]}}) as site:
        site.publish(picture())
        taken: set[str] = set()
        events: dict[str, Any] = {}
        while "item.taken" not in events:  # from the first look on what comes is new
            assert len(taken) < 90, site.said()
            taken.add(take(site))
            try:
                headers, body = receiver.next(1.0)
            except queue.Empty:
                continue
            key = (site.data / "webhook-key").read_text().strip()
            events |= told(key, headers, body)
            assert headers["path"] == "/garden?x=1"
            assert headers["content-type"] == "application/json"
        item = events["item.taken"]
        assert (item["id"] in taken, item["camera"], bool(item["machine"])) == (True, 0, True)
        assert item["bytes"] > 0
        while "picture.lost" not in events:  # no daemon runs: the frame gets old
            events |= told(key, *receiver.next())
        assert "capture daemon" in events["picture.lost"]["reason"]
        site.publish(picture())
        while "picture.back" not in events:
            events |= told(key, *receiver.next())
        assert events["picture.back"]["lost_s"] >= 0
        assert "Traceback" not in site.said()
        assert key not in site.said()


def test_what_is_not_taken_is_tried_again_and_is_the_same_message():
    """A redirection is not followed: it might lead anywhere."""
    with Receiver([500, 302, 200]) as receiver:
        sender = receivers.Receiver(Webhook(receiver.url, KEY), retry_s=(0.0, 0.0, 0.0))
        sender.send(message(1))
        sender.send(message(2))
        got = [receiver.next() for _ in range(4)]
        sender.close()
    assert {headers["path"] for headers, _ in got} == {"/garden?x=1"}
    assert [verified(KEY, *one)["data"]["number"] for one in got] == [1, 1, 1, 2]
    assert len({headers["webhook-id"] for headers, _ in got}) == 2


def test_what_is_never_taken_is_given_up(caplog):
    with Receiver([500] * 3) as receiver:
        sender = receivers.Receiver(Webhook(receiver.url, KEY), retry_s=(0.0, 0.0))
        sender.send(message(1))
        sender.send(message(2))
        got = [verified(KEY, *receiver.next())["data"]["number"] for _ in range(4)]
        sender.close()
    assert got == [1, 1, 1, 2]
    assert "dropped item.taken" in caplog.text
    assert "/garden" not in caplog.text, "an address may hold a secret"


def test_a_receiver_that_never_answers_is_left_in_time(hanging):
    with pytest.raises(DeliveryError):
        webhook.post(hanging, KEY, message(), timeout_s=0.2)


def test_a_receiver_that_trickles_is_left_in_time():
    """A byte now and then would keep a connection for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = threading.Event()

        def trickle():
            link, _ = listener.accept()
            with link:
                while not left.wait(0.05):
                    try:
                        link.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        with pytest.raises(DeliveryError):
            webhook.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", KEY, message(), timeout_s=0.5)
        left.set()
        thread.join()


def test_no_more_than_a_few_wait(hanging, caplog):
    sender = receivers.Receiver(Webhook(hanging, KEY))
    for number in range(receivers.MAX_QUEUED + 20):
        sender.send(message(number))
    sender.close()
    assert caplog.text.count("too many messages are waiting") == 20


@pytest.mark.parametrize("url", ["http://camera.local/x", "https://[::1]:8443/", "https://example.org/a?b=c%20d"])
def test_ok__an_address(url):
    assert from_json({"webhooks": {"urls": [url]}}).webhooks.urls == (url,)


@pytest.mark.parametrize(
    "url",
    ["example.org", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x", "https://me:secret@example.org/",
     "http://example.org/#x", "http://example.org:0/", "http://example.org:99999/",
     "http://[::1/", "javascript:alert(1)", "http://exämple.org/"],
)  # fmt: skip
def test_fail__no_address(url):
    with pytest.raises(SettingsError, match="must be an address like"):
        from_json({"webhooks": {"urls": [url]}})


def test_a_program_neither_sees_nor_sets_whom_the_server_calls(api):
    """A token that leaks must not make the server ask around in the owner's network."""
    mine = {"webhooks": {"urls": ["http://192.168.1.1/secret-path"]}}
    assert api.call("PATCH", "api/settings", mine)[0] == 200
    assert api.call("GET", "api/settings")[1]["settings"]["webhooks"] == mine["webhooks"]
    api.guard.person = Person("Home Assistant", "viewer", "control", "token")
    status, document = api.call("PATCH", "api/settings", {"webhooks": {"urls": ["http://169.254.169.254/"]}})
    assert (status, document["field"]) == (403, "webhooks")
    assert api.call("PATCH", "api/settings", {"webhooks": None})[0] == 403
    for method, patch in (("GET", None), ("PATCH", {"snapshot": {"quality": 50}})):
        answer = api.answer(method, "api/settings", patch)
        assert answer.status == 200
        assert b"secret-path" not in answer.body
    status, document = api.call("PATCH", "api/settings", {"snapshot": {"quality": 51}}, if_match='"other"')
    assert status == 409
    assert "webhooks" not in document["settings"]
    assert api.written()["webhooks"] == mine["webhooks"]


def test_no_address_tells_the_key(site):
    owner = register(site)
    key = load_key(site.data / "webhook-key")
    for client in (owner, viewer(owner), program(owner, "control")):
        for path in ("/webhook-key", "/data/webhook-key", "/api/settings", "/api/backup", "/api/info", "/metrics"):
            assert key not in client.ask(path)[1].decode("latin-1")


def test_an_event_says_what_it_is():
    document = json.loads(Message.of(EVENT, "shed", 1).body)
    assert document == {
        "type": "item.taken",
        "timestamp": "2026-10-26T07:33:20.000Z",
        "data": {
            "machine": "shed", "camera": 1, "id": "2026-10-26/x.jpg", "title": "shed: new photo", "text": "A photo.",
        },
    }  # fmt: skip
