"""deploy/install.sh: installed, run again, updated, taken back and removed, below a folder of the test's own."""

import contextlib
import os
import random
import re
import socket
import sys
import tomllib

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
    assert re.search(r"^http://\S+/$", done.stdout, re.MULTILINE)
    setup_code = (machine.root / "var/lib/stillcam/setup-code").read_text().strip()
    assert f"enter the setup code {setup_code}" in done.stdout
    assert {"daemon-reload", "enable --quiet stillcam.target"} <= set(machine.calls())
    assert "usermod --append --groups video stillcam" in machine.calls()
    told = machine.stillcam("status")
    assert (told.returncode, "simulated" in told.stdout) == (0, True), told.stderr
    assert (machine.root / "run/stillcam/images/current.jpg").exists()
    # Tab completes it, as bash-completion loads a file when it is first needed.
    local = machine.root / "usr/local"
    loaded = f"PATH={local}/bin:$PATH; source {local}/share/bash-completion/completions/stillcam; complete -p stillcam"
    completed = machine.run("bash", "-c", loaded)
    assert (completed.stdout, completed.stderr) == ("complete -F _stillcam stillcam\n", "")
    # Run again it changes nothing, and restarts nothing.
    before = current(machine), told.stdout.split(")")[0]
    again = machine.install(source)
    assert (again.returncode, again.stdout.splitlines()[-1], again.stderr) == (
        0, "this version is already installed", "",
    )  # fmt: skip
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
        "install.sh: the new version shows no picture; rolled back to the previous one. Log:"
    )
    assert current(machine) == good
    assert "of the new version" not in (machine.root / "etc/systemd/system/stillcam.target").read_text()
    assert machine.stillcam("wait").returncode == 0


def test_a_first_version_without_a_picture_stays_and_says_what_to_do(machine, tmp_path):
    source = copy(tmp_path / "source")
    (source / "capture.sh").write_text("#!/bin/sh\nexit 1\n")
    done = machine.install(source, "--patience", "2")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "install.sh: installed, but no picture within 2 s: run sudo stillcam doctor",
    )  # fmt: skip
    assert versions(machine) == {current(machine).removeprefix("releases/")}
    # Run again it has no better news.
    again = machine.install(source, "--patience", "2")
    assert (again.returncode, again.stderr.splitlines()[-1]) == (
        1, "install.sh: no picture within 2 s: run sudo stillcam doctor",
    )  # fmt: skip


def test_packages_that_cannot_be_fetched_leave_the_old_ones(machine, tmp_path):
    """A new version needs one more, and the network is away: the one that runs goes on, after a reboot too."""
    source = copy(tmp_path / "source")
    old = machine.root / "opt/stillcam/venv/bin/python"
    machine.write("opt/stillcam/venv/bin/python", "#!/bin/sh\nexit 1\n")  # lacks the new one
    old.chmod(0o755)
    machine.program("python3", f'case "$*" in *check_interpreter*) exit 1 ;; esac\nexec {sys.executable} "$@"')
    done = machine.run("env", "PIP_NO_INDEX=1", source / "deploy/install.sh", "--root", machine.root)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("install.sh: cannot install the Python packages"), done.stderr
    assert old.read_text() == "#!/bin/sh\nexit 1\n"
    assert not (machine.root / "opt/stillcam/current").exists()


def test_packages_that_are_missing_are_fetched_for_all_versions(machine, tmp_path):
    """With a stand-in for pip: there need be no network here."""
    source = copy(tmp_path / "source")
    pip = machine.root / "pip"
    pip.write_text(
        f'#!/bin/sh\ncase "$*" in "-m pip install"*) >"${{0%/*}}/fetched" ;; *) exec {sys.executable} "$@" ;; esac\n'
    )
    pip.chmod(0o755)
    machine.program(
        "python3",
        f"""case "$*" in
          *check_interpreter*) exit 1 ;;
          "-m venv"*) for folder; do :; done; mkdir -p "$folder/bin" && cp {pip} "$folder/bin/python" ;;
          *) exec {sys.executable} "$@" ;;
        esac""",
    )
    done = machine.install(source, "--patience", "200")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + machine.logs()
    assert {file.name for file in (machine.root / "opt/stillcam/venv/bin").iterdir()} == {"python", "fetched"}
    assert not (machine.root / "opt/stillcam/venv.new").exists()


