"""The Debian package: what deploy/debian/build puts into it, without installing it."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
from debian_package import build, dpkg_deb
from serving import DEADLINE_S, ROOT

from stillcam import __version__

SCRIPTS = ("usr/lib/stillcam/capture.sh", "usr/lib/stillcam/server.sh", "usr/lib/stillcam/deploy/stillcam",
           "usr/share/python3/runtime.d/stillcam.rtupdate")  # fmt: skip


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("built") / "stillcam.deb")


@pytest.fixture(scope="module")
def files(package, tmp_path_factory):
    """Its files, unpacked."""
    folder = tmp_path_factory.mktemp("unpacked")
    dpkg_deb("--extract", package, folder)
    return folder


def test_the_same_copy_gives_the_same_package(package, tmp_path):
    assert build(tmp_path / "again.deb").read_bytes() == package.read_bytes()


def test_a_newer_copy_gives_a_higher_version(package, tmp_path):
    older, newer = (
        dpkg_deb("--field", file, "Version").strip()
        for file in (package, build(tmp_path / "newer.deb", date_s=2_000_000_000))
    )
    assert subprocess.run(["dpkg", "--compare-versions", older, "lt", newer], check=False).returncode == 0


def test_all_files_are_root_s_and_in_usr(package):
    for line in dpkg_deb("--contents", package).splitlines():
        mode, owner, _, _, _, path, *_ = line.split()
        assert owner == "root/root", line
        assert path == "./" or path.startswith("./usr/"), line
        assert not path.startswith("./usr/local/"), line
        assert "__pycache__" not in path, line
        assert "w" not in mode[5:] or mode[0] == "l", line


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_can_be_run(files, path):
    assert os.access(files / path, os.X_OK)
    subprocess.run(["bash", "-n", files / path], check=True)


def test_the_units_are_those_of_the_installer_with_the_package_s_folders(files):
    units = sorted(unit.name for unit in (ROOT / "deploy/systemd").glob("*.[st]*[et]"))
    assert sorted(unit.name for unit in (files / "usr/lib/systemd/system").iterdir()) == units
    for name in units:
        expected = (ROOT / "deploy/systemd" / name).read_text()
        expected = expected.replace("/opt/stillcam/current/docs", "/usr/share/doc/stillcam/docs")
        expected = expected.replace("/opt/stillcam/current", "/usr/lib/stillcam")
        unit = (files / "usr/lib/systemd/system" / name).read_text()
        assert unit == expected
        for program in re.findall(r"^ExecStart=/(\S+)", unit, re.MULTILINE):
            assert program == "usr/bin/python3" or os.access(files / program, os.X_OK), program
        for document in re.findall("^Documentation=file:///(.*)$", unit, re.MULTILINE):
            assert (files / document).is_file(), document


def test_the_unit_of_the_motion_sensor_starts_the_package_s_program(files):
    unit = (files / "usr/share/doc/stillcam/deploy/gpio/stillcam-gpio.service").read_text()
    assert "/opt/" not in unit
    (program,) = re.findall("^ExecStart=/usr/bin/python3 -I /(.*)$", unit, re.MULTILINE)
    assert (files / program).read_text() == (ROOT / "deploy/gpio/motion_sensor.py").read_text()
    (document,) = re.findall("^Documentation=file:///(.*)$", unit, re.MULTILINE)
    assert (files / document).is_file()


def test_nothing_in_it_names_the_installer_or_another_python(files):
    """Messages that a person reads there name what the package has."""
    for file in (*(files / path for path in SCRIPTS), *(files / "usr/lib/systemd/system").iterdir(),
                 files / "usr/lib/stillcam/deploy/systemd/stillcam.default"):  # fmt: skip
        found = re.search(
            r"install\.sh|start_camera_server|/opt/stillcam/current|(?<!/usr/bin/)python3 ", file.read_text()
        )
        assert not found, file


def test_it_brings_the_python_package_that_debian_12_lacks(files):
    """-S: without those of this machine."""
    environ = {"PYTHONPATH": str(files / "usr/lib/stillcam/python"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-S", "-c", "import astral.sun"], env=environ, check=True, timeout=DEADLINE_S)


def test_its_command_is_stillcam(files):
    done = subprocess.run(
        [files / "usr/bin/stillcam", "--version"], capture_output=True, text=True, check=True, timeout=DEADLINE_S
    )
    assert done.stdout.strip() == __version__


def test_it_depends_on_the_versions_that_pyproject_states(package):
    run = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["run"]
    lowest = dict(re.findall(r"([a-z-]+)>=([\d.]+)", " ".join(run)))
    depends = dict(re.findall(r"([a-z0-9-]+) \(>= ([\d.]+)\)", dpkg_deb("--field", package, "Depends")))
    assert depends["python3-pil"] == lowest["pillow"]
    assert depends["python3-prometheus-client"] == lowest["prometheus-client"]


@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm"])
def test_a_maintainer_script_ends_at_the_first_error_and_asks_nothing(name):
    text = (ROOT / "deploy/debian" / name).read_text()
    assert "\nset -e\n" in text
    assert not re.search(r"\bread\b|debconf|\bdb_", text)


@pytest.mark.parametrize("arguments", [("--frobnicate",), ("one.deb", "two.deb")])
def test_wrong_usage_is_status_2(arguments, tmp_path):
    done = subprocess.run(
        [ROOT / "deploy/debian/build", *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("build: ")
