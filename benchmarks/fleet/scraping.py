"""What a scrape costs a Pi, and what 1,000 of them cost Prometheus."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

from exporters import SMALL, TOKEN, Exporters, altered, complete, real_metrics
from monitoring import prometheus
from processes import cpu_s, memory_mb
from report import Row, measured
from series_on_disk import created
from serving import ROOT, Site
from watching import Daemon

INTERVAL_S = 15
CAMERAS = 1000
STALE = 10  # of these cameras
SERIES = (1, 20)


def scrapes(folder: Path, quick: bool) -> Iterator[Row]:
    """Processor time of the web server for one scrape, beyond what it takes at rest."""
    number = 100 if quick else 1000
    for series in SERIES:
        own = folder / str(series)
        own.mkdir()
        with Site(own, SMALL) as site:
            for index in range(series):
                created(site.data / "series", f"Garden {index}", now_ms=int(time.time() * 1000))
            with Daemon(site) as daemon:
                daemon.until(lambda told: told["captures"]["ok"] > 2)
                site.until(lambda: complete(site.ask("/metrics")[1].decode()))
                pid = site.process.pid
                rest_s, began_s = cpu_s(pid), time.monotonic()
                time.sleep(5 if quick else 20)  # it is at rest: how much it takes then is what is measured
                rest = (cpu_s(pid) - rest_s) / (time.monotonic() - began_s)
                link = http.client.HTTPConnection("127.0.0.1", site.port)
                before_s, began_s = cpu_s(pid), time.monotonic()
                for _ in range(number):
                    link.request("GET", "/metrics")
                    body = link.getresponse().read()
                took_s = cpu_s(pid) - before_s - rest * (time.monotonic() - began_s)
                link.close()
        words = f"scrape of one Pi, {series} series ({len(body) / 1000:.0f} kB)"
        yield measured(f"{words}: processor time", 1e3 * took_s / number, "{:.2f} ms")
        share = 100 * took_s / number / INTERVAL_S
        yield measured(f"{words}: share of a core, every {INTERVAL_S} s", share, "{:.3f} %", at_most=0.1)


def prometheus_of_a_fleet(folder: Path, quick: bool) -> Iterator[Row]:
    """Prometheus with deploy/prometheus; some cameras have no new picture."""
    cameras = CAMERAS // 10 if quick else CAMERAS
    (folder / "site").mkdir()
    said = real_metrics(folder / "site")
    stale = altered(said, stillcam_frame_stale=1)
    with Exporters(cameras, lambda index, _before: stale if index < STALE else said) as fleet:
        tokens = {target: TOKEN.format(index) for index, target in enumerate(fleet.targets)}
        with prometheus(folder / "prometheus", tokens, INTERVAL_S, at_once=False) as server:
            server.program.until(lambda: server.value("count(up == 1)") == cameras)
            pid, began_s = server.program.process.pid, time.monotonic()
            before_s, asked = cpu_s(pid), fleet.asked.total()
            alert = 'count(ALERTS{alertname="StillcamNoPicture", alertstate="%s"})'
            server.program.until(lambda: server.value(alert % "pending") == STALE)
            time.sleep(3 * INTERVAL_S if quick else 8 * INTERVAL_S)  # what it takes in this time is measured
            elapsed_s = time.monotonic() - began_s
            words = f"Prometheus, {cameras:,} cameras, every {INTERVAL_S} s"
            yield Row(f"{words}: cameras that answer", f"{server.value('count(up == 1)'):,.0f}", target=f"{cameras:,}",
                      met=server.value("count(up == 1)") == cameras)  # fmt: skip
            rate = (fleet.asked.total() - asked) / elapsed_s
            samples = server.value("avg(scrape_samples_scraped)")
            yield Row(f"{words}: scrapes", f"{rate:.0f}/s of {samples:.0f} samples")
            scrape_ms = 1e3 * server.value("quantile(0.99, scrape_duration_seconds)")
            yield measured(f"{words}: p99 of a scrape", scrape_ms, "{:.0f} ms", at_most=1000)
            yield measured(f"{words}: processor", 100 * (cpu_s(pid) - before_s) / elapsed_s, "{:.0f} % of a core",
                           at_most=10)  # fmt: skip
            yield measured(f"{words}: memory", memory_mb(pid), "{:.0f} MB", at_most=600)
            rules_s = max(group["evaluationTime"] for group in server.get("rules")["groups"])
            yield measured(f"{words}: all records or all alerts", 1e3 * rules_s, "{:.0f} ms", at_most=1000)
            if not quick:  # the alert fires after 2 min
                server.program.until(lambda: server.value(alert % "firing") == STALE)
                firing = server.value(alert % "firing")
                yield Row(f"{words}: alerts for {STALE} old pictures", f"{firing:.0f}", "", "", str(STALE), True)
            board = json.loads((ROOT / "deploy/grafana/dashboards/fleet.json").read_text())
            queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
            began_s = time.monotonic()
            for query in queries:
                server.query(query)
            took_s = time.monotonic() - began_s
            yield measured(f"{words}: {len(queries)} queries of the dashboard", 1e3 * took_s, "{:.0f} ms", at_most=1000)
