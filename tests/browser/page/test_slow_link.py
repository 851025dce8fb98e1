"""On a slow link a picture arrives after all, its progress is shown, and the next ones are smaller until it is fast.

The page's clock stands still but for what the tests let pass, and the link lets through what they allow: nothing
depends on how fast this machine is.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, Request
from serving import DEADLINE_S, Site
from slow_link import SlowLink
from standin import StandIn

PARTS = 11
SECOND = 1_000  # in ms
NOTE = """
  window.seen = { answers: 0, drawn: 0, width: null };
  const make = window.createImageBitmap, ask = window.fetch;
  window.createImageBitmap = async (...of) => {
    const made = await make(...of);
    window.seen.drawn += 1;
    window.seen.width = made.width;
    return made;
  };
  window.fetch = async (url, ...how) => {
    const answer = await ask(url, ...how);
    if (String(url).includes("current.jpg")) window.seen.answers += 1;
    return answer;
  };
"""


def photo() -> bytes:
    """About a megabyte of noise, 2304 pixels wide."""
    noise = Image.frombytes("RGB", (768, 432), os.urandom(768 * 432 * 3))
    file = io.BytesIO()
    noise.resize((2304, 1296)).save(file, "JPEG", quality=80)
    return file.getvalue()


class Watcher:
    """Somebody who has the page open at the end of a slow link; nothing of a picture has come yet."""

    def __init__(self, page: Page, site: Site, link: SlowLink) -> None:
        self.page, self.site, self.link = page, site, link
        self.asked: list[int | None] = []  # the width of each picture that the page has asked for; None: the whole one
        self.picture = photo()
        site.publish(self.picture)
        page.on("request", self._note)
        page.clock.install()
        page.add_init_script(NOTE)
        page.goto(link.url)
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
        self.until(lambda: self.asked == [None])

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.path.endswith("images/current.jpg"):
            width = parse_qs(url.query).get("width")
            self.asked.append(int(width[0]) if width else None)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait in real time, while the page's clock stands."""
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < deadline, f"asked {self.asked}, {self.bar()}, {self.message()!r}"
            self.page.wait_for_timeout(10)

    def bar(self) -> tuple[float, str]:
        """The part of the picture that has come, and its words; (0, "") while no bar is shown."""
        shown = self.page.evaluate("""() => {
          const loading = document.querySelector("#camera .loading:not([hidden])");
          return loading ? [loading.querySelector("progress").value, loading.textContent] : [0, ""];
        }""")
        return shown[0], shown[1]

    def message(self) -> str:
        return self.page.text_content("#message") or ""

    def seen(self, what: str) -> int | None:
        """How many `answers` there were, how many pictures were `drawn`, or the `width` of the last one."""
        number: int | None = self.page.evaluate("(what) => window.seen[what]", what)
        return number

    def begin(self) -> None:
        """Have the first bytes of the picture come."""
        self.link.allow(8_192)
        self.until(lambda: self.seen("answers"))

    def load_slowly(self) -> list[tuple[float, str, str]]:
        """Have the picture come in more than a minute; what the page has shown meanwhile: the bar and the message."""
        self.begin()
        shown = []
        for number in range(1, PARTS):
            self.link.allow(len(self.picture) // PARTS)
            self.page.clock.fast_forward(6 * SECOND)
            part = (number - 0.5) / PARTS
            self.until(lambda: self.bar()[0] > part)  # noqa: B023 - it is over before the next
            shown.append((*self.bar(), self.message()))
        self.link.allow(None)
        self.until(lambda: self.seen("width") == 2304)
        return shown

    def next_picture(self) -> None:
        """Have another picture published, asked for and drawn."""
        asked, drawn = len(self.asked), self.seen("drawn")
        self.site.publish(self.picture)
        while len(self.asked) == asked:
            self.page.clock.run_for(SECOND // 2)
        self.until(lambda: self.seen("drawn") != drawn)


@pytest.fixture
def watcher(page: Page, tmp_path: Path) -> Iterator[Watcher]:
    with Site(tmp_path) as site, StandIn(site.data / "run/capture.sock"), SlowLink(site.port) as link:
        yield Watcher(page, site, link)


def test_a_picture_of_a_minute_arrives_with_its_progress(watcher):
    """It is given up when nothing comes, not when it takes long."""
    shown = watcher.load_slowly()
    total = f" of {round(len(watcher.picture) / 1000):,} kB"
    assert [part for part, _, _ in shown] == sorted(part for part, _, _ in shown)
    assert all(words.endswith(total) for _, words, _ in shown)
    assert {said for _, _, said in shown} == {"The connection is slow: a picture is loading."}
    watcher.until(lambda: watcher.bar() == (0, ""))
    assert watcher.asked == [None]


def test_after_a_slow_picture_smaller_ones_are_asked_for_until_the_link_is_fast(watcher):
    watcher.load_slowly()
    watcher.next_picture()
    assert (watcher.asked, watcher.seen("width")) == ([None, 320], 320)
    while watcher.asked[-1] is not None:
        watcher.next_picture()
        assert len(watcher.asked) < 20
    assert watcher.seen("width") == 2304
    changes = [width for width, before in zip(watcher.asked, [0, *watcher.asked], strict=False) if width != before]
    assert changes == [None, 320, 640, 1280, None]


def test_a_link_that_falls_silent_is_given_up_after_fifteen_seconds(watcher):
    """A smaller picture is tried next."""
    watcher.begin()
    watcher.link.allow(len(watcher.picture) // 2)
    watcher.page.clock.fast_forward(3 * SECOND)
    watcher.until(lambda: watcher.bar()[0] > 0.45)
    watcher.page.clock.fast_forward(11 * SECOND)
    watcher.until(lambda: watcher.bar()[0] > 0.45)
    while watcher.message() != "The camera does not answer. Trying again.":
        assert watcher.asked == [None]
        watcher.page.clock.fast_forward(2 * SECOND)  # some of the picture may have come later
        watcher.page.wait_for_timeout(20)
    watcher.link.allow(None)
    watcher.next_picture()
    assert watcher.seen("width") == watcher.asked[-1] in (320, 640)


def test_what_is_saved_is_the_whole_picture(watcher):
    watcher.load_slowly()
    watcher.next_picture()
    assert watcher.seen("width") == 320
    with watcher.page.expect_download() as saved:
        watcher.page.click("#download")
    with Image.open(saved.value.path()) as image:
        assert image.size == (2304, 1296)
    assert saved.value.suggested_filename.startswith("camera_")
