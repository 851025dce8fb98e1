"""The disk answers fsync with an error: nothing that was there is lost, nothing is half there, and it is said."""

import json
import os
import subprocess
import sys

import pytest
from installation import Installation
from people import PASSWORD, Client, register
from serving import ROOT

REFUSED = {"PYTHONPATH": f"{ROOT / 'tests/faults/fsync'}:{ROOT / 'python'}"}
TRY = "import os, sys\ntry: os.fsync(os.open(sys.argv[1], os.O_RDONLY))\nexcept OSError as error: print(error.errno)"


@pytest.fixture
def worn_out(tmp_path):
    """What the environment has to hold so that fsync fails."""
    done = subprocess.run(
        [sys.executable, "-c", TRY, tmp_path], env=os.environ | REFUSED, capture_output=True, text=True, check=False
    )
    if done.stdout != "5\n":
        pytest.skip(f"no seccomp filter can be set here: {(done.stderr.splitlines() or [done.stdout])[-1]}")
    return REFUSED


def test_a_disk_that_answers_fsync_with_an_error_loses_nothing(tmp_path, worn_out):
    with Installation(tmp_path) as camera:
        owner = register(camera.site)
        file = camera.daemon.data / "settings.json"
        before = file.read_text()
        camera.site.end()
        camera.daemon.end()
        camera.daemon.start(**worn_out)
        camera.site.start(**worn_out)
        camera.site.until(lambda: owner.ask("/images/current.jpg")[0].status == 200)
        camera.daemon.frames(3)

        status, answer = owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})
        assert (status, "Input/output error" in answer["error"]) == (503, True), answer
        assert file.read_text() == before
        status, answer = owner.call("/api/photos", "POST", {"kind": "photo"})
        assert (status, "Input/output error" in answer["error"]) == (507, True), answer
        assert owner.call("/api/library")[1]["items"] == []
        status, answer = owner.call("/api/users", "POST", {"name": "Bob", "password": PASSWORD, "role": "viewer"})
        assert status == 503, answer
        camera.daemon.frames(3)
        assert "Traceback" not in camera.logged() + camera.site.said()

        camera.site.end()
        camera.daemon.end()
        camera.daemon.start()
        camera.site.start()
        camera.daemon.frames(1)
        assert Client(camera.site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 200
        assert owner.call("/api/settings", "PATCH", {"snapshot": {"quality": 50}})[0] == 200
        assert json.loads(file.read_text())["snapshot"]["quality"] == 50
        status, answer = owner.call("/api/photos", "POST", {"kind": "photo"})
        assert (status, len(answer.get("items", []))) == (201, 1), answer
        assert len(owner.call("/api/library")[1]["items"]) == 1
        assert [user["name"] for user in owner.call("/api/users")[1]["users"]] == ["Ann"]
        camera.site.until(camera.healthy)