@pytest.mark.parametrize("typed", [("--camera", "1"), ("@1",)])
def test_a_command_has_the_environment_of_the_camera_that_it_is_about(machine, typed):
    (releases := machine.root / "opt/stillcam/releases").mkdir(parents=True)
    release = copy(releases / "1")
    machine.write("etc/default/stillcam", 'STILLCAM_CAMERA=simulated\nSTILLCAM_CAMERAS="0 1"\n')
    machine.write("etc/default/stillcam-1", "STILLCAM_PORT=8181\n")
    assert ":8181/" not in machine.run(release / "deploy/stillcam", "addresses").stdout
    assert ":8181/" in machine.run(release / "deploy/stillcam", *typed, "addresses").stdout


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
    assert re.search(r"^camera +0 \(", machine.stillcam("status").stdout, re.MULTILINE)
    assert re.search(r"^camera +1 \(", machine.stillcam("@1", "status").stdout, re.MULTILINE)
    assert (machine.root / "run/stillcam/images/1/current.jpg").exists()
    assert "enable --quiet stillcam.target stillcam-capture@1.service" in machine.calls()
    machine.write("etc/default/stillcam", plain)
    assert machine.install(source, "--patience", "200").returncode == 0
    assert "disable --quiet --now stillcam-capture@1.service" in machine.calls()
    assert machine.stillcam("@1", "status").returncode == 1


def test_a_camera_that_is_named_later_is_shown_by_the_server_too(machine, tmp_path):
    """What runs has read the environment long before."""
    environment = (machine.root / "etc/default/stillcam").read_text()
    source = copy(tmp_path / "source")
    assert machine.install(source, "--patience", "200").returncode == 0
    machine.write("etc/default/stillcam", f'{environment}STILLCAM_CAMERAS="0 1"\n')
    done = machine.install(source, "--patience", "200")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + machine.logs()
    assert machine.stillcam("@1", "wait").returncode == 0


def test_a_dry_run_does_nothing(machine):
    before = sorted(machine.root.rglob("*"))
    done = machine.install(ROOT, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "'systemctl' 'stop'" in done.stdout
    assert done.stdout.splitlines()[-1] == "nothing was changed (--dry-run)"
    for option in ("--uninstall", "--purge"):
        assert machine.install(ROOT, "--dry-run", option).returncode == 0
    assert sorted(machine.root.rglob("*")) == before
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("options", "comes"),
    [pytest.param((), True, id="by itself"), pytest.param(("--without-ffmpeg",), False, id="unless it is left out")],
)
def test_ffmpeg_is_installed_where_it_is_missing(machine, options, comes):
    machine.lacks("ffmpeg")
    done = machine.install(ROOT, "--dry-run", *options)
    assert done.returncode == 0, done.stderr
    asked = [line for line in done.stderr.splitlines() if line.startswith("'apt-get' 'install'")]
    assert any("'ffmpeg'" in line for line in asked) == comes


def test_ffmpeg_that_is_there_is_not_installed_again(machine):
    machine.program("ffmpeg", "exit 0")
    done = machine.install(ROOT, "--dry-run")
    assert done.returncode == 0
    assert "'ffmpeg'" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--frobnicate",), ("--root",), ("--patience",), ("--patience", "soon"), ("now",)]
)
def test_wrong_usage_is_status_2(machine, arguments):
    done = machine.run(ROOT / "deploy/install.sh", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("install.sh: ")


def test_two_at_a_time_are_one(machine):
    folder = machine.root / "opt/stillcam"
    folder.mkdir(parents=True)
    done = machine.run("flock", folder, ROOT / "deploy/install.sh", "--root", machine.root)
    assert (done.returncode, done.stderr) == (1, "install.sh: another installation is running\n")


@pytest.mark.parametrize("script", ["deploy/install.sh", "start_camera_server.sh"])
def test_the_versions_that_are_fetched_are_those_of_pyproject(script):
    run = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["run"]
    assert all(re.fullmatch(r"[a-z-]+>=[\d.]+,<\d+", requirement) for requirement in run), run
    assert " ".join(f"'{requirement}'" for requirement in run) in (ROOT / script).read_text()


@pytest.mark.parametrize("options", [(), ("--uninstall",), ("--purge",), ("--back",)])
def test_it_refuses_where_the_debian_package_is_installed(machine, options):
    machine.write("usr/lib/stillcam/capture.sh", "")
    done = machine.install(ROOT, *options)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("install.sh: the Debian package of Stillcam is installed: update it with apt")
    assert machine.calls() == []
