"""The units under the real systemd: installed, started at boot, kept alive, and shut in."""

import json
import os
import re
import time
from typing import Any

import pytest
from booting import booted
from installing import copy
from serving import DEADLINE_S

CAPTURE, SERVER = "stillcam-capture.service", "stillcam-server.service"
CAMERA, PASSWORD = "http://127.0.0.1:8080", "correct horse battery"
HARMLESS = {"char", "core", "fd", "full", "hugepages", "initctl", "log", "mqueue", "null", "ptmx", "pts", "random",
            "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}  # fmt: skip


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine with Stillcam installed, which waits but 3 s for the server's word that it is well."""
    with booted(tmp_path_factory) as machine:
        machine.put_modules()
        (machine.root / "etc/default/stillcam").write_text("STILLCAM_CAMERA=simulated\n")
        patience = machine.root / f"etc/systemd/system/{SERVER}.d/patience.conf"
        patience.parent.mkdir()
        patience.write_text("[Service]\nWatchdogSec=3\n")
        data = machine.root / "var/lib/stillcam"
        data.mkdir()
        (data / "settings.json").write_text('{"version": 1, "snapshot": {"width": 320}}')
        copy(machine.root / "root/stillcam")  # not where this one is: /tmp is another one there
        machine.install()
        yield machine


def pid(machine, unit):
    return int(machine.run("systemctl", "show", "--property=MainPID", "--value", unit))


def restarted(machine, unit, before):
    """Wait until another process is the unit's, and is ready."""
    deadline = time.monotonic() + DEADLINE_S
    while pid(machine, unit) in (0, before):
        assert time.monotonic() < deadline, machine.run("systemctl", "status", unit, check=False)
        time.sleep(0.1)
    machine.run("systemctl", "start", unit)


def test_a_picture_is_there_and_comes_again_after_a_reboot(machine):
    def picture():
        machine.run("stillcam", "wait", "--seconds", str(DEADLINE_S - 5))
        return machine.run("curl", "--silent", "--fail", "--output", "/dev/null", "--write-out", "%{content_type}",
                           "http://127.0.0.1:8080/images/current.jpg")  # fmt: skip

    assert picture() == "image/jpeg"
    machine.reboot()
    assert picture() == "image/jpeg"


def test_root_asks_as_the_units_user(machine):
    assert "listens on" in machine.run("stillcam", "log")
    machine.run("stillcam", "settings", "set", "snapshot.width", "640")
    machine.run("stillcam", "settings", "set", "hooks.item", '["echo", " system.control "]')
    machine.run("stillcam", "settings", "set", "hooks.item", "null")
    file = (machine.root / "var/lib/stillcam/settings.json").stat()
    assert (file.st_uid, file.st_mode & 0o777) == ((machine.root / "var/lib/stillcam").stat().st_uid, 0o640)
    assert "the newest picture is" in machine.run("stillcam", "doctor")


def test_the_server_makes_a_bug_report_in_its_sandbox(machine):
    """Its doctor finds no fault that the sandbox alone causes."""
    key = re.search(r"stillcam_[\w-]+", machine.run("stillcam", "token", "add", "bugs", "--scope", "control"))
    assert key
    text = machine.run("curl", "--silent", "--fail", "--header", f"Authorization: Bearer {key[0]}",
                       "http://127.0.0.1:8080/api/report")  # fmt: skip
    assert "Driver: simulated\n" in text
    assert "\nok: " in text
    assert "\nfault: " not in text, text


SERVICE = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open("/root/got.new", "wb").write(body)
        __import__("os").rename("/root/got.new", "/root/got")
        self.send_response(200)
        self.end_headers()

HTTPServer(("127.0.0.1", 8100), Handler).serve_forever()
"""


def test_the_server_notifies_by_apprise_and_mqtt_from_its_sandbox(machine):
    machine.put_optional_modules()
    data = machine.root / "var/lib/stillcam"
    addresses = data / "receiver-addresses.json"
    addresses.write_text(json.dumps({"phone": "json://127.0.0.1:8100", "mqtt": "mqtt://127.0.0.1/cams"}))
    os.chown(addresses, data.stat().st_uid, data.stat().st_gid)
    machine.run("systemd-run", "/usr/bin/python3", "-c", SERVICE)
    machine.run("systemd-run", "mosquitto")
    listener = "mosquitto_sub --retained-only -t cams/0/event/picture -C 1 -F %l > /root/size"
    machine.run("stillcam", "settings", "set", "notifications.receivers", '["phone item.taken", "mqtt"]')
    machine.run("sh", "-c", "until mosquitto_sub -t cams/0/status -C 1 -W 60 | grep -q online; do sleep 0.1; done")
    machine.run("stillcam", "photo")
    deadline = time.monotonic() + DEADLINE_S
    while not (machine.root / "root/got").exists():
        assert time.monotonic() < deadline, machine.run("stillcam", "log")
        time.sleep(0.1)
    assert json.loads((machine.root / "root/got").read_text())["attachments"]
    machine.run("sh", "-c", listener)
    assert int((machine.root / "root/size").read_text()) > 1000


# Runs the motion sensor with a mock pin, which is active all the time.
ACTIVE = """
import runpy, sys, threading, time
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

Device.pin_factory = MockFactory()

def drive():
    while True:
        Device.pin_factory.pin(17).drive_high()
        time.sleep(0.1)

threading.Thread(target=drive, daemon=True).start()
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_a_motion_sensor_records_an_event_from_its_sandbox(machine):
    machine.put_optional_modules()
    machine.run("groupadd", "--force", "gpio")
    program = "/opt/stillcam/current/deploy/gpio/motion_sensor.py"
    machine.run("cp", program.replace("motion_sensor.py", "stillcam-gpio.service"), "/etc/systemd/system")
    key = re.search(r"stillcam_[\w-]+", machine.run("stillcam", "token", "add", "gpio", "--scope", "control"))
    assert key
    settings = (machine.root / program[1:]).with_name("stillcam-gpio.default").read_text()
    defaults = machine.root / "etc/default/stillcam-gpio"
    defaults.write_text(settings.replace("CAMERA_TOKEN=", f"CAMERA_TOKEN={key[0]}"))
    defaults.chmod(0o600)
    (machine.root / "opt/active.py").write_text(ACTIVE)
    own = machine.root / "etc/systemd/system/stillcam-gpio.service.d/mock.conf"
    own.parent.mkdir()
    own.write_text(f"[Service]\nExecStart=\nExecStart=/usr/bin/python3 -I /opt/active.py {program}\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", "stillcam-gpio")
    deadline = time.monotonic() + DEADLINE_S
    while "(request)" not in machine.run("stillcam", "motion", "status"):
        assert time.monotonic() < deadline, machine.run("journalctl", "--unit=stillcam-gpio", "--output=cat")
        time.sleep(0.1)
    process = pid(machine, "stillcam-gpio")
    status = machine.run("cat", f"/proc/{process}/status")
    own_group, groups = (
        re.findall(rf"^{field}:\s(.*)$", status, re.MULTILINE)[0].split() for field in ("Gid", "Groups")
    )
    assert set(groups) == {machine.run("getent", "group", "gpio").split(":")[2], own_group[0]}
    see = ("nsenter", f"--target={process}", "--mount", "--root", "ls", "-A")
    assert machine.run(*see, "/var/lib/stillcam", "/run/stillcam", check=False).split() == [
        "/run/stillcam:", "/var/lib/stillcam:",
    ]  # fmt: skip
    machine.run("systemctl", "disable", "--now", "stillcam-gpio")
    machine.run("rm", "/etc/systemd/system/stillcam-gpio.service")


@pytest.mark.parametrize("name", ["go2rtc", "mediamtx"])
def test_the_stream_is_encoded_in_the_sandbox_of_go2rtc_and_mediamtx(machine, name):
    """Each is stood in for by the script that it would start, and its RTSP server by ffmpeg."""
    deploy = machine.root / "opt/stillcam/current/deploy"
    key = re.search(r"stillcam_[\w-]+", machine.run("stillcam", "token", "add", name, "--scope", "view"))
    assert key
    defaults = machine.root / "etc/default/stillcam-webrtc"
    settings = (deploy / "webrtc/stillcam-webrtc.default").read_text()
    defaults.write_text(settings.replace("CAMERA_TOKEN=", f"CAMERA_TOKEN={key[0]}"))
    defaults.chmod(0o600)
    (machine.root / "etc/systemd/system" / f"stillcam-{name}.service").write_text(
        (deploy / name / f"stillcam-{name}.service").read_text()
    )
    program = machine.root / "usr/local/bin" / name
    program.write_text("#!/bin/sh\nexec /opt/stillcam/current/deploy/webrtc/encode.sh rtsp://127.0.0.1:8554/camera\n")
    program.chmod(0o755)
    listen = ("-rtsp_flags", "listen", "-i", "rtsp://127.0.0.1:8554/camera", "-frames:v", "5", "-f", "null", "-")
    machine.run("systemd-run", "--unit=listener", "--remain-after-exit", "ffmpeg", *listen)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", f"stillcam-{name}")
    deadline = time.monotonic() + DEADLINE_S
    while machine.run("systemctl", "show", "--property=SubState", "--value", "listener").strip() == "running":
        assert time.monotonic() < deadline, machine.run("journalctl", f"--unit=stillcam-{name}", "--output=cat")
        time.sleep(0.1)
    said = machine.run("journalctl", "--unit=listener", "--output=cat")
    machine.run("systemctl", "stop", f"stillcam-{name}", "listener")
    machine.run("rm", f"/etc/systemd/system/stillcam-{name}.service")
    assert re.search(r"Video: h264 .*1280x", said), said


@pytest.mark.parametrize("unit", [CAPTURE, SERVER])
def test_what_is_killed_is_started_again(machine, unit):
    before = pid(machine, unit)
    machine.run("kill", "-KILL", str(before))
    restarted(machine, unit, before)


def test_a_server_that_hangs_is_started_again(machine):
    before = pid(machine, SERVER)
    machine.run("kill", "-STOP", str(before))
    restarted(machine, SERVER, before)


def test_doctor_tells_what_was_started_again(machine):
    before = pid(machine, SERVER)
    machine.run("kill", "-KILL", str(before))
    restarted(machine, SERVER, before)
    said = machine.run("stillcam", "doctor", check=False)
    assert "restarted by systemd: " in said
    assert "stillcam-server: " in said


def inside(machine, unit, *argv):
    """What a program says that sees the files that the unit sees, as its user."""
    enter = [
        "nsenter",
        f"--target={pid(machine, unit)}",
        "--mount",
        "--root",
        "setpriv",
        "--reuid=stillcam",
        "--clear-groups",
    ]
    return set(machine.run(*enter, *argv, check=False).splitlines())


DATA, SHARED = {"/var/lib/stillcam"}, {"/dev/mqueue", "/dev/shm"}


@pytest.mark.parametrize(
    ("unit", "places"),
    [(CAPTURE, DATA | SHARED | {"/run/stillcam/images", "/tmp", "/var/tmp"}), (SERVER, DATA)],  # /tmp is its own
)
def test_it_can_write_into_its_own_folders_only(machine, unit, places):
    search = ["find", "/", "(", "-path", "/proc", "-o", "-path", "/sys", ")", "-prune", "-o"]
    assert inside(machine, unit, *search, "-type", "d", "-writable", "-print", "-prune") == places


def test_the_server_has_no_device(machine):
    assert inside(machine, SERVER, "ls", "/dev") <= HARMLESS


def test_the_daemon_has_no_network(machine):
    lines = machine.run("cat", f"/proc/{pid(machine, CAPTURE)}/net/dev").splitlines()[2:]
    assert [line.split(":")[0].strip() for line in lines] == ["lo"]


@pytest.mark.parametrize("unit", [CAPTURE, SERVER])
def test_they_have_no_privileges(machine, unit):
    status = dict(
        line.split(":\t")
        for line in machine.run("cat", f"/proc/{pid(machine, unit)}/status").splitlines()
        if ":\t" in line
    )
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "0" not in status["Uid"].split()


def test_an_update_judges_no_picture_of_the_version_before(machine):
    """systemctl waits for what it is told to stop, not for what stops with that."""
    good = os.readlink(machine.root / "opt/stillcam/current")
    script = machine.root / "root/stillcam/capture.sh"
    text = script.read_text()
    script.write_text("#!/bin/sh\nexit 1\n")
    slow = machine.root / f"etc/systemd/system/{CAPTURE}.d/slow.conf"
    slow.parent.mkdir()
    slow.write_text("[Service]\nExecStop=sleep 3\n")
    said = machine.run("/root/stillcam/deploy/install.sh", "--patience", "5", status=1)
    assert "rolled back to the previous one" in said
    assert os.readlink(machine.root / "opt/stillcam/current") == good
    slow.unlink()
    script.write_text(text)


def test_a_second_camera_is_named_and_installed(machine):
    with (machine.root / "etc/default/stillcam").open("a") as file:
        file.write('STILLCAM_CAMERAS="0 1"\n')
    machine.install()
    assert re.search(r"^camera +1 \(", machine.run("stillcam", "@1", "status"), re.MULTILINE)
    assert pid(machine, "stillcam-capture@1.service")
    assert inside(machine, "stillcam-capture@1.service", "ls", "/run/stillcam/images/1/current.jpg")
    machine.run("systemctl", "restart", "stillcam.target")
    machine.run("stillcam", "@1", "wait", "--seconds", str(DEADLINE_S - 5))


class Owner:
    """The first user, signed in on a page of the machine."""

    def __init__(self, machine):
        self.machine = machine
        cookies = "/root/cookies"
        self.curl = ("curl", "--silent", "--cookie", cookies, "--cookie-jar", cookies, "--header", f"Origin: {CAMERA}")
        if not (machine.root / cookies[1:]).exists():
            code = machine.run("stillcam", "code").split()[-1]
            account = json.dumps({"code": code, "name": "Ann", "password": PASSWORD})
            machine.run(*self.curl, "--fail", "--json", account, f"{CAMERA}/api/register")

    def call(self, path, document=None):
        """The JSON of an answer; None while the server does not answer."""
        body = () if document is None else ("--json", json.dumps(document))
        said = self.machine.run(*self.curl, *body, f"{CAMERA}{path}", check=False)
        return json.loads(said) if said else None

    def act(self, verb):
        """Ask for an action; the limits of the actions before do not count."""
        for file in (self.machine.root / "run/stillcam-system").glob("last-*"):
            file.unlink()
        answer = self.call("/api/system", {"verb": verb, "password": PASSWORD})
        if "error" in answer:
            pytest.fail(f"{answer}\n" + self.machine.run("journalctl", "--unit=stillcam-system*", "--lines=40"))
        return answer

    def until(self, holds, what="/api/system"):
        """Wait until the document is as it should be; what it showed meanwhile."""
        seen: list[Any] = []
        deadline = time.monotonic() + DEADLINE_S
        while not seen or not holds(seen[-1]):
            assert time.monotonic() < deadline, (seen[-1:], self.machine.run("journalctl", "--lines=60"))
            time.sleep(0.1)
            if (document := self.call(what)) is not None:
                seen.append(document)
        return seen


def test_an_owner_restarts_the_server_which_stays_the_unit_s_process(machine):
    """It tells systemd again that it is ready, and feeds the watchdog on."""
    owner = Owner(machine)

    def starts():
        return machine.run("journalctl", f"--unit={SERVER}", "--output=cat").count("listens on")

    def shown(name):
        return machine.run("systemctl", "show", f"--property={name}", "--value", SERVER).strip()

    def until(condition):
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, machine.run("systemctl", "status", SERVER, check=False)
            time.sleep(0.1)

    before, restarts, started = pid(machine, SERVER), shown("NRestarts"), starts()
    assert owner.call("/api/restart", {}) == {"restart": []}
    until(lambda: starts() == started + 1)
    ready_us = int(shown("WatchdogTimestampMonotonic"))
    until(lambda: int(shown("WatchdogTimestampMonotonic")) > ready_us + 3e6)
    assert (pid(machine, SERVER), shown("NRestarts"), shown("ActiveState")) == (before, restarts, "active")
    assert owner.call("/api/session")["user"]["name"] == "Ann"


def ended(verb):
    return lambda it: (it["action"] or {}).get("verb") == verb and it["action"]["state"] != "running"


def test_the_system_is_controlled_only_once_root_has_turned_that_on(machine):
    owner = Owner(machine)
    assert not (machine.root / "run/stillcam-system/control.sock").exists()
    refused = owner.call("/api/system", {"verb": "reboot", "password": PASSWORD})
    assert "sudo stillcam settings set system.control true" in refused["error"]
    assert machine.run("stillcam", "settings", "get", "system.control") == "false\n"
    as_service = ("setpriv", "--reuid=stillcam", "--regid=stillcam", "--clear-groups", "env", "STILLCAM_DATA=/tmp/x")
    said = machine.run(*as_service, "stillcam", "settings", "set", "system.control", "true", status=1)
    assert "only root can change system.control" in said
    machine.run("stillcam", "settings", "set", "system.control", "true")
    assert machine.run("stillcam", "settings", "get", "system.control") == "true\n"
    assert inside(machine, CAPTURE, "ls", "/run/stillcam-system") == set(), "it was started before the folder was made"


def test_an_owner_restarts_all_services(machine):
    owner, services = Owner(machine), (CAPTURE, SERVER)
    before = [pid(machine, unit) for unit in services]
    instance = owner.act("restart")["instance"]
    owner.until(lambda it: it["instance"] != instance and ended("restart")(it))
    for unit, old in zip(services, before, strict=True):
        restarted(machine, unit, old)
    assert "Ann has asked for restart, from 127.0.0.1" in machine.run("stillcam", "log", "--lines", "200")


def test_the_limits_hold_and_only_the_server_reaches_the_helper(machine):
    owner = Owner(machine)
    owner.act("restart")
    owner.until(ended("restart"))
    again = owner.call("/api/system", {"verb": "poweroff", "password": PASSWORD})
    assert "too soon" in again["error"]
    socket = "/run/stillcam-system/control.sock"
    assert inside(machine, SERVER, "stat", "--format=%U %a", socket) == {"stillcam 600"}
    assert inside(machine, SERVER, "find", "/run/stillcam-system", "-writable") == {socket}
    assert inside(machine, CAPTURE, "ls", "/run/stillcam-system") == set()


def test_an_update_is_installed_or_rolled_back(machine):
    """From a clone; the page sees each step, across the restart of the server."""
    published, clone = "/root/published", "/root/clone"
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@localhost")
    git = ("env", "HOME=/root", "git", *identity, "-C", published)

    def publish(file, text):
        (machine.root / published[1:] / file).write_text(text)
        machine.run(*git, "add", ".")
        machine.run(*git, "commit", "--quiet", "--message", file)

    machine.run("cp", "-R", "/root/stillcam", published)
    machine.run(*git, "init", "--quiet")
    machine.run(*git, "add", ".")
    machine.run(*git, "commit", "--quiet", "--message", "first")
    machine.run("git", "clone", "--quiet", published, clone)
    machine.run(f"{clone}/deploy/install.sh", "--patience", "8")
    machine.run("stillcam", "settings", "set", "system.control", "true")
    owner, good = Owner(machine), os.readlink(machine.root / "opt/stillcam/current")
    owner.act("check")
    assert "is the newest one" in owner.until(ended("check"))[-1]["action"]["text"]

    script = (machine.root / "root/stillcam/capture.sh").read_text()
    publish("capture.sh", "#!/bin/sh\nexit 1\n")
    owner.act("check")
    assert owner.until(ended("check"))[-1]["action"]["found"]["changes"] == 1
    owner.act("update")
    seen = owner.until(ended("update"))
    failed = seen[-1]["action"]
    assert failed["state"] == "failed"
    assert "rolled back to the previous one" in failed["text"]
    assert "Reason: no new picture within 8 s" in failed["text"]
    texts = {one["action"]["text"] for one in seen}
    assert {"Waiting for a picture, for at most 8 s.", "Rolling back to the previous version."} <= texts
    assert len({one["instance"] for one in seen}) == 3
    assert os.readlink(machine.root / "opt/stillcam/current") == good

    publish("capture.sh", script)
    publish("python/stillcam/__init__.py", '"""Newer."""\n\n__version__ = "9.9.9"\n')
    owner.act("update")
    done = owner.until(ended("update"))[-1]
    assert (done["action"]["state"], done["version"]) == ("done", "9.9.9"), done["action"]
    assert "9.9.9" in os.readlink(machine.root / "opt/stillcam/current")


def test_a_killed_update_is_reported_and_leaves_a_version_that_runs(machine):
    owner = Owner(machine)
    before = os.readlink(machine.root / "opt/stillcam/current")
    slow = machine.root / "root/published/deploy/install.sh"
    slow.write_text("#!/bin/sh\necho 'install.sh: installing'\nexec sleep 600\n")
    commit = ("env", "HOME=/root", "git", "-c", "user.name=A", "-c", "user.email=a@b", "-C", "/root/published")
    machine.run(*commit, "commit", "--quiet", "--all", "--message", "slow")
    owner.act("update")
    owner.until(lambda it: it["action"]["text"] == "Installing.")
    busy = owner.call("/api/system", {"verb": "reboot", "password": PASSWORD})
    assert "another action is running" in busy["error"]
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "stillcam-update@update.service")
    failed = owner.until(ended("update"))[-1]["action"]
    assert (failed["state"], "interrupted (signal)" in failed["text"]) == ("failed", True)
    assert os.readlink(machine.root / "opt/stillcam/current") == before
    machine.run("stillcam", "wait", "--seconds", str(DEADLINE_S - 5))


def test_an_owner_reboots_the_machine(machine):
    owner = Owner(machine)
    instance = owner.act("reboot")["instance"]
    deadline = time.monotonic() + DEADLINE_S
    old = machine.pid
    while machine.pid in (0, old):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    machine.up()
    # Its kernel, and so `boot`, is that of the machine around it.
    assert owner.until(lambda it: it["instance"] != instance)[-1]["verbs"]["reboot"] is None, "it is still turned on"


def test_turned_off_nothing_listens(machine):
    machine.run("stillcam", "settings", "set", "system.control", "false")
    assert not (machine.root / "run/stillcam-system/control.sock").exists()
    assert "is off" in Owner(machine).call("/api/system", {"verb": "reboot", "password": PASSWORD})["error"]


def test_nothing_is_left_of_it(machine):
    machine.run("/root/stillcam/deploy/install.sh", "--purge")
    left = (machine.root / "etc/systemd/system").rglob("*stillcam*")
    assert all(file.suffix == ".d" for file in left), "but what the owner has changed"
    assert "stillcam" not in (machine.root / "etc/passwd").read_text()
    assert not machine.run("systemctl", "list-units", "--no-legend", "stillcam*").strip()
