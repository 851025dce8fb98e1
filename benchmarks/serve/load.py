"""Requests as fast as they are answered, by wrk."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw: requests a second, latency in milliseconds, errors of any kind."""

    rate: float
    p50_ms: float
    p99_ms: float
    errors: int


def wrk(url: str, connections: int, seconds: int, headers: Mapping[str, str] | None = None) -> Load:
    """Ask for `url` on so many connections that stay open, for so long."""
    argv = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "10s"]
    for name, value in (headers or {}).items():
        argv += ["--header", f"{name}: {value}"]
    argv += ["--script", str(Path(__file__).with_name("load.lua")), url]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    return Load(
        rate=1e6 * figures["requests"] / figures["duration_us"],
        p50_ms=figures["p50_us"] / 1000,
        p99_ms=figures["p99_us"] / 1000,
        errors=figures["errors"],
    )
