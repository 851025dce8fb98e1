"""The examples in docs/integrate and deploy/prometheus, tested with the real server."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from exporters import real_metrics
from people import program, register
from programs import FRAME_SIZE, filming, output, running
from serving import DEADLINE_S, ROOT, Site
from watching import Daemon

from stillcam.common.paths import Paths
from stillcam.server.routes.metrics import metrics_route
from stillcam.settings.document import describe

sys.path.append(str(ROOT / "tests/clients"))

DOCUMENT = "\n".join(page.read_text() for page in sorted((ROOT / "docs/integrate").glob("*.md")))
PROMETHEUS, GRAFANA = ROOT / "deploy/prometheus", ROOT / "deploy/grafana"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def rules_of(name: str) -> list[dict[str, Any]]:
    """The rules of a file of deploy/prometheus."""
    rules: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / f"{name}.yml").read_text())["groups"][0]["rules"]
    return rules


@pytest.fixture
def site(tmp_path):
    """A server without a daemon."""
    with Site(tmp_path) as site:
        yield site


@pytest.fixture
def owned(site):
    """A server with frames that asks who one is, and a token."""
    with filming(site):
        token = program(register(site), "view").headers["Authorization"].removeprefix("Bearer ")
        assert site.ask("/snapshot")[0].status == 401
        yield site, token


def here(text: str, site: Site, token: str) -> str:
    """An example, for this server."""
    return text.replace("camera.local:8080", f"127.0.0.1:{site.port}").replace("TOKEN", token)


def test_every_address_is_answered(owned):
    site, token = owned
    addresses = set(re.findall(r"http://(?:any:TOKEN@)?camera\.local:8080(/[\w/]*)", DOCUMENT))
    assert {"/snapshot", "/stream", "/api/status"} <= addresses
    for address in addresses - {"/stream", "/api/motion/arm"}:  # Home Assistant posts to the latter, also in its test
        assert site.ask(address, Authorization=f"Bearer {token}")[0].status == 200, address


@pytest.mark.parametrize("line", [line for line in "".join(blocks("bash")).splitlines() if line.startswith("ffmpeg")])
def test_ffmpeg_as_it_is_shown(owned, tmp_path, line):
    site, token = owned
    words = here(line, site, token).replace("-t 60", "-frames:v 20").split()
    words[-1] = str(tmp_path / words[-1])
    output(words[0], "-nostdin", "-loglevel", "error", *words[1:])
    assert Path(words[-1]).stat().st_size > 500


def test_motion_as_it_is_shown(owned, tmp_path):
    site, token = owned
    (example,) = (block for block in blocks("text") if "netcam_url" in block)
    folder = tmp_path / "motion"
    folder.mkdir()
    lines = here(example, site, token).replace("1280", str(FRAME_SIZE[0])).replace("720", str(FRAME_SIZE[1]))
    lines += f"webcontrol_port 0\nstream_port 0\ntarget_dir {folder}\nemulate_motion on\npicture_output on\n"
    (tmp_path / "motion.conf").write_text(lines + "movie_output off\n")
    argv = ["motion", "-n", "-c", tmp_path / "motion.conf", "-p", tmp_path / "motion.pid"]
    with running(argv, tmp_path / "log") as motion:
        motion.until(lambda: list(folder.glob("*.jpg")))


def test_vlc_as_it_is_shown(owned, tmp_path):
    """It hands on the frames that it takes. It refuses to run as root."""
    site, token = owned
    (line,) = [line for line in "".join(blocks("bash")).splitlines() if line.startswith("vlc")]
    argv = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    argv += [*here(line, site, token).split(), "--intf", "dummy", "--no-audio"]
    with running([*argv, "--sout", "#std{access=file,mux=mpjpeg,dst=-}"], tmp_path / "log") as vlc:
        vlc.until(lambda: len((tmp_path / "log").read_bytes().split(b"\xff\xd8\xff")) > 20)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_is_yaml(block):
    assert isinstance(yaml.safe_load(block), dict)


def test_the_state_has_what_home_assistant_looks_for(owned):
    site, token = owned
    status = json.loads(site.ask("/api/status", Authorization=f"Bearer {token}")[1])
    assert set(re.findall(r"value_json\.(\w+)", DOCUMENT)) <= status.keys()
    with Daemon(site) as daemon:
        assert "mode" in daemon.until(lambda told: True)


def test_rules_and_dashboards_know_only_figures_that_there_are(tmp_path):
    text = real_metrics(tmp_path)
    there = set(re.findall(r"^(\w+)[{ ]", text, re.MULTILINE))
    there |= {
        name.removesuffix("_total") + "_total" for name in re.findall(r"^# TYPE (\w+) counter", text, re.MULTILINE)
    }
    source = Path(sys.modules[metrics_route.__module__].__file__ or "").read_text()
    board = {"stillcam_temperature_celsius", "stillcam_throttled", "stillcam_throttled_since_start"}
    assert all(f'"{name}"' in source for name in board)  # on a Pi only
    rules = [rule for name in ("records", "alerts") for rule in rules_of(name)]
    dashboards = [json.loads(path.read_text()) for path in GRAFANA.glob("dashboards/*.json")]
    shown = [target["expr"] for board in dashboards for panel in board["panels"] for target in panel["targets"]]
    named = set(re.findall(r"(?<!:)\bstillcam_\w+", " ".join([*(rule["expr"] for rule in rules), *shown])))
    assert len(named) > 12
    assert named <= there
    modes = set(re.findall(r'stillcam_capture_mode\{[^}]*mode="([^"]*)"\}', text))
    assert set(re.findall(r'mode="([^"]*)"', " ".join(rule["expr"] for rule in rules))) <= modes


def test_each_alert_says_what_to_do():
    rules = rules_of("alerts")
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 7
    settings = set(describe())
    for rule in rules:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert f"| `{rule['alert']}` | {rule['labels']['severity']} |" in DOCUMENT
        assert set(re.findall(r"\b(?:retention|snapshot)\.\w+", rule["annotations"]["description"])) <= settings


def test_the_copies_are_made_of_the_library(tmp_path):
    """systemd understands the units."""
    service = (ROOT / "deploy/rclone/stillcam-offsite.service").read_text()
    assert f" {Paths.from_environ({'STILLCAM_DATA': '/var/lib/stillcam'}).library} " in service
    for unit in (ROOT / "deploy/rclone").iterdir():
        (tmp_path / unit.name).write_text(unit.read_text())
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *tmp_path.iterdir()],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=os.environ,
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")


def test_rclone_copies_what_is_whole(tmp_path):
    """The unit's own command line, on another folder: nothing that is being written, or is in the trash."""
    service = (ROOT / "deploy/rclone/stillcam-offsite.service").read_text()
    (command,) = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    library, copies = tmp_path / "library", tmp_path / "copies"
    for name in ("2026-11-20/a.jpg", "2026-11-20/a.json", "2026-11-20/.draft.jpg", ".trash/2026-11-20/b.jpg"):
        path = library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (1.7e9, 1.7e9))
    (library / "2026-11-20" / "young.jpg").write_text("perhaps not whole yet")
    (tmp_path / "rclone.conf").write_text(f"[offsite]\ntype = alias\nremote = {copies}\n")
    for of_the_unit, of_the_test in {
        "/var/lib/stillcam/rclone.conf": f"{tmp_path}/rclone.conf",
        "/var/lib/stillcam/library": f"{library}",
    }.items():
        assert of_the_unit in command
        command = command.replace(of_the_unit, of_the_test)
    output(*shlex.split(command))
    copied = sorted(str(path.relative_to(copies / "stillcam")) for path in copies.rglob("*") if path.is_file())
    assert copied == ["2026-11-20/a.jpg", "2026-11-20/a.json"]
