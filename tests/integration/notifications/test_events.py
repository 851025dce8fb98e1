"""`api/events`: what changes is told, to those who may know it, at little cost for any number of clients."""

import json
import os
import resource
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from event_client import STATUS, EventClient, EventDaemon
from own_certificate import make
from people import program, register, viewer
from photos import add_photo
from pictures import picture
from serving import Site

from stillcam.library.pending import PendingItem

CAMERA = {"index": 0, "model": "imx708", "size": [4608, 2592]}


def test_the_state_comes_first_and_then_what_changes(site):
    with EventDaemon(site) as daemon, EventClient(site) as events:
        assert events.head.startswith("HTTP/1.1 200 ")
        for line in ("text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no", "Connection: close"):
            assert line in events.head
        assert "Content-Length" not in events.head
        name, document = events.event() or ("", {})
        assert name == "status"
        assert document["capture"]["mode"] == "snapshot"
        daemon.status |= {"mode": "live", "camera": CAMERA}
        events.until_state(lambda state: state["capture"]["mode"] == "live")
        assert events.state["capture"]["camera"] == CAMERA
        daemon.status = {**STATUS, "reason": "the cable"}  # what is not there any more is told, too
        events.until_state(lambda state: state["capture"].get("reason"))
        assert "camera" not in events.state["capture"]


def test_each_picture_is_told_in_a_few_hundred_bytes(site):
    with EventDaemon(site) as daemon, EventClient(site) as events:
        events.event()
        for number in range(3):
            before = events.bytes
            daemon.status |= {"captures": {"ok": number + 2, "failed": 0}, "publish": {"buckets": [[0.1, number]] * 20}}
            name = site.publish(picture())
            events.until_state(lambda state: (state["frame"] or {}).get("name") == name)  # noqa: B023 - asked at once
            assert events.bytes - before < 700  # at most in two parts, one of the camera and one of the picture


def test_what_changes_all_the_time_is_no_news(site):
    """Neither the age of a picture nor the disk's free space is told for itself: an idle camera is silent."""
    site.publish(picture())
    with EventDaemon(site) as daemon, EventClient(site) as events:
        events.until_state(lambda state: state["capture"].get("mode") == "snapshot")
        for number, mode in enumerate(("live", "snapshot", "live")):
            daemon.status |= {"library": {"free_bytes": 10**9 - number, "waits": None}, "publish": {"count": number}}
            daemon.status["mode"] = mode
            capture: dict[str, Any] = {}
            while capture.get("mode") != mode:
                _, told = events.until(lambda event: event[0] == "change")
                capture = told.get("capture", {})
                if "running" not in capture:  # a daemon that has not answered in time, on a busy machine
                    assert capture.keys() <= {"mode"}
        daemon.status["library"] = {"free_bytes": 5 * 10**8, "waits": None}
        events.until_state(lambda state: state["capture"]["library"]["free_bytes"] == 5 * 10**8)


def test_a_daemon_that_goes_and_comes_is_told(site):
    with EventClient(site) as events:
        assert (events.event() or ("", {}))[1]["capture"]["running"] is False
        for _ in range(2):
            with EventDaemon(site):
                events.until_state(lambda state: state["capture"]["running"])
            events.until_state(lambda state: not state["capture"]["running"])
            assert "mode" not in events.state["capture"]


def test_everybody_is_told_what_they_may_read_elsewhere(site):
    """Settings are for who may control; library, series and films for those who may look at them."""
    owner = register(site)
    site.write_settings({"access": {"watch": "anyone"}})
    site.until(lambda: site.ask("/api/status")[0].status == 200)
    people: dict[str, dict[str, str]] = {"nobody": {}, "viewer": viewer(owner).headers, "owner": owner.headers}
    people |= {scope: program(owner, scope).headers for scope in ("view", "control")}
    topics = {"settings": "/api/settings", "library": "/api/library", "series": "/api/series", "films": "/api/films"}
    for who, headers in people.items():
        may = {topic for topic, path in topics.items() if site.ask(path, **headers)[0].status == 200}
        with EventClient(site, headers) as events:
            events.event()
            assert set(events.state.get("revisions", {})) == may, who
        polled = site.ask("/api/status?revisions=1", **headers)[1]
        assert (b"revisions" in polled) == bool(may)
    assert b"revisions" not in site.ask("/api/status", **owner.headers)[1]


