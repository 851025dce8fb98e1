"""Stillcam with the lowest versions of Python packages that pyproject.toml allows.

For Pillow these are Debian 12's, or Debian 13's where the tests run on Python 3.13: older ones do not know it.
"""

import io
import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from capture_daemon import CaptureDaemon
from guests import python_of
from PIL import Image
from serving import DEADLINE_S, ROOT, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Daemon and server, run by an interpreter that has those versions and nothing else."""
    folder = tmp_path_factory.mktemp("lowest")
    daemon, site = CaptureDaemon(folder), Site(folder, {"snapshot": {"interval_s": 0.2, "width": 640}})
    daemon.fault()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(python_of("lowest")))
        daemon.start()
        try:
            daemon.frames()
            with site:
                yield site
        finally:
            daemon.end()


def command(site, *arguments):
    """What `stillcam` prints."""
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"), "STILLCAM_IMAGES": str(site.images), "STILLCAM_DATA": str(site.data)
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "stillcam", *arguments],
        env=environ, capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_these_are_the_lowest_that_pyproject_allows():
    run = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["run"]
    (packages,) = python_of("lowest").parents[1].glob("lib/python3.*/site-packages")
    found = metadata.distributions(path=[str(packages)])
    installed = {package.name.lower().replace("_", "-"): package.version for package in found}
    lowest = {name: version for name, _, version in (line.partition(",")[0].partition(">=") for line in run)}
    assert installed.keys() == lowest.keys()
    for name, version in lowest.items():
        if name != "pillow" or sys.version_info < (3, 13):
            assert f"{installed[name]}.".startswith(f"{version}."), name


def test_pictures_are_shown_and_scaled(site):
    for query in ("", "?width=320"):
        answer, body = site.ask(f"/images/current.jpg{query}")
        assert answer.status == 200
        Image.open(io.BytesIO(body)).load()


def test_prometheus_gets_its_metrics(site):
    answer, body = site.ask("/metrics")
    assert (answer.status, b"\nstillcam_" in body, b"process_resident_memory_bytes" in body) == (200, True, True)


def test_photos_become_a_sheet_and_a_keogram(site):
    command(site, "photo", "-n", "2")
    for kind in ("sheet", "keogram"):
        path = command(site, "film", "make", "--kind", kind).strip()
        Image.open(path).load()


def test_a_series_follows_the_sun(site):
    command(site, "series", "create", "Sun", "--from", "sunrise", "--to", "sunset", "--place", "48.14,11.58")
    assert json.loads(command(site, "series", "show", "Sun", "--json"))
