"""`stillcam certificate`: whom OpenSSL, Python, curl and Chromium trust once they have imported its authority."""

import errno
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from people import register
from playwright.sync_api import Error
from programs import run
from serving import DEADLINE_S, ROOT, Site

from stillcam.common.errors import StillcamError
from stillcam.http import certificates
from stillcam.http.certificates import CertificateFiles

NAME = "camera.local"


def command(data, *arguments):
    """What `stillcam` does and says."""
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(data), "STILLCAM_PORT": "8080"}
    argv = [sys.executable, "-m", "stillcam", *arguments]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def made(data, *names):
    done = command(data, "certificate", "--json", *names)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def files(data):
    """A certificate for a name and two addresses."""
    made(data, "Camera.Local", "127.0.0.1", "fd00::1")
    return CertificateFiles(data / "tls")


def verify(files, kind, name, leaf=None):
    """Whether OpenSSL trusts a certificate for a name, by the strict reading of RFC 5280."""
    options = ["-x509_strict", "-purpose", "sslserver", f"-verify_{kind}", name, "-CAfile", files.authority]
    argv = ["openssl", "verify", *options, leaf or files.server]
    return subprocess.run(argv, capture_output=True, timeout=DEADLINE_S, check=False).returncode == 0


def signed_for_another(files, folder, san):
    """A certificate for another name, made with the authority's key by somebody who has got hold of it."""
    folder.mkdir()
    (folder / "about").write_text(f"[x]\nsubjectAltName={san}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
                                  "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")  # fmt: skip
    key, request, leaf = folder / "key", folder / "request", folder / "leaf"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run("openssl", "req", "-new", *kind, "-subj", "/CN=x", "-keyout", key, "-out", request)
    by = ["-CA", files.authority, "-CAkey", files.authority_key, "-set_serial", "7", "-days", "90"]
    run("openssl", "x509", "-req", "-in", request, *by, "-extfile", folder / "about", "-extensions", "x", "-out", leaf)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + leaf.read_bytes())
    return both


def test_it_is_a_server_s_for_a_year_and_only_its_owner_reads_it(files, data):
    text = run("openssl", "x509", "-in", files.server, "-noout", "-text")
    for part in ("CA:FALSE", "TLS Web Server Authentication", "NIST CURVE: P-256", f"DNS:{NAME}, IP Address:127.0.0.1"):
        assert part in text
    assert 396 < (certificates.expires_s(files.server) - time.time()) / 86400 < 398
    assert [path.stat().st_mode & 0o777 for path in files.folder.iterdir()] == [0o600] * 3
    assert json.loads((data / "settings.json").read_text())["server"] == {"tls_certificate": "tls/server.pem"}


def test_openssl_trusts_it_for_its_names_only(files):
    for kind, name in (("hostname", NAME), ("ip", "127.0.0.1"), ("ip", "fd00::1")):
        assert verify(files, kind, name)
    for kind, name in (("hostname", "bank.example"), ("ip", "192.0.2.1")):
        assert not verify(files, kind, name)


@pytest.mark.parametrize(
    ("names", "san", "kind"),
    [
        pytest.param([NAME, "127.0.0.1"], "DNS:bank.example", "hostname", id="another host"),
        pytest.param([NAME, "127.0.0.1"], "IP:192.0.2.1", "ip", id="another address"),
        pytest.param([NAME, "127.0.0.1"], "IP:2001:db8::1", "ip", id="an address of the other kind"),
        pytest.param([NAME], "IP:192.0.2.1", "ip", id="an address, of an authority for names"),
        pytest.param([NAME], "IP:2001:db8::1", "ip", id="an IPv6 address, of an authority for names"),
        pytest.param(["127.0.0.1"], "DNS:bank.example", "hostname", id="a host, of an authority for addresses"),
        pytest.param(["fd00::1"], "DNS:bank.example", "hostname", id="a host, of an authority for IPv6 addresses"),
    ],
)
def test_the_authority_s_key_is_of_no_use_for_another_name(data, tmp_path, names, san, kind):
    made(data, *names)
    files = CertificateFiles(data / "tls")
    assert verify(files, "ip" if ":" in names[0] or names[0][0] == "1" else "hostname", names[0])
    leaf = signed_for_another(files, tmp_path / "thief", san)
    assert not verify(files, kind, san.partition(":")[2], leaf)


