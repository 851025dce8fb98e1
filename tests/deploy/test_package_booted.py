"""The Debian package on a machine with systemd: installed, upgraded, removed and purged, one test after the other."""

import pytest
from booting import booted
from debian_package import build
from installing import copy
from serving import DEADLINE_S

DATA = "var/lib/stillcam"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine with the package."""
    with booted(tmp_path_factory) as machine:
        machine.put_debian_modules()
        (machine.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)  # in containers it forbids to start anything
        (machine.root / "etc/default/stillcam").write_text("STILLCAM_CAMERA=simulated\n")
        build(machine.root / "root/older.deb")
        build(machine.root / "root/newer.deb", date_s=1_900_000_001)
        dpkg(machine, "--install", "/root/older.deb")
        yield machine


def dpkg(machine, *arguments, status=0):
    """Not apt: here is no network. What it would get first is there, or not needed."""
    return machine.run("dpkg", "--force-depends", *arguments, status=status)


def wait(machine, *camera):
    machine.run("stillcam", *camera, "wait", "--seconds", str(DEADLINE_S - 5))


def units(machine):
    """Those that run."""
    lines = machine.run("systemctl", "list-units", "--no-legend", "--state=active", "stillcam*").splitlines()
    return {line.split()[0] for line in lines}


def left(machine):
    """What there is of it where packages and services have their files."""
    folders = ("/etc", "/opt", "/run", "/usr", "/var/lib", "/var/cache")
    return set(machine.run("find", *folders, "-name", "*stillcam*").split())


def test_it_shows_a_picture_with_the_environment_that_was_there(machine):
    wait(machine)
    assert units(machine) == {"stillcam.target", "stillcam-capture.service", "stillcam-server.service"}
    assert "simulated" in machine.run("stillcam", "status")
    assert (machine.root / "etc/default/stillcam").read_text() == "STILLCAM_CAMERA=simulated\n"
    assert machine.run("systemctl", "is-enabled", "stillcam.target").strip() == "enabled"


def test_the_installer_refuses_beside_it(machine):
    copy(machine.root / "root/stillcam")
    assert "the Debian package" in machine.run("/root/stillcam/deploy/install.sh", status=1)
    wait(machine)


def test_a_second_camera_comes_by_reconfiguring_and_stays_after_an_upgrade(machine):
    with (machine.root / "etc/default/stillcam").open("a") as file:
        file.write('STILLCAM_CAMERAS="0 1"\n')
    machine.run("dpkg-reconfigure", "stillcam")
    wait(machine, "@1")
    machine.run("stillcam", "settings", "set", "snapshot.width", "640")
    machine.run("stillcam", "photo")
    before = machine.run("systemctl", "show", "--property=MainPID", "stillcam-capture@1", "stillcam-server")
    dpkg(machine, "--install", "/root/newer.deb")
    after = machine.run("systemctl", "show", "--property=MainPID", "stillcam-capture@1", "stillcam-server")
    assert not set(before.split()) & set(after.split())
    wait(machine)
    wait(machine, "@1")
    assert machine.run("stillcam", "settings", "get", "snapshot.width").strip() == "640"
    (machine.root / "etc/default/stillcam").write_text("STILLCAM_CAMERA=simulated\n")
    machine.run("dpkg-reconfigure", "stillcam")
    assert "stillcam-capture@1.service" not in units(machine)


def test_removed_it_keeps_the_data_and_runs_no_more(machine):
    machine.run("systemctl", "disable", "stillcam.target")
    dpkg(machine, "--remove", "stillcam")
    assert not units(machine)
    assert not machine.run("pgrep", "--euid", "stillcam", check=False)
    assert not (machine.root / "usr/lib/stillcam").exists()
    assert not (machine.root / "run/stillcam").exists()
    assert (machine.root / DATA / "settings.json").exists()


def test_installed_again_it_has_the_data_and_stays_disabled(machine):
    dpkg(machine, "--install", "/root/newer.deb")
    assert machine.run("systemctl", "is-enabled", "stillcam.target", status=1).strip() == "disabled"
    assert machine.run("stillcam", "settings", "get", "snapshot.width").strip() == "640"


def test_a_purge_keeps_the_pictures_alone(machine):
    assert "are kept in /var/lib/stillcam" in dpkg(machine, "--purge", "stillcam")
    files = {path.name for path in (machine.root / DATA).iterdir()}
    assert files == {"library"}
    assert list((machine.root / DATA / "library").glob("*/*_photo_*.jpg"))
    assert left(machine) == {"/var/lib/stillcam"}
    assert machine.run("getent", "passwd", "stillcam"), "the owner of the pictures"


def test_it_refuses_beside_the_installer(machine):
    (machine.root / "opt/stillcam/current").mkdir(parents=True)
    dpkg(machine, "--install", "/root/newer.deb", status=1)
    assert not units(machine)
    (machine.root / "opt/stillcam/current").rmdir()
    (machine.root / "opt/stillcam").rmdir()


def test_a_purge_without_pictures_leaves_nothing(machine):
    machine.run("rm", "-r", "/var/lib/stillcam")
    dpkg(machine, "--install", "/root/newer.deb")
    wait(machine)
    dpkg(machine, "--purge", "stillcam")
    assert not left(machine)
    assert not machine.run("getent", "passwd", "stillcam", check=False)
    assert not machine.run("systemctl", "list-units", "--no-legend", "--state=active,failed", "stillcam*").strip()
