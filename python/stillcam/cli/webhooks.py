"""`webhooks`: whom the web server tells what happens, and the key that it signs with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stillcam.cli import Arguments, Told, add
from stillcam.common.paths import Paths
from stillcam.notifications.webhook import FILE, load_key
from stillcam.settings.file import load_in_force


def add_to(commands: Any) -> None:
    """Add this command."""
    add(commands, "webhooks", "print who is told what happens, and the key that it is signed with", webhooks)


def webhooks(paths: Paths, _environ: Mapping[str, str], _arguments: Arguments) -> Told:
    """The key comes first."""
    settings, _ = load_in_force(paths.settings)
    key, urls = load_key(paths.primary.data / FILE), list(settings.webhooks.urls)
    return Told([f"key {key}", *(f"to  {url}" for url in urls)], {"key": key, "urls": urls})
