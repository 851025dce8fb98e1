"""deploy/webrtc, go2rtc and mediamtx: what they run, what they open, and who may reach them.

Neither program is in Debian, PyPI or npm. What they run is tested: ffmpeg, which reads a real stream and publishes it
by RTSP; and nginx before a stand-in for their addresses.
"""

import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml  # type: ignore[import-untyped]
from front import SETTINGS, in_front_of
from people import program, register
from pictures import picture
from ports import kept_port
from programs import FRAME_SIZE, certificate, filming
from serving import DEADLINE_S, ROOT, Site

ENCODE = ROOT / "deploy/webrtc/encode.sh"
OWN, USAGE, FFMPEG = [1], [2], range(1, 256)  # exit statuses; ffmpeg ends with 1, and from version 6 on with others
INSTALLED = "/opt/stillcam/current/deploy/webrtc/encode.sh"


def encode(site: Site, token: str, address: str) -> subprocess.Popen[str]:
    environ = {"CAMERA_TOKEN": token, "CAMERA_URL": f"http://127.0.0.1:{site.port}"}
    return subprocess.Popen(
        [ENCODE, address], env=os.environ | environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def token_of(site: Site) -> str:
    return program(register(site), "view").headers["Authorization"].removeprefix("Bearer ")


def test_the_stream_is_published_as_h_264_by_rtsp(tmp_path):
    """ffmpeg listens in the place of go2rtc and MediaMTX, and decodes what comes."""
    with Site(tmp_path) as site, filming(site), kept_port() as port:
        token, address = token_of(site), f"rtsp://127.0.0.1:{port}/camera"
        listen = ["ffmpeg", "-v", "info", "-rtsp_flags", "listen", "-i", address, "-frames:v", "20", "-f", "null", "-"]
        with subprocess.Popen(listen, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
            while f":{port:04X} 00000000:0000 0A " not in Path("/proc/net/tcp").read_text():
                assert server.poll() is None  # no connection to see that: it would be taken for the camera's
                time.sleep(0.02)
            sender = encode(site, token, address)
            try:
                assert server.stderr is not None
                said = server.stderr.read()
                assert server.wait(DEADLINE_S) == 0, said
                arguments = [Path(f"/proc/{sender.pid}/cmdline").read_bytes()]
                arguments += [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
            finally:
                sender.terminate()
                sender.communicate(timeout=DEADLINE_S)
        assert "Video: h264 (Constrained Baseline)" in said
        assert f"{FRAME_SIZE[0]}x{FRAME_SIZE[1]}" in said
        assert not [line for line in arguments if token.encode() in line], "everybody could read it there"


@pytest.mark.parametrize(
    ("token", "arguments", "status", "text"),
    [
        pytest.param(
            "wrong", ["rtsp://127.0.0.1:1/camera"], FFMPEG, "The requested URL returned error: 401", id="refused"
        ),
        pytest.param("", ["rtsp://127.0.0.1:1/camera"], OWN, "put a token of scope view into", id="no token"),
        pytest.param("x", [], USAGE, "wrong usage", id="no address"),
        pytest.param("x", ["http://127.0.0.1/"], USAGE, "wrong usage", id="another address"),
        pytest.param("x", ["rtsp://127.0.0.1:1/camera", "one"], USAGE, "is not the number of a camera", id="no number"),
        pytest.param("x", ["rtsp://127.0.0.1:1/camera", "7"], FFMPEG, "returned error: 404", id="no such camera"),
    ],
)
def test_what_is_wrong_is_said(shared_site, token, arguments, status, text):
    environ = os.environ | {"CAMERA_TOKEN": token, "CAMERA_URL": f"http://127.0.0.1:{shared_site.port}"}
    done = subprocess.run(
        [ENCODE, *arguments], env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode in status
    assert text in done.stderr


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory):
    """One for those who have registered."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        register(site)
        yield site


@pytest.mark.parametrize(("name", "encoder"), [("bcm2835-codec-encode", "h264_v4l2m2m"), ("rp1-cfe-fe", "libx264")])
def test_the_board_s_encoder_is_used_where_there_is_one(tmp_path, name, encoder):
    """By the name that the kernel gives it; numbers of devices differ."""
    (tmp_path / "video31").mkdir()
    (tmp_path / "video31/name").write_text(f"{name}\n")
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    ffmpeg.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "VIDEO4LINUX": str(tmp_path), "CAMERA_TOKEN": "x"}
    done = subprocess.run(
        [ENCODE, "rtsp://127.0.0.1:1/camera"], env=environ, capture_output=True, text=True, check=True
    )
    arguments = done.stdout.splitlines()
    assert arguments[arguments.index("-c:v") + 1] == encoder


def configuration(path: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / path).read_text())


def test_only_media_ports_are_open_and_nothing_is_configured_over_http():
    go2rtc, mediamtx = configuration("go2rtc/go2rtc.yaml"), configuration("mediamtx/mediamtx.yml")
    listens = [go2rtc["api"]["listen"], go2rtc["rtsp"]["listen"]]
    listens += [mediamtx[f"{name}Address"] for name in ("rtsp", "hls", "webrtc")]
    assert all(listen.startswith("127.0.0.1:") for listen in listens), listens
    media = ("/api/webrtc", "/api/stream.m3u8", "/api/hls/")
    assert all(path.startswith(media) for path in go2rtc["api"]["allow_paths"])
    assert configuration("go2rtc/homekit.yaml")["api"]["allow_paths"] == ["/pair-setup", "/pair-verify"]
    assert not any(mediamtx[name] for name in ("api", "metrics", "pprof", "playback", "rtmp", "srt"))
    assert {address for user in mediamtx["authInternalUsers"] for address in user["ips"]} == {"127.0.0.1", "::1"}


def test_they_encode_only_while_somebody_watches_and_by_the_script_that_there_is():
    go2rtc, mediamtx = configuration("go2rtc/go2rtc.yaml"), configuration("mediamtx/mediamtx.yml")
    assert go2rtc["streams"]["camera"].startswith(f"exec:{INSTALLED} {{output}}#")
    assert go2rtc["exec"]["allow_paths"] == [INSTALLED]
    assert mediamtx["paths"]["camera"]["runOnDemand"] == f"{INSTALLED} rtsp://127.0.0.1:$RTSP_PORT/$MTX_PATH"
    assert "runOnInit" not in mediamtx["paths"]["camera"]
    assert os.access(ROOT / INSTALLED.removeprefix("/opt/stillcam/current/"), os.X_OK)


class Whep(BaseHTTPRequestHandler):
    """Answers as go2rtc and MediaMTX do, with the address that it was asked for."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(f"{self.command} {self.path} {body.decode()}")
        self.send_response(201)
        self.send_header("Location", "/camera/whep/12-ab")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_DELETE = do_PATCH = do_POST  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_nginx_asks_the_camera_server_who_may_watch(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Whep)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    snippet = (ROOT / "deploy/nginx/stillcam-webrtc.conf").read_text()
    for port in ("1984", "8888", "8889"):
        assert f"127.0.0.1:{port}" in snippet
        snippet = snippet.replace(f"127.0.0.1:{port}", f"127.0.0.1:{server.server_port}")
    (tmp_path / "snippet.conf").write_text(snippet)
    with Site(tmp_path, SETTINGS) as site:
        site.publish(picture())
        files = certificate(tmp_path / "certificate", "camera.example.org")
        include = {"# include snippets/stillcam-webrtc.conf;": f"include {tmp_path}/snippet.conf;"}
        with in_front_of(site, tmp_path / "nginx", *files, include) as front:
            token = token_of(site)
            key = ("--header", f"Authorization: Bearer {token}")
            post = ("--request", "POST", "--data", "offer", "--header", "Content-Type: application/sdp")
            for path in ("rtc/api/webrtc", "rtc/camera/whep", "rtc/hls/camera/index.m3u8", "rtc/api/stream.m3u8"):
                assert front.get(path, *post)[0] == 401
                assert front.get(path, *post, "--header", "Authorization: Bearer wrong")[0] == 401
            assert Whep.asked == []
            status, headers = front.get("rtc/camera/whep", *post, *key)
            assert (status, headers["Location"]) == (201, "/webcam/rtc/camera/whep/12-ab")
            assert front.get("rtc/camera/whep/12-ab", "--request", "DELETE", *key)[0] == 201
            assert front.get("rtc/api/webrtc?src=exec:id&dst=x", *post, *key)[0] == 201
            assert front.get("rtc/api/config", *key)[0] == 404
            assert front.get("rtc/api/hls/segment.m4s?id=1", *key)[0] == 201
            assert front.get("rtc/api/stream.m3u8?src=x", *key)[0] == 201
    server.shutdown()
    server.server_close()
    assert Whep.asked == [
        "POST /camera/whep offer",
        "DELETE /camera/whep/12-ab ",
        "POST /api/webrtc?src=camera offer",
        "GET /api/hls/segment.m4s?id=1 ",
        "GET /api/stream.m3u8?src=camera&mp4 ",
    ]
