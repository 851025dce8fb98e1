"""What the page asks for, and when: the server tells what changes, only the picture is asked for again and again."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from event_client import STATUS, EventDaemon
from page_driver import counted, hide, open_with_clock, wait_for_colour, wait_for_state
from people import register
from pictures import picture
from playwright.sync_api import APIResponse, Page, Route, expect
from real_camera import RealCamera
from serving import Site
from signed_in import NAME, add_owner, add_owner_to, sign_in

from stillcam.library.pending import PendingItem

DEADLINE_S = 60.0
CAMERA = {"index": 0, "model": "imx708", "size": [4608, 2592], "limits": {}}
CANNOT = {"Brightness": "this camera has none"}


def watched(page: Page) -> list[str]:
    """The paths that the page asks for from now on; the list grows."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    return paths


def until(page: Page, holds) -> None:
    """Until it is so, while the page goes on."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, holds
        page.wait_for_timeout(50)


def of(paths: list[str], path: str) -> int:
    return sum(one == path for one in paths)


def test_an_idle_live_tab_asks_for_pictures_alone(page, camera_server: RealCamera):
    """In 30 s of the page's clock at most 15 pictures, and nothing else."""
    add_owner_to(camera_server.url, camera_server.folder / "data")
    page.clock.install()
    sign_in(page, camera_server.url)
    page.wait_for_selector(".groups .control", state="attached")
    page.wait_for_function("() => document.querySelector('.facts')?.childElementCount > 2")  # from the status
    wait_for_state(page, "fresh")
    page.wait_for_load_state("load")
    page.clock.pause_at(page.evaluate("Date.now()") + 500)
    paths = watched(page)

    def only_pictures() -> bool:
        """For 30 s of the page's clock; on a busy machine the stream of events may begin late."""
        paths.clear()
        for _ in range(15):
            page.clock.run_for(2_000)
            page.wait_for_timeout(50)  # a picture comes in real time
        return 0 < len(paths) <= 15 and set(paths) == {"/images/current.jpg"}

    until(page, only_pictures)


@pytest.mark.parametrize("fault", ["error", "buffered", "cut"])
def test_where_a_proxy_breaks_events_the_page_asks_every_5_s(page, camera, fault):
    """Not for the picture's sake: that has its own request. Later the events are tried again."""
    camera.events_fault = fault
    paths = watched(page)
    open_with_clock(page, camera.url)
    until(page, lambda: camera.listeners >= 1)
    page.clock.pause_at(page.evaluate("Date.now()") + 100)
    page.clock.run_for(10_500)  # the time that the first event may take
    until(page, lambda: of(paths, "/api/status") >= 1)
    camera.capture = {**camera.capture, "running": False, "reason": "the cable"}
    before = of(paths, "/api/status")
    for _ in range(8):
        page.clock.run_for(5_000)
        page.wait_for_timeout(100)
    until(page, lambda: of(paths, "/api/status") >= before + 4)
    wait_for_state(page, "lost")
    assert of(paths, "/api/status") <= before + 8 + camera.listeners  # and one as each try fails

    camera.events_fault = None
    camera.capture = {**camera.capture, "running": True, "mode": "snapshot"}
    camera.publish("blue")

    def streams() -> bool:
        """A minute passes in which nobody asks for the status."""
        asked = of(paths, "/api/status")
        for _ in range(12):
            page.clock.run_for(5_000)
            page.wait_for_timeout(100)  # what is on its way comes in real time
        return of(paths, "/api/status") == asked

    until(page, streams)
    wait_for_colour(page, "blue")


def test_a_stream_that_falls_silent_is_given_up(page, camera):
    """A network that was changed under it tells nothing: neither of events, nor of their end."""
    open_with_clock(page, camera.url)
    until(page, lambda: camera.listeners == 1)
    camera.events_fault = "buffered"

    def given_up() -> bool:
        page.clock.run_for(5_000)
        return bool(camera.listeners >= 2)

    until(page, given_up)


