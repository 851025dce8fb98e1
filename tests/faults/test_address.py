"""The machine's address changes (a new lease, Wi-Fi that goes and comes): the server needs no restart."""

import os
import shutil
import subprocess
import sys

import pytest
from serving import DEADLINE_S, ROOT

NETWORK = ["unshare", "--user", "--map-root-user", "--net"]


def own_network() -> bool:
    """Whether this user may have a network of their own."""
    return (
        shutil.which("ip") is not None
        and not subprocess.run([*NETWORK, "true"], capture_output=True, check=False).returncode
    )


@pytest.mark.skipif(not own_network(), reason="no network namespaces, or no iproute2")
def test_an_address_that_goes_and_another_that_comes(tmp_path):
    """In a network of its own, as a Pi has it: the server was started without any address at all."""
    script = """
set -e
"$PYTHON" -m stillcam.server 2>"$LOG" &
server=$!
trap 'kill $server' EXIT
until grep -q listens "$LOG"; do kill -0 $server; sleep 0.05; done
port=$(sed -n 's/.* port \\([0-9]*\\) .*/\\1/p' "$LOG")
ip link set lo up
ip addr add 192.0.2.7/32 dev lo
curl -fsS --max-time 60 "http://192.0.2.7:$port/api/status" >/dev/null
ip addr del 192.0.2.7/32 dev lo
ip addr add 198.51.100.9/32 dev lo
curl -fsS --max-time 60 "http://198.51.100.9:$port/api/status" >/dev/null
! curl -fsS --max-time 5 "http://192.0.2.7:$port/api/status" 2>/dev/null
"""
    environ = os.environ | {
        "PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "python"), "LOG": str(tmp_path / "log"),
        "STILLCAM_DATA": str(tmp_path / "data"), "STILLCAM_IMAGES": str(tmp_path / "images"), "STILLCAM_PORT": "0",
    }  # fmt: skip
    done = subprocess.run(
        [*NETWORK, "bash", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S * 2,
        check=False,
    )
    assert done.returncode == 0, done.stderr
