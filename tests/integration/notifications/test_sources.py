"""What receivers are told by a real server: motion, series, films, the disk, sign-ins; each gets what it asks for."""

import json
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from people import PASSWORD, Client, cookies, register
from pictures import picture
from receiving import Receiver, verified
from series_folders import make_series
from serving import Site
from standin import StandIn

from stillcam.common.paths import Paths
from stillcam.films.order import from_document
from stillcam.films.record import Film, new_id
from stillcam.films.store import FilmStore
from stillcam.ipc.protocol import ask
from stillcam.notifications.events import Facts
from stillcam.notifications.sources import COOLED_S, BoardMonitor
from stillcam.server.notification_facts import board_events


@contextmanager
def receiving(folder: Path, row: str, **settings: Any) -> Iterator[tuple[Site, Callable[[Callable[[], Any]], Any]]]:
    """A server with one receiver; and a function that does something again and again until a message comes."""
    with Receiver() as receiver, Site(folder, {"webhooks": {"urls": [f"{receiver.url} {row}"]}, **settings}) as site:

        def message(act: Callable[[], Any]) -> Any:
            for _ in range(90):
                act()
                try:
                    headers, body = receiver.next(1.0)
                except queue.Empty:
                    continue
                return verified((site.data / "webhook-key").read_text().strip(), headers, body)
            raise AssertionError(site.said())

        yield site, message


def nothing() -> None:
    pass


def motion(number: int, *, end: str | None = None, item: str | None = None, trigger: str = "motion") -> dict[str, Any]:
    """The part of the daemon's status."""
    event = {"number": number, "start": "2026-11-20T08:00:00.000Z", "end": end, "trigger": trigger, "item": item}
    return {"armed": True, "active": True, "event": event}


def test_motion_is_told_when_it_begins_and_when_its_item_is_there(tmp_path):
    numbers = count(1)
    with (
        StandIn(tmp_path / "data/run/capture.sock") as daemon,
        receiving(tmp_path, "motion.*") as (site, message),
    ):
        daemon.status["motion"] = motion(next(numbers), end="2026-11-20T08:00:01.000Z")  # over before the first look

        def begins() -> None:
            daemon.status["motion"] = motion(next(numbers))

        began = message(begins)
        assert (began["type"], began["data"]["trigger"]) == ("motion.began", "motion")
        assert began["data"]["number"] >= 2
        assert began["data"]["title"].endswith(": motion")
        assert "has been moving" in began["data"]["text"]
        item = "2026-11-20/20261120T080000.000Z_motion_imx219.mp4"
        while True:  # the ends of those that were replaced come first
            newest = daemon.status["motion"]["event"]["number"]
            daemon.status["motion"] = motion(newest, end="2026-11-20T08:01:30.000Z", item=item)
            ended = message(nothing)
            if ended["type"] == "motion.ended" and ended["data"]["number"] == newest:
                break
        assert (ended["data"]["item"], ended["data"]["length_s"]) == (item, 90.0)
        assert "lasted 1 min 30 s" in ended["data"]["text"]
        assert "Traceback" not in site.said()


def test_a_recording_of_the_real_daemon_is_told_with_its_item(idle_daemon, tmp_path):
    motion = {"armed": True, "record": "photos"}
    idle_daemon.settings(snapshot={"interval_s": 0.2, "width": 320}, live={"width": 320}, motion=motion)
    idle_daemon.start()
    idle_daemon.frames(1)
    kept = {"snapshot": {"interval_s": 0.2, "width": 320}, "live": {"width": 320}, "motion": motion}
    with receiving(tmp_path, "motion.*", **kept) as (site, message):

        def asks() -> None:
            ask(site.data / "run/capture.sock", {"command": "trigger", "seconds": 1})

        told = message(asks)
        assert (told["type"], told["data"]["trigger"]) == ("motion.began", "request")
        while told["type"] != "motion.ended":
            told = message(nothing)
        assert (site.data / "library" / told["data"]["item"]).is_file(), told


def test_a_series_that_is_over_is_told(tmp_path):
    numbers = count(1)

    def over() -> None:
        name, (state, why) = f"Garden {next(numbers)}", states[0]
        make_series(tmp_path / "data/series", 3, state=state, why=why, missed=2, name=name)

    states: list[tuple[str, str | None]] = [("finished", None)]
    with receiving(tmp_path, "series.*") as (_, message):
        told = message(over)
        assert told["type"] == "series.finished"
        assert (told["data"]["taken"], told["data"]["missed"], told["data"]["name"][:6]) == (3, 2, "Garden")
        states[0] = ("failed", "the disk is full")
        while told["type"] != "series.failed":
            told = message(over)
        assert told["data"]["why"] == "the disk is full"
        assert "It takes no more shots: the disk is full." in told["data"]["text"]


