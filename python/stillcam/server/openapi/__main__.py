"""`python -m stillcam.server.openapi`: write the description of the HTTP API to docs/openapi.json."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from stillcam.common.paths import ROOT, Paths
from stillcam.server.live.cache import FrameCache
from stillcam.server.openapi.document import document
from stillcam.server.wiring import build
from stillcam.settings.live import LiveSettings

_SHORT_LIST = re.compile(r"\[\n([^][{}]*)\]")  # of texts or numbers
FILE = ROOT / "docs" / "openapi.json"


def text() -> str:
    """The description, as the file holds it."""
    with TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "images", Path(folder) / "data")
        with closing(FrameCache(paths.images)) as cache:
            routes = build(paths, LiveSettings(paths.settings), cache).routes
    lines = json.dumps(document(routes), indent=1, ensure_ascii=False) + "\n"
    return _SHORT_LIST.sub(lambda match: f"[{' '.join(match[1].split())}]", lines)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
