"""How long the first picture takes: after a start of the daemon, and after each change of use of the camera."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from report import Row, compared
from simulated_site import Site

RATIO = 1.3  # from the start to the first frame, of what the camera program alone takes
CHANGE_S = 1.0  # from one use of the camera to a picture of the next
FIXED, AUTOFOCUS = "imx219", "imx708"
VIEWFINDER = ("--timeout", "1")  # a still after the viewfinder, in which exposure converges, as the daemon's
LEASE_S = 1.0


def starts(folder: Path, rounds: int) -> Iterator[Row]:
    """Start to first frame, beside the camera program alone, in turn."""
    fixed = Site(folder / "fixed", FIXED)
    fixed.compile()
    first, bare = [_first_frame_s(fixed)], [fixed.bare_s(*VIEWFINDER)]
    yield compared("first start to first frame: cameras are listed, rpicam-still", first, bare, "{:.2f} s")
    for name, site in (("", fixed), (" with autofocus", Site(folder / "autofocus", AUTOFOCUS))):
        _first_frame_s(site)
        ours, bare, immediate = [], [], []
        for _ in range(rounds):
            ours.append(_first_frame_s(site))
            bare.append(site.bare_s(*VIEWFINDER))
            immediate.append(site.bare_s("--immediate"))
        yield compared(f"start to first frame{name}, rpicam-still", ours, bare, "{:.2f} s", at_most=RATIO)
        yield compared(f"the same{name}, rpicam-still --immediate", ours, immediate, "{:.2f} s", at_most=RATIO)
    yield _row("start to a frame of the lens at rest, rpicam-still", [_focused_s(site) for _ in range(rounds)], bare)


def changes_of_use(folder: Path, rounds: int) -> Iterator[Row]:
    """The first picture after a photo, a video and live, and of live, beside a start of the camera program."""
    site = Site(folder / "changes", FIXED)
    bare = [site.bare_s(*VIEWFINDER) for _ in range(rounds)]
    with site.daemon():
        site.status(mode="snapshot")
        site.next_frame()
        for name, change in (
            ("first picture after a photo", _after_photo_s),
            ("first picture after a video", _after_video_s),
            ("first picture of live", _of_live_s),
            ("first picture after live", _after_live_s),
        ):
            yield _row(f"{name}, rpicam-still", [_settled(site, change) for _ in range(rounds)], bare, CHANGE_S)


def _row(work: str, ours: list[float], bare: list[float], at_most_s: float | None = None) -> Row:
    """Medians in seconds, and the target of ours."""
    our_s, bare_s = statistics.median(ours), statistics.median(bare)
    target, met = (f"≤ {at_most_s:g} s", our_s <= at_most_s) if at_most_s else ("", None)
    return Row(work, f"{our_s:.2f} s", f"{bare_s:.2f} s", f"{our_s / bare_s:.2f} ×", target, met)


def _first_frame_s(site: Site) -> float:
    """From the start of the daemon to its first frame."""
    began_s = time.monotonic()
    with site.daemon():
        return site.next_frame() - began_s


def _focused_s(site: Site) -> float:
    """From the start of the daemon to the frame after the scan."""
    began_s = time.monotonic()
    with site.daemon():
        site.next_frame()
        return site.next_frame(site.newest()) - began_s


def _settled(site: Site, change: Callable[[Site], float]) -> float:
    """The time of a change of use, which begins just after a snapshot."""
    site.status(mode="snapshot")
    site.next_frame(site.newest())
    return change(site)


def _after_photo_s(site: Site) -> float:
    """From the answer, when the photo is in the library."""
    site.ask("photo")
    began_s = time.monotonic()
    return site.next_frame(site.newest()) - began_s


def _after_video_s(site: Site) -> float:
    """From the command that ends the recording to the first snapshot; its answer waits for the MP4."""
    site.ask("video")
    site.status(mode="video")
    time.sleep(LEASE_S)
    stopping = threading.Thread(target=site.ask, args=("stop",))
    began_s = time.monotonic()
    stopping.start()
    site.status(mode="snapshot")
    took_s = site.next_frame(site.newest()) - began_s
    stopping.join()
    return took_s


def _of_live_s(site: Site) -> float:
    """From the first viewer's lease."""
    before, began_s = site.newest(), time.monotonic()
    site.ask("lease", seconds=LEASE_S * 3)
    return site.next_frame(before) - began_s


def _after_live_s(site: Site) -> float:
    """From the last frame of live."""
    site.ask("lease", seconds=LEASE_S)
    site.next_frame(site.newest())
    last_s, before = time.monotonic(), site.newest()
    while site.ask("status")["mode"] == "live":
        if (newest := site.newest()) != before:
            last_s, before = time.monotonic(), newest
    return site.next_frame(before) - last_s
