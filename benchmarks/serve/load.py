"""Requests as fast as they are answered, by wrk."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contestants import Contestant

# As Chromium sends them when the page asks for the picture.
BROWSER = {
    "Connection": "keep-alive",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "Accept": "*/*",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Referer": "http://camera.local:8080/",
    "Accept-Encoding": "gzip, deflate",
    "Accept-Language": "en-GB,en;q=0.9",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw.

    Args:
        answers: how many.
        rate: answers a second.
        p99_ms: the latency.
        errors: of any kind.
        user_s, system_s: processor time of the server's process.
    """

    answers: int
    rate: float
    p99_ms: float
    errors: int
    user_s: float
    system_s: float


def wrk(server: Contestant, connections: int, seconds: int, headers: Mapping[str, str] | None = None) -> Load:
    """Ask for the picture on so many connections that stay open, for so long, with a browser's headers and these."""
    argv = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "10s"]
    for name, value in {**BROWSER, **(headers or {})}.items():
        argv += ["--header", f"{name}: {value}"]
    argv += ["--script", str(Path(__file__).with_name("load.lua")), server.url]
    before = _processor_s(server.pid)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    user_s, system_s = (now - then for now, then in zip(_processor_s(server.pid), before, strict=True))
    figures = json.loads(done.stdout.splitlines()[-1])
    return Load(
        answers=figures["requests"],
        rate=1e6 * figures["requests"] / figures["duration_us"],
        p99_ms=figures["p99_us"] / 1000,
        errors=figures["errors"],
        user_s=user_s,
        system_s=system_s,
    )


def _processor_s(pid: int) -> tuple[float, float]:
    """What a process has used so far, of its own and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK"), int(fields[12]) / os.sysconf("SC_CLK_TCK")
