"""`/metrics` as Prometheus reads it."""

import json
import os
from functools import partial

from people import register
from pictures import picture
from scrape import Scrape
from serving import Site
from standin import StandIn
from watching import Daemon, Viewer

SMALL = {"snapshot": {"interval_s": 0.2, "width": 320}}


def test_requests_are_counted_by_route_and_status(site):
    """A stranger's address is no label: it counts under the empty route."""
    name = site.publish(picture())
    before = Scrape(site)
    site.ask("/?action=snapshot")
    site.ask("/snapshot")
    site.ask("/snapshot", If_None_Match=f'"{name}"')
    site.ask("/nope")
    site.ask("/nope/again?action=snapshot")
    site.ask("/snapshot", "POST")
    site.raw(b"nonsense\r\n\r\n")
    wanted = {
        ("snapshot", "200"): 2.0,
        ("snapshot", "304"): 1.0,
        ("", "404"): 2.0,
        ("", "405"): 1.0,
        ("", "400"): 1.0,
    }

    def counted(scrape: Scrape) -> dict[tuple[str, str], float]:
        samples = scrape.samples("stillcam_http_requests_total")
        return {(labels["route"], labels["status"]): value for labels, value in samples}

    already = counted(before)

    def all_are(scrape: Scrape) -> bool:
        """Each request is counted after its answer: the first scrape, too, perhaps only now."""
        now = counted(scrape)
        if not {("images/current.jpg", "200"), ("metrics", "200")} <= now.keys():
            return False
        return all(now.get(key, 0) - already.get(key, 0) == number for key, number in wanted.items())

    scrape = site.until(lambda: all_are(now := Scrape(site)) and now)
    routes = {labels["route"] for labels, _ in scrape.samples("stillcam_http_requests_total")}
    assert routes == {"", "snapshot", "metrics", "images/current.jpg"}
    sent = "stillcam_http_sent_bytes_total"
    assert scrape.value(sent) >= (before.value(sent) or 0) + 2 * len(picture())


def test_frames_and_viewers(site):
    nothing = Scrape(site)
    assert nothing.value("stillcam_frames_total") == 0
    assert nothing.value("stillcam_frame_stale") == 1
    assert nothing.value("stillcam_frame_age_seconds") is None
    for _ in range(3):
        site.publish(picture())
    with Viewer(site), Viewer(site):
        scrape = site.until(lambda: (now := Scrape(site)).value("stillcam_viewers") == 2 and now)
    assert scrape.value("stillcam_frames_total") == 3
    assert scrape.value("stillcam_frame_stale") == 0
    assert scrape.value("stillcam_frame_bytes") == len(picture())
    assert scrape.value("stillcam_frame_age_seconds") >= 0
    assert {labels["folder"] for labels, _ in scrape.samples("stillcam_disk_free_bytes")} == {"images", "data"}
    assert scrape.value("stillcam_server_process_resident_memory_bytes") > 1e6


def test_frames_that_a_slow_viewer_misses_are_counted(site):
    """Of the others none is missed; a viewer that wants few frames misses none either."""
    site.publish(picture())
    skipped = partial(Scrape.value, name="stillcam_viewer_frames_skipped_total", viewer="stream")
    with Viewer(site) as fast, Viewer(site, "/stream?fps=0.01"), Viewer(site, receive_buffer=4096) as slow:
        site.until(lambda: Scrape(site).value("stillcam_viewers") == 3)
        slow.part()
        for _ in range(25):  # more than socket buffers may hold
            fast.frame(site.publish(os.urandom(1_000_000)))
        site.until(lambda: (Scrape(site).value("stillcam_viewer_frames_total", viewer="stream") or 0) >= 26 + 2)
        site.until(lambda: Scrape(site).value("stillcam_slow_viewers") == 1)
        while int(slow.part()[0]["x-frame-sequence"]) < 26:
            pass
        scrape = site.until(lambda: (skipped(now := Scrape(site), reason="client") or 0) > 10 and now)
        site.until(lambda: Scrape(site).value("stillcam_slow_viewers") == 0)
    assert skipped(Scrape(site), reason="client") == skipped(scrape, reason="client")


def test_frames_that_a_page_misses_are_counted(site):
    """A page requests one frame after the other; the first may be of any age."""

    def after(name: str) -> str:
        response, _ = site.ask(f"/images/current.jpg?after={name}")
        return str(response.headers["ETag"]).strip('"')

    def count(what: str, **labels: str) -> float | None:
        return Scrape(site).value(f"stillcam_viewer_frames{what}_total", viewer="page", **labels)

    old = site.publish(picture())
    for _ in range(3):
        newest = site.publish(picture())
    site.until(lambda: Scrape(site).value("stillcam_frames_total") == 4)
    assert after(old) == newest
    assert (count(""), count("_skipped", reason="client")) == (1, 0)
    for _ in range(3):
        site.publish(picture())
    site.until(lambda: Scrape(site).value("stillcam_frames_total") == 7)
    after(newest)
    assert (count(""), count("_skipped", reason="client")) == (2, 2)


