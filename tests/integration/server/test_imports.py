"""Daemon and server import only what their settings use: memory is short on a Pi."""

import re
from pathlib import Path

from serving import Site

TRACED = {"PYTHONPROFILEIMPORTTIME": "1"}  # python -X importtime
FOR_PICTURES = {"PIL", "argparse", "difflib", "stillcam.camera.picamera2.driver", "stillcam.camera.simulated.sensors"}
FOR_REQUESTS = {"PIL", "argparse", "astral", "difflib", "html", "http.client", "importlib.metadata", "platform"}
FOR_RECEIVERS = {
    f"stillcam.notifications.{name}" for name in ("sources", "apprise_channel", "mqtt_channel", "mqtt_topics")
}
FOR_SECRETS = {"hashlib", "hmac", "secrets", "ssl"}  # with OpenSSL, 2 MB
FOR_FILES = {"bz2", "ctypes.util", "lzma", "random", "shutil", "tempfile", "zoneinfo"}  # 0.6 MB


def imported(log: Path) -> set[str]:
    """The modules that a traced process has imported so far."""
    return set(re.findall(r"^import time:.*\| +(\S+)$", log.read_text(), re.MULTILINE))


def test_a_daemon_that_takes_snapshots_has_imported_nothing_for_other_uses(idle_daemon):
    idle_daemon.settings(snapshot={"interval_s": 0.2, "width": 320})
    idle_daemon.start(**TRACED)
    idle_daemon.frames(3)
    modules = imported(idle_daemon.log)
    assert "stillcam.capture.modes.snapshots" in modules
    assert not modules & (FOR_PICTURES | FOR_SECRETS | FOR_FILES)
    assert not [name for name in modules if "motion" in name and name != "stillcam.capture.modes.motion"]


def test_a_server_that_serves_pictures_has_imported_nothing_for_other_requests(tmp_path):
    site = Site(tmp_path)
    site.start(**TRACED)
    try:
        modules = imported(site.log)
    finally:
        site.end()
    assert "stillcam.server.app" in modules
    assert not modules & (
        FOR_REQUESTS | FOR_SECRETS | FOR_FILES | FOR_RECEIVERS | {"concurrent.futures", "email", "gzip"}
    )
