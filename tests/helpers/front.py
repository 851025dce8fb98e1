"""nginx in front of servers: with deploy/nginx/stillcam.conf as it is but for addresses and paths, or with another."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_string
from email.message import Message
from pathlib import Path

from ports import kept_port, listens
from programs import output, run, running
from serving import ROOT, Site

NAME = "camera.example.org"  # as in the file
SETTINGS = {"access": {"hosts": [NAME], "proxies": ["127.0.0.1"]}, "server": {"access_log": True}}
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or "nginx"
MAIN = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr notice;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/servers.conf;
}}
"""


class Front:
    """Where nginx answers, by HTTPS and by HTTP."""

    def __init__(self, https: int, http: int, certificate: Path) -> None:
        self.url = f"https://{NAME}:{https}/webcam/"
        self.plain_url = f"http://{NAME}:{http}/webcam/"
        self._trust: list[str | Path] = ["--cacert", certificate, "--resolve", f"{NAME}:{https}:127.0.0.1"]
        self._trust += ["--resolve", f"{NAME}:{http}:127.0.0.1"]

    def curl(self, *arguments: str | Path) -> str:
        """What curl says, which trusts the certificate and knows the name."""
        return run(*self.argv(*arguments))

    def argv(self, *arguments: str | Path) -> list[str | Path]:
        """Its command line."""
        return ["curl", "--silent", *self._trust, *arguments]

    def get(self, path: str, *options: str) -> tuple[int, Message]:
        """Status and headers of the answer at `path`."""
        head = self.curl(*options, "--output", "/dev/null", "--dump-header", "-", self.url + path)
        status, _, headers = head.partition("\r\n")
        return int(status.split()[1]), message_from_string(headers)

    def picture(self, path: str = "images/current.jpg") -> bytes:
        """The body at `path`."""
        return output(*self.argv("--fail", self.url + path))


@contextmanager
def in_front_of(
    site: Site, folder: Path, pem: Path, authority: Path, changes: Mapping[str, str] | None = None
) -> Iterator[Front]:
    """nginx before `site`, until the end of `with`; `pem` has its certificate and key, which `authority` has signed.

    `changes` are further texts of the file with those in their place.
    """
    folder.mkdir()
    with kept_port() as https, kept_port() as http:
        conf = (ROOT / "deploy/nginx/stillcam.conf").read_text()
        for of_the_file, of_the_test in {
            "127.0.0.1:8080": f"127.0.0.1:{site.port}",
            "/run/stillcam-cache": f"{folder}/cache",
            "/var/log/nginx/error.log": "stderr",
            "proxy_connect_timeout 2s;": "",  # other tests may keep the processors busy for longer
            "proxy_read_timeout 5s;": "",
            "listen 80;": f"listen 127.0.0.1:{http};",
            "listen [::]:80;": "",
            "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
            "listen [::]:443 ssl http2;": "",
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(pem),
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(pem),
            "https://$host$request_uri": f"https://$host:{https}$request_uri",
            **(changes or {}),
        }.items():
            assert of_the_file in conf, of_the_file
            conf = conf.replace(of_the_file, of_the_test)
        with running_nginx(folder, conf, https, http):
            yield Front(https, http, authority)


@contextmanager
def running_nginx(folder: Path, servers: str, *ports: int) -> Iterator[None]:
    """nginx with these servers, in `folder`, until the end of `with`; it listens at `ports` then."""
    (folder / "servers.conf").write_text(servers)
    # The folders of the tests are their owner's alone: the workers must not become somebody else.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    argv: list[str | Path] = [NGINX, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    run(*argv, "-t")
    with running(argv, folder / "nginx.log") as program:
        program.until(lambda: all(map(listens, ports)))
        yield
