"""`stillcam doctor` beside the real programs."""

import json
import os
import re
import subprocess
import sys
import time

from doctor_command import doctor
from photos import add_photo
from pictures import picture
from serving import ROOT, Site

DIES = """
from stillcam.notifications.notifier import Notifier
poll, faults = Notifier.poll, [ValueError("a bug")]
def dies(notifier):
    if faults:
        raise faults.pop()
    poll(notifier)
Notifier.poll = dies
"""


def checks(done):
    assert done.stderr == ""
    return {check["check"]: check for check in json.loads(done.stdout)["checks"]}


def test_an_installation_that_is_well(daemon, site, tmp_path):
    daemon.set(snapshot={"interval_s": 10, "width": 320})
    daemon.start()
    daemon.until(lambda status: status["captures"]["ok"])
    site.until(lambda: site.ask("/healthz")[0].status == 200)
    found = checks(doctor(tmp_path, site.port, "--json"))
    for name in (
        "capture daemon",
        "cameras",
        "port",
        "server threads",
        "settings",
        "picture",
        "restarts",
        "camera software",
    ):
        assert found[name]["state"] == "ok", found[name]
    assert "0 (imx519)" in found["cameras"]["found"]


def test_a_thread_of_the_server_that_has_died_works_again_and_is_told_of(tmp_path):
    """Everybody may read how often, and who may watch also why."""
    (tmp_path / "sitecustomize.py").write_text(DIES)
    told = tmp_path / "told"
    site = Site(tmp_path, {"hooks": {"item": ["cp", "{}", str(told)]}})
    site.start(PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}")
    try:
        (death,) = site.until(lambda: json.loads(site.ask("/api/status")[1])["threads"])
        assert (death["name"], death["count"], death["error"]) == ("notifier", 1, "a bug")
        (open_to_all,) = json.loads(site.ask("/healthz")[1])["threads"]
        assert open_to_all == {"name": "notifier", "count": 1, "time": death["time"]}
        found = checks(doctor(tmp_path, site.port, "--json"))["server threads"]
        assert (found["state"], "notifier: 1" in found["found"]) == ("warning", True), found
        assert "stillcam log" in found["advice"]
        taken = 0
        while not told.exists():
            assert taken < 90, site.said()
            add_photo(site.data / "library", time.time(), picture())
            taken += 1
            time.sleep(1)
    finally:
        site.end()


def test_what_does_not_work_is_told_with_what_to_do(daemon, site, tmp_path):
    daemon.fault(no_camera=True)
    daemon.start()
    daemon.until(lambda status: status["mode"] == "no camera")
    port = site.port
    site.end()
    done = doctor(tmp_path, port, "--json")
    assert done.returncode == 1
    found = checks(done)
    for name, advice in (("cameras", "ribbon cable"), ("port", "start_camera_server.sh"), ("picture", "log")):
        assert (found[name]["state"], advice in found[name]["advice"]) == ("fault", True), found[name]
    assert re.search("^fault +cameras +no camera", doctor(tmp_path, port).stdout, re.MULTILINE)


def test_a_port_that_another_program_has(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    ) as other:  # fmt: skip
        try:
            assert other.stdout is not None
            port = other.stdout.readline().split(" port ")[1].split()[0]
            found = checks(doctor(tmp_path, port, "--json"))
        finally:
            other.kill()
    assert (found["port"]["state"], "another program" in found["port"]["found"]) == ("fault", True)
    assert found["cameras"]["state"] == "ok", "nothing has ever run here: there is no images folder"
