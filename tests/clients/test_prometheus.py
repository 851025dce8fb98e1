"""Prometheus itself reads the figures, knows the rules, and draws the dashboard, with the files that we ship."""

import json
import shutil
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml  # type: ignore[import-untyped]
from front import kept_port
from people import program, register
from pictures import picture
from programs import run, running
from serving import DEADLINE_S, ROOT, Site

FILES = ROOT / "deploy/prometheus"


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path) as site:
        site.publish(picture())
        yield site


@pytest.fixture
def query(site, tmp_path):
    """Asks a Prometheus that watches `site` by a token."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    (folder / "token").write_text(program(register(site), "view").headers["Authorization"].removeprefix("Bearer "))
    document = yaml.safe_load((FILES / "scrape.yml").read_text())
    (job,) = document["scrape_configs"]
    job["scrape_interval"] = "1s"
    job["authorization"]["credentials_file"] = str(folder / "token")
    job["static_configs"] = [{"targets": [f"127.0.0.1:{site.port}"]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    shutil.copy(FILES / "alerts.yml", folder)
    run("promtool", "check", "config", folder / "prometheus.yml")
    with kept_port() as port:
        argv = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
        with running(argv, folder / "prometheus.log") as prometheus:

            def query(text):
                with urlopen(
                    f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': text})}", timeout=DEADLINE_S
                ) as answer:
                    return json.load(answer)["data"]["result"]

            prometheus.until(lambda: "Server is ready" in prometheus.said())
            prometheus.until(lambda: query("up == 1"))
            yield query


def test_what_it_is_told_and_every_question_of_ours_is_one(query):
    [age] = query("stillcam_frame_age_seconds")
    assert float(age["value"][1]) >= 0
    rules = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"][0]["rules"]
    dashboard = json.loads((FILES / "grafana.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for text in (*(rule["expr"] for rule in rules), *shown):  # a wrong one is answered 400
        query(text.replace("$__rate_interval", "1m").replace("$camera", ".*"))
