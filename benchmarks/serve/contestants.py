"""The servers that are compared, each with a free port, in one temporary folder, until the end of `with`."""

import json
import os
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
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
START_S = 15.0
CONNECTIONS = {"max_connections": 2048, "max_connections_per_address": 2048}  # all come from this machine
NGINX = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  open_file_cache max=100 inactive=60s;
  types {{ image/jpeg jpg; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {folder};
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that answers."""

    port: int
    pid: int
    path: str = "images/current.jpg"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.path}"


@contextmanager
def stillcam(folder: Path) -> Iterator[Contestant]:
    """Ours, on `folder/images`, without a capture daemon."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "settings.json").write_text(json.dumps({"version": 1, "server": CONNECTIONS}))
    port = free_port()
    env = {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_BIND": "127.0.0.1",
        "STILLCAM_PORT": str(port),
        "STILLCAM_IMAGES": str(folder / "images"),
        "STILLCAM_DATA": str(data),
    }
    with program([sys.executable, "-m", "stillcam.server"], port, env=env) as child:
        yield Contestant(port, child.pid)


@contextmanager
def nginx(folder: Path) -> Iterator[Contestant]:
    """One worker, set up as one would for a few files."""
    port = free_port()
    conf = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # temporary folders are their owner's alone
    conf.write_text(NGINX.format(folder=folder, port=port, user=user))
    path = shutil.which("nginx") or "/usr/sbin/nginx"
    with program([path, "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(conf)], port) as child:
        yield Contestant(port, child.pid)


@contextmanager
def http_server(folder: Path) -> Iterator[Contestant]:
    """`python3 -m http.server`."""
    port = free_port()
    argv = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    with program(argv, port) as child:
        yield Contestant(port, child.pid)


@contextmanager
def bare_loop(folder: Path) -> Iterator[Contestant]:
    """`bare_loop.py`."""
    port = free_port()
    argv = [
        sys.executable,
        str(Path(__file__).with_name("bare_loop.py")),
        str(port),
        str(folder / "images/current.jpg"),
    ]
    with program(argv, port) as child:
        yield Contestant(port, child.pid)


@contextmanager
def ustreamer(folder: Path) -> Iterator[Contestant]:
    """PiKVM's, written in C. It has no camera, and shows the picture instead."""
    port = free_port()
    argv = ["ustreamer", "--device", str(folder / "none"), "--workers", "1"]
    argv += ["--blank", str(folder / "images/current.jpg"), "--port", str(port)]
    with program(argv, port) as child:
        yield Contestant(port, child.pid, "snapshot")


@contextmanager
def flask(folder: Path) -> Iterator[Contestant]:
    """Flask's own threaded server."""
    port = free_port()
    argv = [
        sys.executable,
        str(Path(__file__).with_name("flask_app.py")),
        str(port),
        str(folder / "images/current.jpg"),
    ]
    with program(argv, port) as child:
        yield Contestant(port, child.pid)


@contextmanager
def program(argv: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until the end of `with`; it is ready once it answers HTTP at `port`.

    Raises:
        RuntimeError: it ended, or did not answer in time; with what it said.
    """
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(argv, env=os.environ | (env or {}), stdout=subprocess.DEVNULL, stderr=said)
        try:
            deadline = time.monotonic() + START_S
            while not _answers(port):
                if child.poll() is not None or time.monotonic() > deadline:
                    said.seek(0)
                    raise RuntimeError(f"{' '.join(argv)} does not answer:\n{said.read().decode()}")
                time.sleep(0.02)
            yield child
        finally:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/images/current.jpg", timeout=2) as answer:
            return bool(answer.read())
    except HTTPError as error:
        error.close()
        return True
    except (URLError, OSError):
        return False


def free_port() -> int:
    """One that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
