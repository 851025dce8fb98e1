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
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    listen 127.0.0.1:{port} {ssl} backlog=4096;
    root {folder};
    {certificate}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that answers."""

    port: int
    pid: int
    path: str = "images/current.jpg"
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{self.path}"


@contextmanager
def stillcam(folder: Path, tls: bool = False) -> Iterator[Contestant]:
    """Ours, on `folder/images`, without a capture daemon."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    server = CONNECTIONS | ({"tls_certificate": str(_certificate(folder))} if tls else {})
    (data / "settings.json").write_text(json.dumps({"version": 1, "server": server}))
    port = free_port()
    env = {
        "PYTHONPATH": str(ROOT / "python"),
        "STILLCAM_BIND": "127.0.0.1",
        "STILLCAM_PORT": str(port),
        "STILLCAM_IMAGES": str(folder / "images"),
        "STILLCAM_DATA": str(data),
    }
    with program([sys.executable, "-m", "stillcam.server"], port, env=env) as child:
        yield Contestant(port, child.pid, scheme="https" if tls else "http")


@contextmanager
def nginx(folder: Path, tls: bool = False) -> Iterator[Contestant]:
    """One worker, set up as one would for a few files."""
    port = free_port()
    conf = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # temporary folders are their owner's alone
    ssl = certificate = ""
    if tls:
        file = _certificate(folder)
        ssl, certificate = "ssl", f"ssl_certificate {file}; ssl_certificate_key {file};"
    conf.write_text(NGINX.format(folder=folder, port=port, user=user, ssl=ssl, certificate=certificate))
    path = shutil.which("nginx") or "/usr/sbin/nginx"
    with program([path, "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(conf)], port) as child:
        yield Contestant(port, child.pid, scheme="https" if tls else "http")


@contextmanager
def http_server(folder: Path) -> Iterator[Contestant]:
    """`python3 -m http.server`."""
    port = free_port()
    argv = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    with program(argv, port) as child:
        yield Contestant(port, child.pid)


def bare_loop(folder: Path) -> AbstractContextManager[Contestant]:
    """`bare_loop.py`."""
    return _script("bare_loop.py", folder)


@contextmanager
def ustreamer(folder: Path) -> Iterator[Contestant]:
    """PiKVM's, written in C. It has no camera, and shows the picture instead."""
    port = free_port()
    argv = ["ustreamer", "--device", str(folder / "none"), "--workers", "1"]
    argv += ["--blank", str(folder / "images/current.jpg"), "--port", str(port)]
    with program(argv, port) as child:
        yield Contestant(port, child.pid, "snapshot")


def flask(folder: Path) -> AbstractContextManager[Contestant]:
    """Flask's own threaded server."""
    return _script("flask_app.py", folder)


@contextmanager
def _script(name: str, folder: Path) -> Iterator[Contestant]:
    """A script beside this one, which serves the picture."""
    port = free_port()
    argv = [sys.executable, str(Path(__file__).with_name(name)), str(port), str(folder / "images/current.jpg")]
    with program(argv, port) as child:
        yield Contestant(port, child.pid)


@contextmanager
def program(argv: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until the end of `with`; it is ready once it answers at `port`.

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
    """Whether anything comes back, be it that this port is for TLS."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return bool(link.recv(1))
    except OSError:
        return False


def _certificate(folder: Path) -> Path:
    """One for 127.0.0.1, and its key, in one file."""
    file = folder / "certificate.pem"
    if not file.exists():
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        argv = ["openssl", "req", *kind, *subject, "-keyout", str(file), "-out", str(folder / "public.pem")]
        subprocess.run(argv, check=True, capture_output=True)
        file.write_text((folder / "public.pem").read_text() + file.read_text())
    return file


def free_port() -> int:
    """One that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