def test_a_film_that_is_ready_is_told(tmp_path):
    numbers = count()
    store = FilmStore(Paths(tmp_path / "images", tmp_path / "data"))

    def made() -> None:
        order = from_document({"kind": "sheet", "from": "2026-11-20", "to": "2026-11-20"}, "UTC")
        film = Film(new_id("sheet", 1_795_176_000.0 + next(numbers)), order, "done", 1.0, bytes=5000, pictures=24)
        store.add(film)

    with receiving(tmp_path, "film.made") as (site, message):
        (site.data / "films").mkdir(exist_ok=True)
        told = message(made)
    assert (told["type"], told["data"]["kind"], told["data"]["pictures"]) == ("film.made", "sheet", 24)
    assert told["data"]["text"] == "The contact sheet of the library is ready: 24 pictures, 4.88 KiB."


def test_a_disk_that_is_nearly_full_is_told_once(tmp_path):
    with receiving(tmp_path, "disk.low item.taken", files={"floor_mb": 10_000_000}) as (site, message):
        told = message(nothing)
        assert (told["type"], told["data"]["floor_bytes"]) == ("disk.low", 10_000_000_000_000)
        assert "are free on the disk of the library" in told["data"]["text"]
        assert "Traceback" not in site.said()


def test_a_sign_in_on_a_new_device_is_told_and_one_on_a_known_device_is_not(tmp_path):
    with receiving(tmp_path, "sign_in.* item.taken") as (site, message):
        site.publish(picture())
        register(site)
        known: list[str] = []

        def signs_in() -> None:
            answer, _ = Client(site).ask("/api/session", "POST", {"name": "ann", "password": PASSWORD})
            known.append("; ".join(f"{name}={value}" for name, value in cookies(answer).items() if "device" in name))

        told = message(signs_in)
        assert (told["type"], told["data"]["user"], told["data"]["address"]) == (
            "sign_in.new_device",
            "Ann",
            "127.0.0.1",
        )
        new = len(known) - 1  # messages that may still come
        back = Client(site, Cookie=known[-1])
        for _ in range(3):
            assert back.ask("/api/session", "POST", {"name": "ann", "password": PASSWORD})[0].status == 200
        told_after = []
        while True:  # until a later one from another new device
            Client(site).ask("/api/session", "POST", {"name": "ANN", "password": PASSWORD})
            told_after.append(message(nothing))
            if len(told_after) > new:
                break
        assert {one["type"] for one in told_after} == {"sign_in.new_device"}
        assert PASSWORD not in json.dumps(told_after)


def test_each_receiver_gets_what_it_has_asked_for(tmp_path):
    with Receiver() as sheds, Receiver() as homes:
        rows = [f"{sheds.url} disk.low", f"{homes.url} picture.lost"]
        with Site(tmp_path, {"webhooks": {"urls": rows}, "files": {"floor_mb": 10_000_000}}) as site:
            site.publish(picture())
            site.until((site.data / "webhook-key").exists)
            key = (site.data / "webhook-key").read_text().strip()
            assert verified(key, *homes.next())["type"] == "picture.lost"  # no daemon runs: the frame gets old
            assert verified(key, *sheds.next())["type"] == "disk.low"
            assert (homes.got.empty(), sheds.got.empty()) == (True, True)


@pytest.fixture
def pi(tmp_path):
    """The files of /sys that a Raspberry Pi has."""
    (tmp_path / "class/thermal/thermal_zone0").mkdir(parents=True)
    (tmp_path / "devices/platform/soc/soc:firmware").mkdir(parents=True)

    def state(celsius: float, throttled: int) -> None:
        (tmp_path / "class/thermal/thermal_zone0/temp").write_text(f"{celsius * 1000:.0f}\n")
        (tmp_path / "devices/platform/soc/soc:firmware/get_throttled").write_text(f"{throttled:x}\n")

    return tmp_path, state


@pytest.mark.parametrize(
    ("celsius", "throttled", "told"),
    [
        pytest.param(60.0, 0x0, [], id="well"),
        pytest.param(60.0, 0x50005 << 16 & 0xF0000, [], id="earlier since boot"),
        pytest.param(82.3, 0x0, ["board.hot"], id="too hot"),
        pytest.param(79.0, 0x8, ["board.hot"], id="at the soft limit"),
        pytest.param(60.0, 0x50005, ["board.undervoltage"], id="a weak power supply"),
        pytest.param(85.0, 0xF000F, ["board.hot", "board.undervoltage"], id="both"),
    ],
)
def test_what_the_board_suffers_from_is_told(pi, celsius, throttled, told):
    sys, state = pi
    state(celsius, throttled)
    events = board_events(sys)
    assert list(events) == told
    if "board.hot" in events:
        assert events["board.hot"].text == f"The processor is at {celsius:.0f} °C: give it a heat sink, a fan or shade."
        assert events["board.hot"].data["temperature_c"] == celsius


def test_a_condition_that_comes_and_goes_is_told_once_in_a_while(pi):
    sys, state = pi
    facts = Facts(lambda: None, lambda: None, dict, dict, lambda: board_events(sys), lambda: None)
    monitor, told = BoardMonitor(facts), []
    for now_s, throttled in ((0, 1), (10, 1), (20, 0), (30, 1), (40, 0), (30 + COOLED_S, 1), (40 + COOLED_S, 1)):
        state(50.0, throttled)
        told += [(now_s, event.type) for event in monitor.poll(float(now_s), 0.0)]
    assert told == [(0, "board.undervoltage"), (30 + COOLED_S, "board.undervoltage")]
