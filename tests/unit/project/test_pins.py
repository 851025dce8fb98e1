"""What tests/run installs has one version for each Python, and pyproject.toml says the same."""

import re
import tomllib

import pytest
from serving import ROOT

GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
FILES = ("dev", "homeassistant", "moonraker", "octoprint", "webrtc")


def exact(requirement: str) -> tuple[str, str]:
    """Name and version, whatever Python it is for."""
    name, _, version = requirement.partition(";")[0].strip().partition("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_its_version(name):
    pins = [exact(line) for line in (ROOT / f"tests/pins/{name}.txt").read_text().splitlines()]
    assert pins and all(re.fullmatch(r"[0-9a-z.!]+", version) for _, version in pins), pins


@pytest.mark.parametrize("name", FILES)
def test_versions_raised_in_pyproject_are_those_that_are_installed(name):
    pins = {exact(line) for line in (ROOT / f"tests/pins/{name}.txt").read_text().splitlines()}
    raised = {exact(requirement) for requirement in GROUPS[name] if "==" in requirement}
    assert raised and raised <= pins, f"run tests/pins/write.py: {raised - pins}"


def test_a_developers_tools_are_raised_by_hand():
    """josepy is Home Assistant's to choose, within its limit."""
    groups = [GROUPS[name] for name in (*FILES, "benchmark")]
    assert [line for group in groups for line in group if "==" not in line] == ["josepy<2; python_version < '3.13'"]
