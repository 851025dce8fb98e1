"""HTTPS: answers, clients that misbehave, and certificates that are wrong or updated."""

import os
import re
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from listening import Listening
from own_certificate import make
from pictures import picture
from serving import DEADLINE_S, Site
from strangers import all_of, connect, exchange, get, replies, slowly, vanish
from waiting import until

from stillcam.common.errors import StillcamError
from stillcam.http import tls, transport
from stillcam.http.limits import ConnectionLimits
from stillcam.http.messages import Answer
from stillcam.http.tls import Certificate
from stillcam.server.route import Request


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Two certificates, each with its key."""
    folder = tmp_path_factory.mktemp("certificates")
    return {name: make(folder, name) for name in ("camera", "updated")}


def secure(port: int, certificate: Path) -> ssl.SSLSocket:
    """A TLS connection to a server with this certificate."""
    context = ssl.create_default_context(cafile=str(certificate))
    return context.wrap_socket(connect(port, receive_buffer=65536), server_hostname="127.0.0.1")


def ask(port: int, certificate: Path, data: bytes) -> list[bytes]:
    """The bodies of the answers to `data`, the last of which asks the server to close."""
    with secure(port, certificate) as link:
        link.sendall(data)
        return [reply.body for reply in replies(all_of(link))]


def echo(request: Request) -> Answer:
    """The body, and how the connection is secured."""
    return Answer(200, request.body(1 << 20) + (b"!" if request.secure else b"?"))


def posted(body: bytes, *lines: str) -> bytes:
    """A request with a body."""
    return get("/echo", f"Content-Length: {len(body)}", *lines).replace(b"GET", b"POST") + body


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_with_a_certificate_answers_over_tls(tmp_path, made, version):
    certificate, key = made["camera"]
    with Site(tmp_path, {"server": {"tls_certificate": str(certificate), "tls_key": str(key)}}) as site:
        assert "(https)" in site.said()
        still = site.images / ".still_1.jpg"
        still.write_bytes(picture())
        site.publisher.publish(still, 1.0)
        request = get("/images/current.jpg", "Connection: close")
        site.until(lambda: ask(site.port, certificate, request) == [picture()])
        context = ssl.create_default_context(cafile=str(certificate))
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(connect(site.port), server_hostname="127.0.0.1") as link:
            link.sendall(request.replace(b"Connection: close", b"X: y") + request)
            assert [reply.body for reply in replies(all_of(link))] == [picture()] * 2
            assert link.selected_alpn_protocol() == "http/1.1"


def test_key_and_certificate_may_be_one_file_in_the_data_folder(tmp_path, made):
    certificate, key = made["camera"]
    site = Site(tmp_path, {"server": {"tls_certificate": "both.pem"}})
    (site.data / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    with site:
        assert ask(site.port, certificate, get("/healthz", "Connection: close"))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        pytest.param({"tls_certificate": "missing.pem"}, r"server\.tls_certificate: cannot read \S+/missing\.pem",
                     id="no certificate"),
        pytest.param({"tls_certificate": "camera.pem", "tls_key": "missing.key"},
                     r"server\.tls_key: cannot read \S+/missing\.key", id="no key"),
        pytest.param({"tls_key": "camera.key"}, r"server\.tls_certificate: missing, while server\.tls_key is set",
                     id="a key alone"),
        pytest.param({"tls_certificate": "camera.pem"}, r"do not match, or are not PEM", id="no key in it"),
        pytest.param({"tls_certificate": "camera.pem", "tls_key": "updated.key"}, r"do not match",
                     id="another's key"),
        pytest.param({"tls_certificate": "locked.pem", "tls_key": "locked.key"}, "are not PEM files without",
                     id="a key with a password"),
        pytest.param({"tls_certificate": "text.pem", "tls_key": "camera.key"}, r"or are not PEM",
                     id="no PEM"),
        pytest.param({"tls_certificate": "../data"}, r"server\.tls_certificate: cannot read", id="a folder"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_are_named_at_the_start(tmp_path, made, settings, text):
    site = Site(tmp_path, {"server": settings})
    for pair in made.values():
        for path in pair:
            (site.data / path.name).write_bytes(path.read_bytes())
    (site.data / "text.pem").write_text("no certificate\n")
    certificate, key = made["camera"]
    (site.data / "locked.pem").write_bytes(certificate.read_bytes())
    locked = ["openssl", "ec", "-in", key, "-aes256", "-passout", "pass:x", "-out", site.data / "locked.key"]
    subprocess.run(locked, check=True, capture_output=True)
    environ = os.environ | {"STILLCAM_DATA": str(site.data), "STILLCAM_IMAGES": str(site.images), "STILLCAM_PORT": "0"}
    environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "stillcam.server"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 1
    assert re.search(text, ended.stderr)
    assert ended.stderr.count(" ERROR ") == 1 and "Traceback" not in ended.stderr


def test_a_client_without_tls_or_with_a_broken_handshake_is_not_logged(made, caplog):
    """Nor if it breaks in the middle of a body; and others are answered all the time."""
    certificate, key = made["camera"]
    with Listening({"POST echo": echo}, tls=Certificate(certificate, key).context) as here:
        for data in (get("/"), b"\0" * 100_000, b"\x16\x03\x01\x02\x00\x01", b""):
            for leave in (vanish, socket.socket.close):
                link = connect(here.port)
                link.sendall(data)
                leave(link)
        for start in (b"", b"GET", posted(b"abc" * 100)[:-200]):
            link = secure(here.port, certificate)
            link.sendall(start)
            bare = socket.socket(fileno=os.dup(link.fileno()))
            bare.settimeout(DEADLINE_S)
            bare.sendall(b"this is no record of TLS" * 10)
            all_of(bare)
            bare.close()
            link.close()
        with connect(here.port) as link:
            link.sendall(get("/"))
            assert b"HTTP/1.1 200" not in all_of(link)
        assert ask(here.port, certificate, posted(b"abc", "Connection: close")) == [b"abc!"]
    assert not caplog.records


def test_plain_http_is_redirected_to_https(tmp_path, made):
    """To the same address, whatever comes before and after; nothing else is answered without TLS."""
    certificate, key = made["camera"]
    with Site(tmp_path, {"server": {"tls_certificate": str(certificate), "tls_key": str(key)}}) as site:
        for path in ("/", "/images/current.jpg?a=b%20c", "/a%20b/%C3%A9?", "/healthz"):
            first, second = exchange(site.port, get(path, host=f"127.0.0.1:{site.port}") * 2)
            assert first.status == second.status == 308
            assert first.headers["location"] == f"https://127.0.0.1:{site.port}{path.removesuffix('?')}"
        (posted_,) = exchange(site.port, posted(b"{}").replace(b"/echo", b"/api/session"))
        assert (posted_.status, posted_.headers["location"]) == (308, "https://127.0.0.1/api/session")
        assert exchange(site.port, get("/", host="evil.example"))[0].status == 421
        assert exchange(site.port, b"GET / HTTP/1.0\r\n\r\n")[0].status == 400
        assert exchange(site.port, b"GET /\r\n\r\n")[0].status == 400
        assert ask(site.port, certificate, get("/healthz", "Connection: close"))


def test_a_slow_handshake_delays_nobody_and_is_closed_for_a_new_connection(made):
    certificate, key = made["camera"]
    here = Listening({"POST echo": echo}, ConnectionLimits(total=3), Certificate(certificate, key).context)
    with here, ExitStack() as slow:
        for start in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            slow.enter_context(connect(here.port)).sendall(start)
        until(lambda: answered(here.port, certificate))


def answered(port: int, certificate: Path) -> bool:
    """Whether a client is served."""
    try:
        return ask(port, certificate, posted(b"abc", "Connection: close")) == [b"abc!"]
    except OSError:
        return False


def test_large_bodies_both_ways_over_tls(made):
    certificate, key = made["camera"]
    body = bytes(range(256)) * 4000
    with Listening({"POST echo": echo}, tls=Certificate(certificate, key).context) as here:
        assert ask(here.port, certificate, posted(body) + posted(body, "Connection: close")) == [body + b"!"] * 2


@pytest.mark.parametrize("by_tls", [False, True], ids=["plain", "tls"])
def test_a_push_body_that_fails_at_its_end_does_not_hold_a_slot(made, caplog, by_tls):
    """Its connection is closed all the same, and the fault is logged."""

    class FaultyBody:
        def begin(self) -> None:
            """See PushBody."""

        def wait(self, _timeout_s: float) -> None:
            """See PushBody."""

        def end(self) -> None:
            """See PushBody."""
            raise ValueError("at the end")

    certificate, key = made["camera"]
    tls = Certificate(certificate, key).context if by_tls else None
    with Listening({"GET push": lambda _: Answer(200, push=FaultyBody())}, tls=tls) as here:
        with secure(here.port, certificate) if by_tls else connect(here.port) as link:
            link.sendall(get("/push"))
            assert link.recv(1000)
        until(lambda: "at the end" in caplog.text)
        until(lambda: len(here.limits) == 0)


def test_a_client_that_reads_nothing_over_tls_is_dropped(made, monkeypatch):
    monkeypatch.setattr(transport, "CLIENT_STALL_S", 1.0)
    certificate, key = made["camera"]
    large = Answer(200, bytes(10_000_000))
    here = Listening({"GET large": lambda _: large}, tls=Certificate(certificate, key).context)
    with here, secure(here.port, certificate) as stalled:
        stalled.sendall(get("/large"))
        assert stalled.recv(1)
        until(lambda: len(here.limits) == 0)


def test_a_client_that_reads_slowly_over_tls_is_not_dropped(made, monkeypatch):
    """However long the whole takes, as long as it reads some."""
    monkeypatch.setattr(transport, "CLIENT_STALL_S", 3.0)
    certificate, key = made["camera"]
    body = bytes(range(256)) * 40_000
    here = Listening({"GET large": lambda _: Answer(200, body)}, tls=Certificate(certificate, key).context)
    with here, secure(here.port, certificate) as slow:
        slow.sendall(get("/large", "Connection: close"))
        assert replies(slowly(slow.recv, 3 * transport.CLIENT_STALL_S) + all_of(slow))[0].body == body


def test_a_renewed_certificate_is_loaded_and_a_broken_one_is_not(tmp_path, made, caplog, monkeypatch):
    """Without a restart, while connections with the old one stay open; no connection reads the files."""
    monkeypatch.setattr(tls, "FILES_CHECK_S", 0.0)
    certificate, key = tmp_path / "now.pem", tmp_path / "now.key"

    def use(name: str) -> None:
        for source, target in zip(made[name], (certificate, key), strict=True):
            new = target.with_suffix(".new")
            new.write_bytes(source.read_bytes())
            new.rename(target)

    use("camera")
    pair = Certificate(certificate, key)
    here = Listening({"POST echo": echo}, tls=pair.context)
    with here, secure(here.port, made["camera"][0]) as before:
        use("updated")
        assert ask(here.port, made["camera"][0], posted(b"0", "Connection: close")) == [b"0!"]
        pair.reload()
        assert ask(here.port, made["updated"][0], posted(b"a", "Connection: close")) == [b"a!"]
        certificate.write_text("half a certif")
        pair.reload()
        assert ask(here.port, made["updated"][0], posted(b"b", "Connection: close")) == [b"b!"]
        assert "the old one stays in use" in caplog.text
        certificate.unlink()
        pair.reload()
        assert ask(here.port, made["updated"][0], posted(b"c", "Connection: close")) == [b"c!"]
        use("camera")
        pair.reload()
        assert ask(here.port, made["camera"][0], posted(b"d", "Connection: close")) == [b"d!"]
        before.sendall(posted(b"e"))
        before.sendall(posted(b"f", "Connection: close"))
        assert [reply.body for reply in replies(all_of(before))] == [b"e!", b"f!"]


def test_the_files_are_checked_regularly(tmp_path, made, monkeypatch):
    monkeypatch.setattr(tls, "FILES_CHECK_S", 0.01)
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in made["camera"]))
    pair = Certificate(both, both)
    pair.watch()
    before = pair.context()
    both.write_bytes(b"".join(path.read_bytes() for path in made["updated"]))
    until(lambda: pair.context() is not before)


@pytest.mark.parametrize(
    ("suite", "fits"),
    [
        *(("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-CHACHA20-POLY1305", True)),
        *(("ECDHE-ECDSA-AES128-SHA256", False), ("ECDHE-ECDSA-AES256-SHA", False)),  # these use CBC
    ],
)
def test_tls_1_2_without_cbc(made, suite, fits):
    certificate, key = made["camera"]
    with Listening({"POST echo": echo}, tls=Certificate(certificate, key).context) as here:
        argv = [
            "openssl",
            "s_client",
            "-tls1_2",
            "-cipher",
            f"{suite}:@SECLEVEL=0",
            "-connect",
            f"127.0.0.1:{here.port}",
        ]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False)
    assert (f"Cipher    : {suite}".encode() in done.stdout) == fits
    assert (b"handshake failure" in done.stderr) != fits


def test_old_versions_of_tls_are_refused(made):
    certificate, key = made["camera"]
    context = Certificate(certificate, key).context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(StillcamError, match="do not match"):
        Certificate(certificate, made["updated"][1])
