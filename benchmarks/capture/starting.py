"""How long the first picture takes after a start of the daemon."""

import time
from collections.abc import Iterator
from pathlib import Path

from report import Row, compared
from simulated_site import Site

RATIO = 1.3  # from the start to the first frame, of what the camera program alone takes
FIXED, AUTOFOCUS = "imx219", "imx708"
VIEWFINDER = ("--timeout", "1")  # a still after the viewfinder, in which exposure converges, as the daemon's


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
        yield compared(f"the same{name}, rpicam-still --immediate", ours, immediate, "{:.2f} s")
    focused = [_focused_s(site) for _ in range(rounds)]
    yield compared("start to a frame of the lens at rest, rpicam-still", focused, bare, "{:.2f} s")


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
