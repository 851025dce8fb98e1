"""Writes tests/pins/*.txt: the dependency groups of pyproject.toml with all that they depend on, pinned.

Run it after raising a version in pyproject.toml: `.venv/bin/python tests/pins/write.py`. Packages that are not named
there keep their versions; `--upgrade` raises all of them. The files are for each Python from 3.11 on, and do not
depend on the one that runs this.
"""

import ast
import json
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINS = {
    "dev": ("run", "dev"),
    "homeassistant": ("homeassistant",),
    "moonraker": ("moonraker",),
    "octoprint": ("octoprint",),
    "webrtc": ("webrtc",),
    "debian12": ("run", "debian12"),
    "debian13": ("run", "debian13"),
}
INTEGRATIONS = ("generic", "recorder", "rest", "stream")  # of Home Assistant: what tests/clients uses
PYTHONS = {"python_version < '3.13'": "3.11", "python_full_version >= '3.13.2'": "3.13.5"}  # of its versions


def compiled(requirements: list[str], file: Path, options: list[str]) -> None:
    """Pin these and all that they depend on in `file`; raises CalledProcessError."""
    argv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    argv += ["--no-header", "--no-annotate", "--output-file", str(file), *options, "-"]
    subprocess.run(argv, input="\n".join(requirements), text=True, check=True, cwd=ROOT)


def integrations_need(requirement: str) -> list[str]:
    """The packages that Home Assistant installs at run time for INTEGRATIONS: its wheel does not require them."""
    marker = requirement.partition("; ")[2]
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        argv += ["--dest", folder, "--python-version", PYTHONS[marker], requirement.partition(";")[0]]
        subprocess.run(argv, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            needs = {need for manifest in manifests(files) for need in manifest.get("requirements", [])}
    return [f"{need}; {marker}" for need in sorted(needs)]


def manifests(files: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    """The manifests of INTEGRATIONS, of those that it always loads, and of those that these depend on."""
    wanted, seen = [*INTEGRATIONS, *default_integrations(files.read("homeassistant/bootstrap.py"))], set()
    while wanted:
        name = wanted.pop()
        if name not in seen:
            seen.add(name)
            manifest = json.loads(files.read(f"homeassistant/components/{name}/manifest.json"))
            wanted += manifest.get("dependencies", [])
            yield manifest


def default_integrations(source: bytes) -> set[str]:
    """The set DEFAULT_INTEGRATIONS of its source; exits if there is none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEFAULT_INTEGRATIONS":
            return {str(name) for name in ast.literal_eval(node.value)}
    raise SystemExit("tests/pins/write.py: this Home Assistant names no DEFAULT_INTEGRATIONS in bootstrap.py")


def main() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for name, parts in PINS.items():
        requirements = [requirement for part in parts for requirement in groups[part]]
        for requirement in tuple(requirements):
            if requirement.startswith("homeassistant=="):
                requirements += integrations_need(requirement)
        compiled(requirements, ROOT / "tests/pins" / f"{name}.txt", sys.argv[1:])


if __name__ == "__main__":
    main()
