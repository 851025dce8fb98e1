"""What a fleet costs: a scrape, Prometheus with 1,000 cameras, and what 10,000 viewers behind nginx ask of one camera.

    PYTHONPATH=python .venv/bin/python benchmarks/fleet [--quick] [PART…]

Everything runs on this machine, over loopback. Needs prometheus, nginx and wrk (Debian).
The output is a table in Markdown.
"""

import argparse
import resource
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / folder) for folder in ("benchmarks", "tests/helpers", "python")]

from front_load import pages, viewers  # noqa: E402
from report import TITLE  # noqa: E402
from scraping import prometheus_of_a_fleet, scrapes  # noqa: E402

PARTS = {"scrape": scrapes, "prometheus": prometheus_of_a_fleet, "viewers": viewers, "pages": pages}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/fleet", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them without")
    parser.add_argument("--quick", action="store_true", help="short, with a tenth of the cameras and viewers")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection for each viewer
    print(TITLE, flush=True)
    for name in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="stillcam-fleet-") as folder:
            try:
                for row in PARTS[name](Path(folder), arguments.quick):
                    print(row, flush=True)
            except RuntimeError as error:
                sys.exit(f"benchmarks/fleet: {name}: {error}")


if __name__ == "__main__":
    main()
