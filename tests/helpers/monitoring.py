"""Prometheus with deploy/prometheus, on targets of a test."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml  # type: ignore[import-untyped]
from ports import kept_port
from programs import Running, run, running
from serving import DEADLINE_S, ROOT

FILES = ROOT / "deploy/prometheus"


class Prometheus:
    """One that runs."""

    def __init__(self, port: int, program: Running) -> None:
        self.program = program
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: str) -> Any:
        """`data` of an answer of its API; a wrong query raises HTTPError."""
        with urlopen(f"{self._url}/api/v1/{path}?{urlencode(query)}", timeout=DEADLINE_S) as answer:
            return json.load(answer)["data"]

    def query(self, text: str) -> list[dict[str, Any]]:
        """The samples that an expression has now."""
        samples: list[dict[str, Any]] = self.get("query", query=text)["result"]
        return samples

    def value(self, text: str) -> float:
        """The one number of an expression; 0 where it has none."""
        return sum(float(sample["value"][1]) for sample in self.query(text))

    def metrics(self) -> str:
        """Its own."""
        with urlopen(f"{self._url}/metrics", timeout=DEADLINE_S) as answer:
            return str(answer.read(), "utf-8")


@contextmanager
def prometheus(
    folder: Path, cameras: Mapping[str, str], interval_s: int = 1, at_once: bool = True
) -> Iterator[Prometheus]:
    """It scrapes `cameras`, tokens by HOST:PORT, until the end of `with`.

    Args:
        folder: to be made.
        interval_s: from one scrape to the next.
        at_once: alerts fire without waiting for their `for`, and rules are evaluated every second.
    """
    shutil.copytree(FILES, folder)
    (example,) = (folder / "cameras").iterdir()
    (entry,) = json.loads(example.read_text())
    shown = json.dumps([entry | {"targets": [target], "labels": entry["labels"] | {"__param_token": token}}
                        for target, token in cameras.items()])  # fmt: skip
    example.write_text(shown)
    document = yaml.safe_load((folder / "prometheus.yml").read_text())
    document["global"]["scrape_interval"] = f"{interval_s}s"
    if at_once:
        document["global"]["evaluation_interval"] = "1s"
        alerts = yaml.safe_load((folder / "alerts.yml").read_text())
        for rule in alerts["groups"][0]["rules"]:
            rule.pop("for", None)
        (folder / "alerts.yml").write_text(yaml.safe_dump(alerts))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    run("promtool", "check", "config", folder / "prometheus.yml")
    with kept_port() as port:
        argv = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
        with running(argv, folder / "prometheus.log") as program:
            program.until(lambda: "Server is ready" in program.said())
            yield Prometheus(port, program)
