"""Prints what pip must get beside Home Assistant for some of its integrations: it would get that at run time itself.

Run by the Python of its environment, with the integrations' names.
"""

import json
import sys
from pathlib import Path

import homeassistant.components  # type: ignore[import-not-found]
from homeassistant.bootstrap import DEFAULT_INTEGRATIONS  # type: ignore[import-not-found]

FOLDER = Path(homeassistant.components.__path__[0])


def needs(names: set[str]) -> set[str]:
    """The requirements of these integrations, and of those that they depend on."""
    manifests = {name: json.loads((FOLDER / name / "manifest.json").read_text()) for name in names}
    more = {name for manifest in manifests.values() for name in manifest.get("dependencies", [])}
    if more - names:
        return needs(names | more)
    return {line for manifest in manifests.values() for line in manifest.get("requirements", [])}


print(*sorted(needs({*DEFAULT_INTEGRATIONS, *sys.argv[1:]})), sep="\n")
