"""Creates items in a library, as the daemon does."""

from datetime import UTC, datetime
from pathlib import Path

from stillcam.library.catalogue import Filter, Library, Page
from stillcam.library.items import Item
from stillcam.library.pending import PendingItem

NOON_S = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
ANY = Filter()


def made(root: Path, kind: str = "photo", time_s: float = NOON_S, camera: str = "imx708") -> str:
    """Make an item as the daemon does; its address."""
    pending = PendingItem.create(root, kind, time_s, camera)
    pending.path({"photo": "jpg", "raw": "dng", "video": "mp4", "motion": "mp4"}[kind]).write_bytes(b"main")
    if kind != "photo":
        pending.path("jpg").write_bytes(b"preview")
    return pending.finish({"kind": kind})


def all_items(library: Library, limit: int, wanted: Filter = ANY) -> list[Item]:
    """All items, page by page."""
    page = Page([], None)
    found: list[Item] = []
    while (page := library.page(limit, page.next, wanted)).next:
        found += page.items
    return found + page.items
