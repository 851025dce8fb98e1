"""Schemathesis, with api/openapi.json in hand, sends the real server what it allows and what it does not."""

import subprocess
import sys

import pytest
from people import Client, program, register
from programs import filming
from serving import DEADLINE_S, Site

# Without a daemon the camera's own routes say 503, as they should. The rest of the checks are the defaults that
# compare an answer with its description.
CONFIGURATION = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
"""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip
# A stream does not end; signing in is slowed down on purpose; signing out or a restart would end the test.
LEFT_OUT = "^/(stream|api/session|api/register|api/restart)"
EXAMPLES = 5  # of each operation; without the option it is 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["program", "owner"])
def test_whatever_is_sent_is_answered_as_described(tmp_path, who):
    """The same requests in every run."""
    # Until somebody registers, anyone may watch. A request that waits for another frame gets it soon.
    with Site(tmp_path) as site, filming(site, fps=5):
        owner = register(site)
        client = program(owner, "control") if who == "program" else owner
        said = run(site, client, tmp_path)
        assert said.returncode == 0, said.stdout[-8000:] + said.stderr[-2000:]
        assert "Traceback" not in site.said()
        assert site.process.poll() is None
        assert owner.ask("/api/settings")[0].status == 200


def run(site: Site, client: Client, folder) -> subprocess.CompletedProcess[str]:
    """What it says; its status is 0 when it has found nothing."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    (folder / "openapi.json").write_bytes(client.ask("/api/openapi.json")[1])
    headers = [word for name, value in client.headers.items() for word in ("--header", f"{name}: {value}")]
    return subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"),
            "run", str(folder / "openapi.json"), "--url", f"http://127.0.0.1:{site.port}", *headers,
            "--checks", ",".join(CHECKS), "--exclude-path-regex", LEFT_OUT, "--phases", "fuzzing",
            "--max-examples", str(EXAMPLES), "--generation-deterministic",
            "--request-timeout", str(DEADLINE_S), "--no-color",
        ],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
