"""HTTPS without a server in front, set up as docs/integrate/https-and-proxies.md says, and asked by curl."""

import json
import re
import subprocess

import pytest
from pictures import picture
from programs import certificate, output, run
from serving import DEADLINE_S, ROOT, Site

from stillcam.settings.document import from_json

NAME = "camera.local"
BLOCKS = re.findall(r"```json\n(.*?)```", (ROOT / "docs/integrate/https-and-proxies.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_settings_in_the_document_are_ones(block):
    from_json(json.loads(block))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a certificate of `stillcam certificate`, which has set it."""
    folder = tmp_path_factory.mktemp("own")
    certificate(folder / "data", NAME)
    settings = json.loads((folder / "data/settings.json").read_text())
    with Site(folder, {"server": settings["server"]}) as site:
        still = site.images / ".still_1.jpg"
        still.write_bytes(picture())
        site.publisher.publish(still, 1.8e9)
        yield site


def argv(site, path, *options):
    trust = ["--cacert", str(site.data / "tls/ca.pem"), "--resolve", f"{NAME}:{site.port}:127.0.0.1"]
    return ["curl", "--silent", *trust, *options, f"https://{NAME}:{site.port}/{path}"]


def test_the_picture_by_https(site):
    site.until(lambda: output(*argv(site, "images/current.jpg")) == picture())


def test_a_connection_goes_on(site):
    twice = argv(
        site, "api/status", "--output", "/dev/null", "--output", "/dev/null", "--write-out", "%{num_connects} "
    )
    assert run(*twice, twice[-1]) == "1 0 "


def test_who_does_not_trust_the_certificate_gets_nothing(site):
    done = subprocess.run(
        ["curl", "--silent", f"https://127.0.0.1:{site.port}/"], capture_output=True, timeout=DEADLINE_S, check=False
    )
    assert (done.returncode, done.stdout) == (60, b"")  # 60: not a certificate that is known


@pytest.mark.parametrize("option", ["--tlsv1.2", "--tlsv1.3"])
def test_each_version_of_tls_that_is_safe(site, option):
    assert run(*argv(site, "api/status", option, "--tls-max", option[-3:], "--write-out", "%{http_code}")).endswith(
        "200"
    )


def test_plain_http_leads_to_https(site):
    said = run("curl", "--silent", "--write-out", "%{http_code} %{redirect_url}", f"http://127.0.0.1:{site.port}/live")
    assert said == f"308 https://127.0.0.1:{site.port}/live"