def test_a_hidden_page_lets_go_of_its_connection(page, camera):
    """A browser has six for a server: tabs that nobody sees must not take them all."""
    page.goto(camera.url)
    wait_for_colour(page, "red")
    until(page, lambda: camera.listeners == 1)
    page.wait_for_timeout(300)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("api/events")):
        hide(page, True)
    hide(page, False)
    until(page, lambda: camera.listeners == 2)


def test_many_tabs_at_a_time_all_show_a_picture(new_page, camera_server: RealCamera):
    """Of ten tabs in one browser nine are hidden."""
    first = new_page()
    first.goto(camera_server.url)
    wait_for_state(first, "fresh")
    for _ in range(9):
        other = first.context.new_page()
        other.goto(camera_server.url)
        wait_for_state(other, "fresh")
        hide(other, True)
    first.reload()
    wait_for_state(first, "fresh")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Site]:
    """A camera that has an owner, and pictures for those who are signed in."""
    with Site(tmp_path) as site:
        add_owner(site.data)
        still = site.images / ".still_1.jpg"
        still.write_bytes(picture())
        site.publisher.publish(still, time.time())
        site.until(lambda: site.ask("/snapshot")[0].status == 401)
        yield site


def test_a_stranger_at_a_closed_camera_is_refused_nothing(page, closed):
    refused, said = [], []
    page.on("response", lambda response: refused.append(response.url) if response.status >= 400 else None)
    page.on("console", lambda message: said.append(message.text))
    url = f"http://127.0.0.1:{closed.port}/"
    for address in ("", "photos"):
        page.goto(url + address)
        page.wait_for_selector("#sign-in-panel input")
        page.wait_for_load_state("networkidle")
        assert (refused, said) == ([], [])
    page.fill("input[autocomplete=username]", NAME)
    page.fill("input[autocomplete=current-password]", "correct horse battery")
    page.keyboard.press("Enter")
    page.click("#tabs a[href$=live]")
    page.wait_for_selector("canvas:not([hidden])")
    page.click("#account summary")
    page.click("#account button:has-text('Sign out') >> nth=0")
    page.wait_for_selector("#sign-in-panel input")
    refused.clear()
    said.clear()
    page.goto(url)
    page.wait_for_selector("#sign-in-panel input")
    page.wait_for_load_state("networkidle")
    assert (refused, said) == ([], [])


def test_a_page_keeps_nothing_of_outages(page, tmp_path):
    """Neither elements nor listeners: the camera is lost, and another one found, again and again."""
    with Site(tmp_path) as site:
        register(site, NAME)
        still = site.images / ".still_1.jpg"
        still.write_bytes(picture())
        site.publisher.publish(still, time.time())
        daemon = EventDaemon(site)
        capabilities = {"refused": {}, "windows": 1, "live": False, "stills_in_videos": False, "encoder": None}
        able = [{**capabilities, "refused": refused} for refused in ({}, CANNOT)]
        states = [{**STATUS, "camera": CAMERA, "abilities": one} for one in able]

        def cycle() -> None:
            for status, state in zip(states, ("enabled", "disabled"), strict=True):
                daemon.status = status
                with daemon:
                    # Not page.wait_for_selector: what that returns would keep the element.
                    page.locator(f".control[data-name=Brightness] input.number:{state}").wait_for(state="attached")
                wait_for_state(page, "lost")

        with daemon:
            daemon.status = states[1]
            sign_in(page, f"http://127.0.0.1:{site.port}/")
            page.locator(".groups .control >> nth=0").wait_for(state="attached")
        for _ in range(2):
            cycle()
        before = counted(page)
        for _ in range(6):
            cycle()
        after = counted(page)
        assert after["nodes"] <= before["nodes"] + 20
        assert after["jsEventListeners"] <= before["jsEventListeners"] + 5