def test_the_room_of_the_library_and_what_must_stay_free(tmp_path):
    with Site(tmp_path, {"files": {"floor_mb": 700}}) as site:
        scrape = Scrape(site)
        assert scrape.samples("stillcam_disk_reserve_bytes") == [({"folder": "data"}, 700e6)]
        status = os.statvfs(site.data)
        assert scrape.value("stillcam_disk_size_bytes", folder="data") == status.f_blocks * status.f_frsize


def test_each_mode_of_the_daemon_is_one_of_the_metric(site):
    described = json.loads(site.ask("/api/openapi.json")[1])["components"]["schemas"]["Capture"]
    modes = described["properties"]["mode"]["enum"]
    with StandIn(site.data / "run/capture.sock", mode="focus", captures={"ok": 1, "failed": 0}):
        scrape = site.until(lambda: "stillcam_captures" in (now := Scrape(site)).families and now)
    assert [labels["mode"] for labels, _ in scrape.samples("stillcam_capture_mode")] == modes
    assert scrape.value("stillcam_capture_mode", mode="focus") == 1


def test_without_a_daemon_there_is_nothing_of_it(site):
    scrape = Scrape(site)
    assert not {"stillcam_capture_mode", "stillcam_captures", "stillcam_publish_seconds"} & set(scrape.families)


def test_failures_and_restarts_have_their_cause(site):
    with StandIn(
        site.data / "run/capture.sock",
        mode="no camera",
        camera={"index": 0, "model": 'a "new"\\one\n', "size": [1, 1]},
        captures={"ok": 12, "failed": 3},
        failures={"stalled": 2, "died": 1},
        restarts={"stalled": 1},
    ):
        scrape = site.until(lambda: "stillcam_captures" in (now := Scrape(site)).families and now)
        results = {labels["result"]: value for labels, value in scrape.samples("stillcam_captures_total")}
        assert results == {"ok": 12, "stalled": 2, "died": 1}
        assert scrape.samples("stillcam_camera_restarts_total") == [({"camera": "0", "cause": "stalled"}, 1)]
        modes = {labels["mode"]: value for labels, value in scrape.samples("stillcam_capture_mode")}
        assert [mode for mode, value in modes.items() if value] == ["no camera"]
        ((about, one),) = scrape.samples("stillcam_info")
        assert (about["model"], about["driver"], one) == ('a "new"\\one\n', "simulated", 1)
        assert "stillcam_publish_seconds" not in scrape.families  # this daemon does not tell


def test_how_long_publishing_takes_is_a_histogram_that_adds_up(tmp_path):
    with Site(tmp_path, SMALL) as site, Daemon(site) as daemon:
        daemon.until(lambda status: status["captures"]["ok"] >= 5)
        scrape = site.until(
            lambda: (
                (now := Scrape(site)).value(
                    "stillcam_publish_seconds_count",
                )
                and now
            )
        )
        buckets = [(float(labels["le"]), value) for labels, value in scrape.samples("stillcam_publish_seconds_bucket")]
        assert buckets == sorted(buckets)
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        count, total_s = (scrape.value(f"stillcam_publish_seconds_{what}") for what in ("count", "sum"))
        assert buckets[-1] == (float("inf"), count)
        assert count >= 5
        assert total_s > 0
        assert abs(count - scrape.value("stillcam_captures_total", result="ok")) <= 1
        assert scrape.value("stillcam_capture_interval_seconds") == 0.2
        assert scrape.value("stillcam_capture_mode", mode="snapshot") == 1


def test_an_armed_camera_counts_events_and_frames(site):
    counts = {"events": 3, "looked": 500, "skipped": 2, "dropped": 0}
    motion = {"armed": True, "counts": counts}
    owner = register(site)
    with StandIn(site.data / "run/capture.sock", mode="motion", captures={"ok": 1, "failed": 0}, motion=motion):
        scrape = site.until(lambda: "stillcam_motion_events" in (now := Scrape(owner)).families and now)
    assert scrape.value("stillcam_motion_armed") == 1
    assert scrape.value("stillcam_motion_events_total") == 3
    assert scrape.value("stillcam_motion_frames_total", result="looked") == 500
    assert scrape.value("stillcam_motion_frames_total", result="skipped") == 2


def test_a_disarmed_camera_has_no_counts_of_motion(site):
    owner = register(site)
    with StandIn(site.data / "run/capture.sock", mode="snapshot", captures={"ok": 1, "failed": 0}, motion=None):
        scrape = site.until(lambda: "stillcam_captures" in (now := Scrape(owner)).families and now)
    assert scrape.value("stillcam_motion_armed") == 0
    assert "stillcam_motion_events" not in scrape.families
