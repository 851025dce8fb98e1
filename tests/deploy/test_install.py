"""deploy/install.sh: installed, run again, updated, taken back and removed, below a folder of the test's own."""

import contextlib
import os
import random
import socket

import pytest
from installing import Machine, copy
from serving import ROOT


def free_ports(number: int) -> list[int]:
    """Ports that no connection is given on its own (Linux gives those from 32768 on)."""
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < number:
            with contextlib.suppress(OSError):
                port = random.randrange(10000, 32768)
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(port)
        return ports


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    machine.write(
        "etc/default/stillcam",
        f"STILLCAM_CAMERA=simulated\nSTILLCAM_BIND=127.0.0.1\nSTILLCAM_PORT={free_ports(1)[0]}\n",
    )
    machine.write("var/lib/stillcam/settings.json", '{"version": 1, "snapshot": {"width": 160}}')
    yield machine
    machine.end()


def versions(machine):
    return {file.name for file in (machine.root / "opt/stillcam/releases").iterdir()}


def current(machine):
    return os.readlink(machine.root / "opt/stillcam/current")


def test_it_is_installed_and_run_again_and_removed(machine, tmp_path):
    source = copy(tmp_path / "source")
    done = machine.install(source, "--patience", "200")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + machine.logs()
    assert "sudo stillcam status" in done.stdout
    assert {"daemon-reload", "enable --quiet stillcam.target"} <= set(machine.calls())
    assert "usermod --append --groups video stillcam" in machine.calls()
    told = machine.stillcam("status")
    assert (told.returncode, "simulated camera" in told.stdout) == (0, True), told.stderr
    assert (machine.root / "run/stillcam/images/current.jpg").exists()
    # Run again it changes nothing, and restarts nothing.
    before = current(machine), told.stdout.split(")")[0]
    again = machine.install(source)
    assert (again.returncode, again.stdout, again.stderr) == (0, "this version is installed already\n", "")
    assert (current(machine), machine.stillcam("status").stdout.split(")")[0]) == before
    # Removed, all is gone but what is the owner's.
    gone = machine.install(source, "--uninstall")
    assert (gone.returncode, gone.stderr) == (0, "")
    left = {str(file.relative_to(machine.root)) for file in machine.root.rglob("*stillcam*")}
    assert "var/lib/stillcam/settings.json" in {
        str(file.relative_to(machine.root)) for file in (machine.root / "var").rglob("*")
    }
    assert not {name for name in left if name.startswith(("opt", "etc/systemd", "usr"))}
    assert machine.install(source, "--purge").returncode == 0
    assert not (machine.root / "var/lib/stillcam").exists()
    assert not (machine.root / "etc/default/stillcam").exists()


def test_an_update_keeps_the_settings_and_the_version_before(machine, tmp_path):
    source = copy(tmp_path / "source")
    assert machine.install(source, "--patience", "200").returncode == 0
    first = current(machine)
    settings = (machine.root / "var/lib/stillcam/settings.json").read_text()
    (source / "python/stillcam/__init__.py").write_text('"""Newer."""\n\n__version__ = "9.9.9"\n')
    done = machine.install(source, "--patience", "200")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + machine.logs()
    assert "9.9.9" in current(machine)
    assert machine.stillcam("--version").stdout == "9.9.9\n"
    assert (machine.root / "var/lib/stillcam/settings.json").read_text() == settings
    assert os.readlink(machine.root / "opt/stillcam/previous") == first
    # By hand one goes back, too.
    assert machine.install(source, "--back").returncode == 0
    assert current(machine) == first
    assert machine.stillcam("wait").returncode == 0


@pytest.mark.parametrize(
    ("part", "script"),
    [
        pytest.param("capture.sh", "#!/bin/sh\nexit 1\n", id="takes no pictures"),
        pytest.param("server.sh", "#!/bin/sh\nexec sleep 600\n", id="does not answer"),
    ],
)
def test_a_version_that_shows_no_picture_is_taken_back(machine, tmp_path, part, script):
    source = copy(tmp_path / "source")
    assert machine.install(source, "--patience", "200").returncode == 0
    good = current(machine)
    (source / part).write_text(script)
    target = source / "deploy/systemd/stillcam.target"
    target.write_text(f"# of the new version\n{target.read_text()}")
    done = machine.install(source, "--patience", "8")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "install.sh: the new version shows no picture, the one before is back"
    )
    assert current(machine) == good
    assert "of the new version" not in (machine.root / "etc/systemd/system/stillcam.target").read_text()
    assert machine.stillcam("wait").returncode == 0


def test_a_first_version_without_a_picture_stays_and_says_what_to_do(machine, tmp_path):
    source = copy(tmp_path / "source")
    (source / "capture.sh").write_text("#!/bin/sh\nexit 1\n")
    done = machine.install(source, "--patience", "2")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "install.sh: installed, but there is no picture yet: sudo stillcam doctor",
    )  # fmt: skip
    assert versions(machine) == {current(machine).removeprefix("releases/")}


def test_several_cameras_are_each_started_and_judged(machine, tmp_path):
    """One server for all; a camera that is no longer named is started no more."""
    plain = f"STILLCAM_CAMERA=simulated\nSTILLCAM_BIND=127.0.0.1\nSTILLCAM_PORT={free_ports(1)[0]}\n"
    machine.write("etc/default/stillcam", f'{plain}STILLCAM_CAMERAS="0 1"\n')
    machine.write(
        "var/lib/stillcam/cameras/1/settings.json",
        '{"version": 1, "camera": {"index": 1}, "snapshot": {"width": 160}}',
    )
    source = copy(tmp_path / "source")
    done = machine.install(source, "--patience", "200")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + machine.logs()
    assert "camera: 0 (" in machine.stillcam("status").stdout
    assert "camera: 1 (" in machine.stillcam("@1", "status").stdout
    assert (machine.root / "run/stillcam/images/1/current.jpg").exists()
    assert "enable --quiet stillcam.target stillcam-capture@1.service" in machine.calls()
    machine.write("etc/default/stillcam", plain)
    assert machine.install(source).returncode == 0
    assert "disable --quiet --now stillcam-capture@1.service" in machine.calls()
    assert machine.stillcam("@1", "status").returncode == 1


def test_a_dry_run_does_nothing(machine):
    before = sorted(machine.root.rglob("*"))
    done = machine.install(ROOT, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "'systemctl' 'stop'" in done.stdout
    for option in ("--uninstall", "--purge"):
        assert machine.install(ROOT, "--dry-run", option).returncode == 0
    assert sorted(machine.root.rglob("*")) == before
    assert machine.calls() == []


@pytest.mark.parametrize("arguments", [("--frobnicate",), ("--root",), ("--patience",), ("now",)])
def test_wrong_usage_is_status_2(machine, arguments):
    done = machine.run(ROOT / "deploy/install.sh", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("install.sh: ")


def test_two_at_a_time_are_one(machine):
    folder = machine.root / "opt/stillcam"
    folder.mkdir(parents=True)
    done = machine.run("flock", folder, ROOT / "deploy/install.sh", "--root", machine.root)
    assert (done.returncode, done.stderr) == (1, "install.sh: it is being installed just now\n")


def test_the_installer_knows_what_an_interpreter_needs():
    """Each script is read alone, so each has the function."""
    texts = [(ROOT / name).read_text() for name in ("deploy/install.sh", "start_camera_server.sh")]
    suits = [text[text.index("suits() {") : text.index("\n}\n", text.index("suits() {"))] for text in texts]
    assert suits[0] == suits[1]
    assert "pillow inotify-simple prometheus-client astral" in texts[0]
