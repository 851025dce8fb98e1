"""What `/metrics` has, as Prometheus reads it."""

from collections.abc import Mapping

from people import Client
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from serving import Site


class Scrape:
    """One scrape."""

    def __init__(self, site: Site | Client) -> None:
        response, body = site.ask("/metrics")
        assert response.status == 200, body
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        self.families: dict[str, Metric] = {
            family.name: family for family in text_string_to_metric_families(body.decode())
        }

    def samples(self, name: str, **labels: str) -> list[tuple[Mapping[str, str], float]]:
        """Labels and values of the samples called `name` that have these labels."""
        return [
            (sample.labels, sample.value)
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def value(self, name: str, **labels: str) -> float | None:
        """Of the one sample; None when there is none."""
        values = self.samples(name, **labels)
        assert len(values) <= 1
        return values[0][1] if values else None