def test_only_those_with_an_account_are_told_whether_the_camera_is_armed(site):
    owner = register(site)
    site.write_settings({"access": {"watch": "anyone"}})
    site.until(lambda: site.ask("/api/status")[0].status == 200)
    counts = {"events": 1, "looked": 1, "skipped": 0, "dropped": 0}
    motion = {"armed": True, "event": None, "counts": counts}
    with EventDaemon(site) as daemon:
        daemon.status |= {"mode": "motion", "motion": motion, "failures": {}, "restarts": {}}
        people = [(True, who.headers) for who in (owner, viewer(owner), program(owner, "view"))]
        for known, headers in [(False, dict[str, str]()), *people]:

            def told(path: str, headers: dict[str, str] = headers) -> str:
                body: bytes = site.ask(path, **headers)[1]
                return body.decode()

            site.until(lambda: '"running": true' in told("/api/status"))
            shown = "motion" if known else "snapshot"
            for query in ("", "?revisions=1"):
                capture = json.loads(told(f"/api/status{query}"))["capture"]
                assert (capture["mode"], "motion" in capture) == (shown, known)
            assert json.loads(told("/api/overview"))["cameras"][0]["mode"] == shown
            metrics = told("/metrics")
            assert ("stillcam_motion_armed{" in metrics) == known
            assert (f'stillcam_capture_mode{{camera="0",mode="{shown}"}} 1.0') in metrics
            with EventClient(site, headers) as events:
                events.event()
                assert (events.state["capture"]["mode"], "motion" in events.state["capture"]) == (shown, known)
                daemon.status |= {"motion": motion | {"armed": False}, "reason": "disarmed"}
                events.until_state(lambda state: state["capture"]["reason"] == "disarmed")
                assert ("motion" in events.state["capture"]) == known
            daemon.status |= {"motion": motion, "reason": None}


def test_who_may_not_watch_is_told_nothing(site):
    register(site)
    for path in ("/api/events", "/camera/0/api/events"):
        response, body = site.ask(path)
        assert response.status == 401
        assert b"capture" not in body


def test_a_stream_ends_with_the_session(site):
    owner = register(site)
    with EventClient(site, owner.headers) as events:
        events.event()
        assert owner.call("/api/session", "DELETE")[0] == 204
        assert all(name == "change" for name, _ in events.until_end())


def test_a_stream_ends_when_rights_change(site):
    """It would go on with what one could see before; who asks again gets what one may see now."""
    owner = register(site)
    bob = viewer(owner)
    with EventClient(site, bob.headers) as events:
        events.event()
        assert "settings" not in events.state["revisions"]
        assert owner.call("/api/users/Bob", "PATCH", {"role": "owner"})[0] == 200
        events.until_end()
    site.write_settings({"access": {"watch": "anyone"}})
    site.until(lambda: site.ask("/api/status")[0].status == 200)
    with EventClient(site) as events:
        events.event()
        site.write_settings({"access": {"watch": "signed-in"}})
        events.until_end()


def test_settings_that_change_are_told_by_their_tag(site):
    owner = register(site)
    with EventClient(site, owner.headers) as events:
        events.event()
        assert events.state["revisions"]["settings"] == owner.ask("/api/settings")[0].headers["ETag"]
        status, _ = owner.call("/api/settings", "PATCH", {"snapshot": {"interval_s": 5}})
        assert status == 200
        tag = owner.ask("/api/settings")[0].headers["ETag"]
        events.until_state(lambda state: state["revisions"]["settings"] == tag)
        (site.data / "settings.json").write_text("{")
        events.until_state(lambda state: state["revisions"]["settings"] != tag)