def test_a_page_that_stays_open_keeps_nothing(page, closed):
    """New pictures and changes of the status: one event stream, and neither elements, listeners nor memory grow."""
    paths = watched(page)

    def pass_time(cycles: int) -> None:
        for _ in range(cycles):
            lux = daemon.status["metadata"]["Lux"] + 1
            daemon.status |= {"metadata": {**daemon.status["metadata"], "Lux": lux}}
            drawn = page.evaluate("document.querySelector('#time').dateTime")
            closed.publish(picture((320, 180)), cookie=cookie)
            expect(page.locator(".controls .facts dd").nth(1)).to_have_text(f"{lux:.0f} lx")
            page.clock.run_for(30_000)
            page.wait_for_function("(drawn) => document.querySelector('#time').dateTime !== drawn", arg=drawn)

    with EventDaemon(closed) as daemon:
        daemon.status["camera"] = CAMERA
        page.clock.install()
        sign_in(page, f"http://127.0.0.1:{closed.port}/")
        cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
        page.wait_for_selector("canvas:not([hidden])")
        page.locator(".controls .facts dd").nth(1).wait_for(state="attached")
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
        pass_time(6)
        before, streams = counted(page), of(paths, "/api/events")
        pass_time(24)
        after = counted(page)
    assert after["nodes"] <= before["nodes"] + 20
    assert after["jsEventListeners"] <= before["jsEventListeners"] + 5
    assert after["heap"] <= before["heap"] + 500_000
    assert of(paths, "/api/events") == streams == 1


def test_metadata_that_the_camera_no_longer_has_goes(page, closed):
    """A still has the lens's position, live frames may have none: an event then removes it."""
    with EventDaemon(closed) as daemon:
        daemon.status |= {"metadata": {"Lux": 400.0, "LensPosition": 2.0, "ColourGains": [1.5, 2.0]}, "camera": CAMERA}
        sign_in(page, f"http://127.0.0.1:{closed.port}/")
        facts = page.locator(".controls .facts dt")
        expect(facts).to_have_text(["Light", "Colour gains", "Focus"])
        daemon.status |= {"metadata": {"Lux": 300.0}}
        expect(facts).to_have_text(["Light"])
        assert json.loads(page.locator(".controls .raw").text_content() or "") == {"Lux": 300.0}


def test_new_items_appear_among_the_photos_by_themselves(page, closed):
    def take(kind: str) -> str:
        pending = PendingItem.create(closed.data / "library", kind, time.time(), "imx708")
        pending.path("jpg").write_bytes(picture())
        return pending.finish({"kind": kind})

    take("photo")
    sign_in(page, f"http://127.0.0.1:{closed.port}/", "photos")
    tiles = page.locator(".library .tile")
    expect(tiles).to_have_count(1)
    tiles.locator("input").check(force=True)
    newest = take("photo")
    expect(tiles).to_have_count(2)
    expect(tiles.nth(1).locator("input")).to_be_checked()  # what was chosen stays so
    for file in (closed.data / "library").glob(f"{newest.rsplit('.', 1)[0]}*"):
        file.unlink()
    expect(tiles).to_have_count(1)


def test_an_answer_that_was_overtaken_by_an_event_is_dropped(page, camera):
    """The page asks while there are no events; the answer comes late, when an event has said something newer."""
    camera.events_fault = "error"
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/api/status?*", lambda route: late.append((route, route.fetch())))
    page.goto(camera.url)
    until(page, lambda: late)
    camera.events_fault = None
    camera.capture = {**camera.capture, "running": False, "reason": "the cable"}
    hide(page, True)
    hide(page, False)
    wait_for_state(page, "lost")
    for route, answer in late:
        with page.expect_response("**/api/status?*") as response:
            route.fulfill(response=answer)
        response.value.finished()
    page.wait_for_timeout(300)
    assert page.get_attribute("#camera", "data-state") == "lost"
