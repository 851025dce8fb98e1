"""Names and metadata with markup in them are text, on each tab: nothing of it becomes an element."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from serving import Site
from signed_in import PASSWORD, add_owner, sign_in
from standin import StandIn

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed
from stillcam.library.catalogue import Library
from stillcam.library.pending import PendingItem

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
MARKUP = "<img src=x onerror=stolen=1>"  # no slash, no dot: it has to be the name of a file, too
CLOSED = f"</script></textarea>{MARKUP}<script>window.stolen=1</script>"
CAMERA = {"index": 0, "model": CLOSED, "size": [4608, 2592], "limits": None}
METADATA = {"ExposureTime": CLOSED, "AnalogueGain": CLOSED, CLOSED: CLOSED, "Lux": CLOSED}
READ = """(text) => document.body.innerText.includes(text) || [...document.querySelectorAll("input, img, [aria-label]")]
  .some((one) => [one.value, one.alt, one.getAttribute("aria-label")].some((said) => String(said).includes(text)))"""
RAN = "() => window.stolen === 1 || document.querySelectorAll('[onerror], img[src=x]').length > 0"


def take(root: Path) -> None:
    """A photo whose sidecar, and then whose title, is markup; and a file of a name that somebody else has made."""
    pending = PendingItem.create(root, "photo", NOON_S, "imx708")
    pending.path("jpg").write_bytes(picture((640, 480)))
    pending.finish({"kind": CLOSED, "camera": CLOSED, "size": [640, 480], "metadata": METADATA, CLOSED: CLOSED})
    library = Library(root)
    [item] = library.page(1).items
    library.rename(item, MARKUP)
    (root / item.day / f"{MARKUP} too.jpg").write_bytes(picture())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server whose daemon says nothing but markup."""
    data = tmp_path / "data"
    take(data / "library")
    add_owner(data)
    accounts = Accounts(data)
    accounts.users.add(MARKUP, hashed(PASSWORD), "viewer")
    accounts.tokens.add(MARKUP, "view")
    told: dict[str, Any] = {"reason": CLOSED, "notice": CLOSED, "camera": CAMERA, "metadata": METADATA, "mode": CLOSED,
            "failures": {CLOSED: 1}, "restarts": {CLOSED: 1}, "driver": CLOSED}  # fmt: skip
    with StandIn(data / "run/capture.sock", **told), Site(tmp_path) as site:
        still = site.images / ".still_1.jpg"
        still.write_bytes(picture())
        site.publisher.publish(still, time.time())
        yield site


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        pytest.param("live", "", id="live"),
        pytest.param("config", "", id="config"),
        pytest.param("info", CLOSED, id="info"),
        pytest.param("photos", MARKUP, id="photos"),
        pytest.param("settings", MARKUP, id="settings"),
    ],
)
def test_markup_is_text(page, site, tab, text):
    """`text` stands there for a person to read; where there is none of ours, the tab is there at least."""
    sign_in(page, f"http://127.0.0.1:{site.port}/", tab)
    if tab == "photos":
        page.locator(".tile").first.click()
    if text:
        page.wait_for_function(READ, arg=text)
    assert not page.evaluate(RAN)