@contextmanager
def https(tmp_path, server="tls/server.pem"):
    with Site(tmp_path, {"server": {"tls_certificate": server}}) as site:
        yield site


def handshake(site, files, name):
    """The certificate that a strict client of Python has accepted; 3.13's default is strict."""
    context = ssl.create_default_context(cafile=str(files.authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    with site.connect() as link, context.wrap_socket(link, server_hostname=name) as secure:
        return secure.getpeercert()


def test_python_and_curl_trust_the_server(files, tmp_path):
    with https(tmp_path) as site:
        for name in (NAME, "127.0.0.1"):
            assert handshake(site, files, name)
        trust = ["--cacert", files.authority, "--resolve", f"{NAME}:{site.port}:127.0.0.1"]
        url = f"https://{NAME}:{site.port}/api/session"
        assert json.loads(run("curl", "--silent", *trust, url))["registered"] is False
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(site, files, "bank.example")


def test_python_trusts_no_certificate_for_another_name(files, tmp_path):
    leaf = signed_for_another(files, tmp_path / "thief", "DNS:bank.example")
    with https(tmp_path, str(leaf)) as site, pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
        handshake(site, files, "bank.example")


@contextmanager
def chromium(playwright, tmp_path, files):
    """Chromium of a user who has imported the authority, as docs/integrate/https-and-proxies.md says for Linux."""
    home = tmp_path / "home"
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    run("certutil", "-d", f"sql:{store}", "-N", "--empty-password")
    run("certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "Stillcam", "-i", files.authority)
    flags = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * 127.0.0.1"]
    environ: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags, env=environ)
    page = browser.new_page()
    page.set_default_timeout(60_000)
    yield page
    browser.close()


def test_chromium_trusts_the_server_and_no_certificate_for_another_name(playwright, files, tmp_path):
    leaf = signed_for_another(files, tmp_path / "thief", "DNS:bank.example")
    (tmp_path / "other").mkdir()
    with (
        https(tmp_path) as site,
        https(tmp_path / "other", str(leaf)) as thief,
        chromium(playwright, tmp_path, files) as page,
    ):
        answer = page.goto(f"https://{NAME}:{site.port}/")
        assert answer.status == 200
        assert page.evaluate("isSecureContext")
        with pytest.raises(Error, match="ERR_CERT"):
            page.goto(f"https://bank.example:{thief.port}/")


def test_it_is_renewed_by_itself_without_a_restart(data, tmp_path, monkeypatch):
    files = CertificateFiles(data / "tls")
    monkeypatch.setattr(certificates, "CERTIFICATE_DAYS", 20)
    certificates.make(files, [NAME])
    before, authority = files.server.read_bytes(), files.authority.read_bytes()
    with https(tmp_path) as site:
        site.until(lambda: "a new certificate is in use" in site.said())
        end = handshake(site, files, NAME)["notAfter"]
        assert (ssl.cert_time_to_seconds(end) - time.time()) / 86400 > 390
    assert files.server.read_bytes() != before
    assert files.authority.read_bytes() == authority
    assert [path.name for path in sorted(files.folder.iterdir())] == ["ca-key.pem", "ca.pem", "server.pem"]


def test_without_the_authority_s_key_it_goes_on_and_log_doctor_and_page_warn(data, tmp_path, monkeypatch):
    files = CertificateFiles(data / "tls")
    monkeypatch.setattr(certificates, "CERTIFICATE_DAYS", 20)
    certificates.make(files, [NAME])
    files.authority_key.unlink()
    again = f"run `stillcam certificate {NAME}`"
    with https(tmp_path) as site:
        site.until(lambda: again in site.said())
        assert handshake(site, files, NAME)
    doctor = json.loads(command(data, "doctor", "--json").stdout)["checks"]
    (found,) = [check for check in doctor if check["check"] == "certificate"]
    assert (found["state"], again in found["advice"]) == ("warning", True)
    with Site(tmp_path) as site:  # in the clear, with the same settings but for this one
        owner = register(site)
        site.write_settings({"server": {"tls_certificate": "tls/server.pem"}})

        def told():
            sections = owner.call("/api/info")[1]["sections"]
            return again in dict(sections[0]["rows"]).get("Certificate", "")

        site.until(told)


def test_the_same_authority_signs_again_as_long_as_it_may(data):
    assert made(data, NAME, "127.0.0.1")["new_authority"]
    files = CertificateFiles(data / "tls")
    authority = files.authority.read_bytes()
    assert not made(data, NAME)["new_authority"]
    assert not made(data, "127.0.0.1", NAME)["new_authority"]
    assert files.authority.read_bytes() == authority
    assert made(data, NAME, "shed.local")["new_authority"]
    files.authority_key.unlink()
    assert made(data, NAME)["new_authority"]
    assert verify(files, "hostname", NAME)


def test_another_certificate_in_the_settings_stays_and_what_to_set_is_said(data):
    (data / "settings.json").write_text(
        json.dumps({"server": {"tls_certificate": "/etc/own.pem", "tls_key": "/etc/k"}})
    )
    said = command(data, "certificate", NAME).stdout
    assert "settings set server.tls_certificate tls/server.pem" in said
    assert "settings set server.tls_key null" in said
    assert json.loads((data / "settings.json").read_text())["server"]["tls_certificate"] == "/etc/own.pem"


def test_a_name_below_the_resolver_s_suffix_is_known(data, monkeypatch):
    """As the server knows it."""
    name = f"{socket.gethostname().partition('.')[0].lower()}.garden.example"
    assert "is not an accepted name" in command(data, "certificate", name).stdout
    monkeypatch.setenv("LOCALDOMAIN", "garden.example")
    assert "is not an accepted name" not in command(data, "certificate", name).stdout


def test_a_name_that_would_be_refused_is_said(data):
    said = command(data, "certificate", "camera.example.org").stdout
    assert "camera.example.org is not an accepted name" in said and "access.hosts" in said


@pytest.mark.parametrize(
    "name", ["http://camera.local", "camera.local:8080", "*.local", "", "a b", "-x.local", "1.2.3", "x\nCA:TRUE"]
)
def test_what_is_no_name_is_refused_before_anything_is_made(data, name):
    done = command(data, "certificate", "--", name)
    assert done.returncode == 1
    assert "is not a host name or address" in done.stderr and "Traceback" not in done.stderr
    assert not (data / "tls").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_under_sudo_the_files_are_the_server_s(data):
    os.chown(data, 1234, 1234)
    made(data, NAME)
    owners = {path.stat().st_uid for path in (data / "tls", *(data / "tls").iterdir())}
    assert owners == {1234}


def test_what_is_missing_is_named(data, monkeypatch):
    monkeypatch.setenv("PATH", str(data))
    with pytest.raises(StillcamError, match="apt install openssl"):
        certificates.make(CertificateFiles(data / "tls"), [NAME])
    assert not list(Path(data / "tls").glob(".new-*"))


def test_a_disk_that_fills_up_between_key_and_authority_does_not_end_it_for_ever(data, monkeypatch):
    files = CertificateFiles(data / "tls")
    certificates.make(files, [NAME])
    replace = os.replace

    def full(source, target):
        if target == files.authority:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as disk:
        disk.setattr("os.replace", full)
        with pytest.raises(StillcamError, match="No space left"):
            certificates.make(files, ["shed.local"])
    assert certificates.make(files, [NAME])
    assert verify(files, "hostname", NAME)


@pytest.fixture
def foreign(data):
    """Files of the same names that another program made, with the key in a file of its own, as cfssl does."""
    files = CertificateFiles(data / "tls")
    files.folder.mkdir()
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run(*make, "-subj", "/CN=Home", "-days", "3650", "-keyout", files.authority_key, "-out", files.authority)
    by: list[str | Path] = ["-CA", files.authority, "-CAkey", files.authority_key]
    names = ["-addext", f"subjectAltName=DNS:{NAME}"]
    key = files.folder / "server-key.pem"
    run(*make, "-subj", "/CN=x", "-days", "20", *by, *names, "-keyout", key, "-out", files.server)
    return files


def test_a_certificate_of_another_program_is_neither_renewed_nor_replaced(foreign, data):
    before = {path: path.read_bytes() for path in foreign.folder.iterdir()}
    assert not certificates.renew(foreign.server, time.time())
    found, advice = certificates.describe(foreign.server, time.time())
    assert ("updated automatically" in found, advice) == (False, "")
    done = command(data, "certificate", NAME)
    assert done.returncode == 1
    assert "another program" in done.stderr and str(foreign.folder) in done.stderr
    assert {path: path.read_bytes() for path in foreign.folder.iterdir()} == before
