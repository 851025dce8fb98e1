"""Prometheus itself reads the metrics, of one camera and of a fleet, with the files of deploy/.

The alerts fire, and each query of the dashboards of deploy/grafana gives data.
"""

import json
import re

import pytest
import yaml  # type: ignore[import-untyped]
from exporters import TOKEN, Exporters, altered, real_metrics
from monitoring import FILES, prometheus
from people import program, register
from pictures import picture
from programs import run
from serving import ROOT, Site

GRAFANA = ROOT / "deploy/grafana"
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
ALERTS = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"][0]["rules"]
CAMERAS = 60  # more than a dashboard lists; in benchmarks/fleet 1,000

# What is the matter with some of them, by alert: lines of their metrics that have another value.
TROUBLE: dict[str, dict[str, float]] = {
    "StillcamNoPicture": {"stillcam_frame_stale": 1},
    "StillcamNoCamera": {'stillcam_capture_mode{camera="0",mode="no camera"}': 1},
    "StillcamSeriesFailed": {'stillcam_series_state{camera="0",series="Garden",state="failed"}': 1},
    "StillcamDiskFull": {'stillcam_disk_free_bytes{folder="data"}': 1e8},
    "StillcamDiskNearlyFull": {'stillcam_disk_free_bytes{folder="data"}': 3e8},
    "StillcamHot": {"stillcam_temperature_celsius": 83.1},
    "StillcamUnderVoltage": {'stillcam_throttled{condition="under_voltage"}': 1},
    "StillcamThrottled": {'stillcam_throttled{condition="throttled"}': 1},
}
# The same for counters, which grow with each scrape.
GROWING: dict[str, dict[str, float]] = {
    "StillcamRestarts": {"stillcam_camera_restarts_total{": 400},
    "StillcamCapturesFail": {'stillcam_captures_total{camera="0",result="stalled"}': 100},
    "StillcamSeriesMissesShots": {'stillcam_series_shots_total{camera="0",result="missed",series="Garden"}': 50},
    "StillcamServerRestarts": {"stillcam_server_process_start_time_seconds": 1e6},
    "StillcamServerErrors": {'stillcam_http_requests_total{route="snapshot",status="500"}': 3},
}
DOWN = "StillcamDown"
NO_DAEMON = "StillcamNoDaemon"
TROUBLED = [*TROUBLE, *GROWING, DOWN, NO_DAEMON]  # the index of each is that of its camera
TOO = {"StillcamDiskFull": {"StillcamDiskNearlyFull"}}  # alerts that the same trouble causes
COUNTED = """\
stillcam_camera_restarts_total{camera="0",cause="stalled"} 0.0
stillcam_captures_total{camera="0",result="stalled"} 0.0
stillcam_http_requests_total{route="snapshot",status="500"} 0.0
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """Prometheus, on simulated cameras in one process, some of them with a fault; and their addresses."""
    said = real_metrics(tmp_path_factory.mktemp("site")) + COUNTED

    def answer(index, before):
        if index >= len(TROUBLED):
            return said
        alert = TROUBLED[index]
        if alert == DOWN:
            return None
        if alert == NO_DAEMON:
            return re.sub(r"^stillcam_capture.*\n", "", said, flags=re.MULTILINE)
        values = TROUBLE.get(alert) or {name: step * before for name, step in GROWING[alert].items()}
        return altered(said, **values)

    with Exporters(CAMERAS, answer) as exporters:
        cameras = {target: TOKEN.format(index) for index, target in enumerate(exporters.targets)}
        with prometheus(tmp_path_factory.mktemp("fleet") / "prometheus", cameras, interval_s=2) as server:
            server.program.until(lambda: min(exporters.asked[index] for index in range(CAMERAS)) > 2)
            yield server, exporters.targets


def firing(server):
    """Alerts that fire, by the address of their camera."""
    found: dict[str, set[str]] = {}
    for sample in server.query('ALERTS{alertstate="firing"}'):
        found.setdefault(sample["metric"].get("instance", ""), set()).add(sample["metric"]["alertname"])
    return found


def test_each_alert_fires_for_its_camera_and_for_no_other(fleet):
    server, targets = fleet
    wanted = {targets[index]: {alert} | TOO.get(alert, set()) for index, alert in enumerate(TROUBLED)}
    server.program.until(lambda: firing(server) == wanted)
    assert {rule["alert"] for rule in ALERTS} == {*TROUBLED, "StillcamFleetDown"}
    server.program.until(lambda: server.value("count(up == 1)") == CAMERAS - 1)


def test_the_camera_that_is_worst_comes_first(fleet):
    server, targets = fleet
    severity = {rule["alert"]: rule["labels"]["severity"] for rule in ALERTS}
    critical = {targets[index] for index, alert in enumerate(TROUBLED) if severity[alert] == "critical"}

    def worst():
        samples = server.query("topk(50, instance:stillcam_alerts:weight)")
        samples.sort(key=lambda sample: -float(sample["value"][1]))
        return [sample["metric"]["instance"] for sample in samples]

    server.program.until(lambda: len(worst()) == len(TROUBLED) and set(worst()[: len(critical)]) == critical)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_each_query_of_a_dashboard_has_data(fleet, name):
    server, targets = fleet
    shown = [target["expr"] for panel in DASHBOARDS[name]["panels"] for target in panel.get("targets", ())]
    assert len(shown) > 15
    for text in shown:
        here = text.replace("$pi", targets[TROUBLED.index("StillcamRestarts")])
        server.program.until(lambda here=here: server.query(here))  # HTTPError: it is no query


def test_the_dashboard_lists_the_pis(fleet):
    server, targets = fleet
    (variable,) = [each for each in DASHBOARDS["camera"]["templating"]["list"] if each["type"] == "query"]
    [(metric, label)] = re.findall(r"^label_values\((\w+), (\w+)\)$", variable["definition"])
    listed = set(server.get(f"label/{label}/values", **{"match[]": metric}))
    assert listed == set(targets) - {targets[TROUBLED.index(DOWN)]}


def test_alerts_fire_when_they_should_and_for_as_long():
    run("promtool", "test", "rules", *ROOT.glob("tests/cases/prometheus-rules*.yml"))


def test_grafana_finds_the_dashboards_and_their_source():
    """By its documentation: a dashboard has an address of its own, and each panel names the source."""
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/stillcam.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/stillcam.yml").read_text())["providers"]
    assert provider["options"]["path"] in (ROOT / "docs/integrate/prometheus.md").read_text()
    assert {board["uid"] for board in DASHBOARDS.values()} == {"stillcam", "stillcam-fleet"}
    for board in DASHBOARDS.values():
        (chosen,) = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
        assert (chosen["query"], chosen["current"]["value"]) == (source["type"], source["uid"])
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {f"${{{chosen['name']}}}"}
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"])


def test_one_camera_with_a_token_of_its_own(tmp_path):
    with Site(tmp_path, {"server": {"access_log": True}}) as site:
        site.publish(picture())
        token = program(register(site), "view").headers["Authorization"].removeprefix("Bearer ")
        assert site.ask("/metrics")[0].status == 401
        with prometheus(tmp_path / "prometheus", {f"127.0.0.1:{site.port}": token}) as server:
            server.program.until(lambda: server.query("stillcam_frame_age_seconds"))
            (up,) = server.query("up")
            assert up["metric"] | {"__name__": "up", "job": "stillcam", "site": "home"} == up["metric"]
            assert token not in json.dumps(up)
        assert token not in site.said()
