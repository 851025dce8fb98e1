"""What the page costs a phone, by Lighthouse: every tab, for a stranger and for the owner, on the simulated camera.

    PYTHONPATH=python .venv/bin/python benchmarks/page [--quick] [TAB…]

Each load begins with an empty cache on Lighthouse's slow phone link. Scores are those of performance, accessibility and
best practices. The size counts the compressed files of the page, without headers, pictures and the API; the depth is
the longest chain of requests, the page itself included. Needs Chromium, and Lighthouse on PATH
(`npm install --global lighthouse@12`).
"""

import argparse
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from PIL import Image

from stillcam.accounts import Accounts
from stillcam.accounts.passwords import hashed
from stillcam.library.pending import PendingItem

sys.path.append(str(Path(__file__).resolve().parents[1]))

from report import TITLE, Row

ROOT = Path(__file__).resolve().parents[2]
TABS = ("live", "photos", "timelapse", "motion", "config", "info", "settings")
NAME, PASSWORD = "owner", "a long password"
ITEMS, FIRST_S = 30, 1_795_176_000.0  # photos in the library, and when the first was taken
START_S = 60.0
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST = (95, 100, 100)
MOST_SHIFT, MOST_KB, MOST_DEEP = 0.02, 95.0, 3
TARGET = f"≥ {LEAST[0]}, {LEAST[1]}, {LEAST[2]}; ≤ {MOST_SHIFT}; ≤ {MOST_KB:.0f} kB; ≤ {MOST_DEEP}"
FILE = re.compile(r"/assets/|/manifest.webmanifest$")


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a page: Lighthouse's scores, layout shift, bytes over the network in kB, round trips."""

    scores: tuple[int, ...]
    shift: float
    size_kb: float
    deep: int

    @classmethod
    def of(cls, report: dict[str, Any], cookie: str) -> Self:
        """What Lighthouse's report, as JSON, says of a page that was loaded with this cookie."""
        audits = report["audits"]
        requests = audits["network-requests"]["details"]["items"]
        files = {one["url"] for one in requests if one["resourceType"] == "Document" or FILE.search(one["url"])}
        chains = audits["critical-request-chains"]["details"]["chains"]
        return cls(
            tuple(round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES),
            audits["cumulative-layout-shift"]["numericValue"],
            sum(compressed_bytes(url, cookie) for url in files) / 1000,
            _depth(chains),
        )

    def row(self, work: str) -> Row:
        """The line of the table."""
        met = (
            all(score >= least for score, least in zip(self.scores, LEAST, strict=True))
            and self.shift <= MOST_SHIFT and self.size_kb <= MOST_KB and self.deep <= MOST_DEEP
        )  # fmt: skip
        scores = ", ".join(map(str, self.scores))
        return Row(work, f"{scores}; {self.shift:.3f}; {self.size_kb:.1f} kB; {self.deep}", target=TARGET, met=met)


def compressed_bytes(address: str, cookie: str) -> int:
    """The bytes of an answer's body, packed."""
    with urlopen(Request(address, headers={"Accept-Encoding": "gzip", "Cookie": cookie})) as answer:
        return len(answer.read())


def _depth(chains: dict[str, Any]) -> int:
    return max((1 + _depth(one.get("children", {})) for one in chains.values()), default=0)


@contextmanager
def camera(folder: Path) -> Iterator[str]:
    """The address of a camera with an owner and photos, both programs running."""
    jpeg = io.BytesIO()
    Image.effect_noise((640, 480), 20).convert("RGB").save(jpeg, "JPEG")
    for number in range(ITEMS):
        pending = PendingItem.create(folder / "data/library", "photo", FIRST_S + number, "imx708")
        pending.path("jpg").write_bytes(jpeg.getvalue())
        pending.finish({"kind": "photo", "size": [640, 480]})
    (folder / "data/settings.json").write_text(json.dumps({"version": 1, "access": {"watch": "anyone"}}))
    Accounts(folder / "data").users.add(NAME, hashed(PASSWORD), "owner")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "python"), "STILLCAM_CAMERA": "simulated", "STILLCAM_BIND": "127.0.0.1",
        "STILLCAM_PORT": str(port), "STILLCAM_IMAGES": str(folder / "images"), "STILLCAM_DATA": str(folder / "data"),
        "STILLCAM_SIMULATED_DIR": str(folder),
    }  # fmt: skip
    log = (folder / "log").open("wb")
    programs = [
        subprocess.Popen([sys.executable, "-m", f"stillcam.{name}"], env=environ, stderr=log, cwd=folder)
        for name in ("capture", "server")
    ]
    try:
        wait_for(f"http://127.0.0.1:{port}/images/current.jpg", folder / "log")
        yield f"http://127.0.0.1:{port}/"
    finally:
        for program in programs:
            program.terminate()
            program.wait()
        log.close()


def wait_for(address: str, log: Path) -> None:
    """Wait until there is a picture."""
    deadline_s = time.monotonic() + START_S
    while True:
        try:
            with urlopen(address, timeout=START_S):
                return
        except URLError as error:
            if time.monotonic() > deadline_s:
                sys.exit(f"benchmarks/page: no picture after {START_S:.0f} s: {error}\n{log.read_text()}")
            time.sleep(0.1)


def signed_in(address: str) -> str:
    """The owner's cookie."""
    body = json.dumps({"name": NAME, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json", "Origin": address.rstrip("/")}
    with urlopen(Request(f"{address}api/session", body, headers, method="POST")) as answer:
        return "; ".join(one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie"))


def measure(address: str, cookie: str) -> Load:
    """Load a page once."""
    headers = json.dumps({"Cookie": cookie} if cookie else {})
    command = [
        "lighthouse", address, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}",
        f"--extra-headers={headers}", "--chrome-flags=--headless=new --no-sandbox",
    ]  # fmt: skip
    environ = {"CHROME_PATH": shutil.which("chromium") or ""} | os.environ
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        sys.exit(f"benchmarks/page: {address}: {done.stderr}")
    return Load.of(json.loads(done.stdout), cookie)


def main() -> None:
    """Measure the tabs that were asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks/page", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tabs", nargs="*", metavar="TAB", help=f"of {', '.join(TABS)}; all of them without")
    parser.add_argument("--quick", action="store_true", help="only the Live tab: to see that it works")
    arguments = parser.parse_args()
    if unknown := set(arguments.tabs) - set(TABS):
        parser.error(f"there is no tab {', '.join(sorted(unknown))}: there are {', '.join(TABS)}")
    if not shutil.which("lighthouse"):
        parser.exit(1, "benchmarks/page: lighthouse is not installed: npm install --global lighthouse@12\n")
    print(TITLE, flush=True)
    with tempfile.TemporaryDirectory(prefix="stillcam-page-") as folder, camera(Path(folder)) as address:
        for person, cookie in (("a stranger", ""), ("the owner", signed_in(address))):
            for tab in arguments.tabs or TABS[: 1 if arguments.quick else None]:
                load = measure(f"{address}{tab}", cookie)
                print(load.row(f"{tab.title()}, {person}: scores; shift; size; depth"), flush=True)


if __name__ == "__main__":
    main()