def test_new_items_series_and_films_are_told(site):
    """Also where a clock that was wrong has left days of the future."""
    owner = register(site)
    for ahead in (1000, 1001):
        future = PendingItem.create(site.data / "library", "photo", time.time() + ahead * 86400, "imx708")
        future.path("jpg").write_bytes(picture())
        future.finish({"kind": "photo"})
    with EventClient(site, owner.headers) as events:
        events.event()
        before = events.state["revisions"]
        add_photo(site.data / "library", time.time(), picture())
        _, item = events.until(lambda event: event[0] == "item")
        assert item["kind"] == "photo"
        assert owner.ask(f"/{item['address']}")[0].status == 200
        events.until_state(lambda state: state["revisions"]["library"] != before["library"])
        series = site.data / "series" / "Garden"
        series.mkdir(parents=True)
        events.until_state(lambda state: state["revisions"]["series"] != before["series"])
        (series / "films").mkdir()
        (series / "films" / "20261120T120000.000Z.json").write_text("{}")
        events.until_state(lambda state: state["revisions"]["films"] != before["films"])
        library = events.state["revisions"]["library"]
        assert owner.call("/api/library/delete", "POST", {"items": [item["id"]]})[0] in (200, 202)
        events.until_state(lambda state: state["revisions"]["library"] != library)


def test_a_silent_stream_has_a_heartbeat(shared_site):
    """From it the page knows that the connection still holds: scripts are not shown comments."""
    with EventDaemon(shared_site), EventClient(shared_site) as events:
        events.event()
        assert events.until(lambda event: event[0] == "heartbeat")[1].keys() == {"now"}


def test_by_tls_it_is_the_same(tmp_path):
    certificate, key = make(tmp_path, "camera")
    with Site(tmp_path, {"server": {"tls_certificate": str(certificate), "tls_key": str(key)}}) as site:
        with EventDaemon(site) as daemon, EventClient(site, certificate=certificate) as events:
            events.event()
            daemon.status["mode"] = "live"
            events.until_state(lambda state: state["capture"]["mode"] == "live")
        threads = site.threads()
        with EventClient(site, certificate=certificate) as events:
            events.event()
        site.until(lambda: site.threads() <= threads)


def test_who_says_more_on_its_stream_is_left(shared_site):
    with EventDaemon(shared_site), EventClient(shared_site) as events:
        events.event()
        events.link.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        events.until_end()


def test_a_head_request_gets_the_head_alone(shared_site):
    response, body = shared_site.ask("/api/events", "HEAD")
    assert (response.status, body) == (200, b"")


def test_a_thousand_clients_cost_no_thread_and_little_time(tmp_path):
    """And all are told; one that reads nothing holds up none of the others."""
    many = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * many:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    limits = {"max_connections": 4096, "max_connections_per_address": 4096}
    with Site(tmp_path, {"server": limits}) as site, EventDaemon(site) as daemon, ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        clients = [stack.enter_context(EventClient(site))]
        clients[0].event()  # all threads that serve one client have started
        before = site.threads()
        clients += [stack.enter_context(EventClient(site)) for _ in range(many - 1)]
        for events in clients[1:]:
            events.event()
        site.until(lambda: site.threads() <= before + 4)
        began = processor_s(site)
        time.sleep(5)
        assert processor_s(site) - began < 1.0  # of 5 s; a status request of each every 2 s took more
        daemon.status["mode"] = "live"
        for events in clients[1:]:
            events.until_state(lambda state: state["capture"]["mode"] == "live")
    assert "bug" not in site.said()


def processor_s(site: Site) -> float:
    """What the server has used of a processor."""
    fields = Path(f"/proc/{site.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
