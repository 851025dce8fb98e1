"""Photos in a library, stored as the daemon does."""

from pathlib import Path
from typing import Any

from stillcam.library.pending import PendingItem


def add_photo(library: Path, time_s: float, picture: bytes, camera: str = "imx708", **more: Any) -> str:
    """Store a photo, and return its address; `more` is for its sidecar."""
    pending = PendingItem.create(library, "photo", time_s, camera)
    pending.path("jpg").write_bytes(picture)
    return pending.finish({"kind": "photo", **more})
