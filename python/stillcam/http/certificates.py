"""Certificates for HTTPS in a home network: a small authority, name-constrained to one machine, signs them.

Browsers trust it once they have been given the authority's certificate. Its name constraints (RFC 5280, 4.2.1.10)
are critical: its key signs for no other name, a stolen key can impersonate this machine only.
The `openssl` program makes all of it.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from stillcam.common.atomic_write import give_to_owner_of, replace_file
from stillcam.common.errors import StillcamError

DAYS = 397  # browsers accept at most 398
AUTHORITY_DAYS = 3650
RENEW_S = 30 * 86400.0  # renew so long before it expires
SOON_S = 7 * 86400.0  # warn so long before a certificate expires that another program renews
LATE_S = 2 * 86400.0  # grace period for renewing our own, then warn
OPENSSL_S = 60.0  # time-out, for a busy Pi
MAX_NAMES = 32

_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"]
_AUTHORITY = """
[req]
prompt = no
distinguished_name = subject
x509_extensions = authority
[subject]
CN = Stillcam {name} {day}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
nameConstraints = critical, @constraints
[constraints]
"""
_SERVER = """
[req]
prompt = no
distinguished_name = subject
[subject]
CN = Stillcam
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
[names]
"""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The files of a certificate and its authority.

    Args:
        folder: created with the first certificate.
    """

    folder: Path

    @property
    def server(self) -> Path:
        """The server's key and certificate, in one file: a renewed one replaces it in one step."""
        return self.folder / "server.pem"

    @property
    def authority(self) -> Path:
        """The authority's certificate, to be imported into browsers."""
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        """The authority's key, which renews the certificate; may be deleted."""
        return self.folder / "ca-key.pem"


def valid_names(names: Sequence[str]) -> list[str]:
    """Normalise names and addresses for a certificate.

    Raises:
        StillcamError: one is neither a name nor an address, or there are none or too many.
    """
    found = list(dict.fromkeys(_valid_name(name) for name in names))
    if not 0 < len(found) <= MAX_NAMES:
        raise StillcamError(f"a certificate holds 1 to {MAX_NAMES} names and addresses, not {len(found)}")
    return found


def make(files: CertificateFiles, names: Sequence[str]) -> bool:
    """Make a certificate, replacing an earlier one.

    Args:
        files: where.
        names: from `valid_names`.

    Returns:
        whether the authority is new, so that browsers need its certificate: there was none that has its key and
        permits all of these names.

    Raises:
        StillcamError: `openssl` is missing or fails, a file cannot be written, or another program's are there.
    """
    if files.authority.exists() and not _is_own(files.server):
        raise StillcamError(f"{files.authority} was made by another program: move {files.folder} to another place")
    if new_authority := not _can_sign(files, names):
        _make_authority(files, names)
    _sign(files, names)
    return new_authority


def renew(certificate: Path, now_s: float) -> bool:
    """Renew a certificate for the same names if `make` made it and it expires soon.

    Args:
        certificate: PEM file.
        now_s: seconds since the epoch.

    Returns:
        whether it was replaced.

    Raises:
        StillcamError: it expires soon and cannot be renewed; the text says why and what to do.
    """
    files = CertificateFiles(certificate.parent)
    if not _is_own(certificate) or (end_s := expires_s(certificate)) - now_s > RENEW_S:
        return False
    names = names_of(files.server)
    again = f"run `python -m stillcam certificate {' '.join(names)}`, and import the new ca.pem into browsers"
    if not files.authority_key.exists():
        date = date_text(end_s)
        raise StillcamError(
            f"the certificate expires on {date} and cannot be renewed without {files.authority_key}: {again}"
        )
    if expires_s(files.authority) < now_s + DAYS * 86400:
        end = date_text(expires_s(files.authority))
        raise StillcamError(f"the authority's certificate expires on {end}, too soon for a renewal: {again}")
    _sign(files, names)
    return True


def describe(certificate: Path, now_s: float) -> tuple[str, str]:
    """A certificate's names and expiry date in words, and what to do about it (empty: nothing).

    Args:
        certificate: PEM file; the first certificate in it counts.
        now_s: seconds since the epoch.

    Raises:
        StillcamError: `openssl` is missing, or cannot read it.
    """
    own = _is_own(certificate)
    renews = own and CertificateFiles(certificate.parent).authority_key.exists()
    names, end_s = names_of(certificate), expires_s(certificate)
    soon_s = RENEW_S if own else SOON_S
    found = f"for {', '.join(names)} until {date_text(end_s)}{', renewed automatically' if renews else ''}"
    if end_s - now_s > (soon_s - LATE_S if renews else soon_s):
        return found, ""
    if own and not renews:
        return found, f"run `python -m stillcam certificate {' '.join(names)}`, and import the new ca.pem into browsers"
    return found, "see the server's log" if own else "renew it"


def expires_s(certificate: Path) -> float:
    """When the first certificate in a file expires, in seconds since the epoch.

    Raises:
        StillcamError: `openssl` is missing, or cannot read it.
    """
    output = _openssl("x509", "-in", certificate, "-noout", "-enddate")
    return float(ssl.cert_time_to_seconds(output.strip().removeprefix("notAfter=")))


def names_of(certificate: Path) -> list[str]:
    """The names and addresses that the first certificate in a file is for.

    Raises:
        StillcamError: `openssl` is missing, or cannot read it.
    """
    output = _openssl("x509", "-in", certificate, "-noout", "-ext", "subjectAltName")
    return [_plain(name) for name in re.findall(r"(?:DNS|IP Address):([^,\s]+)", output)]


def date_text(time_s: float) -> str:
    """A date as YYYY-MM-DD, UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(time_s))


def _valid_name(name: str) -> str:
    plain = _plain(name.strip().lower().removesuffix("."))
    if _is_address(plain) or (_NAME.fullmatch(plain) and not re.fullmatch("[0-9.]+", plain)):
        return plain
    raise StillcamError(f"{name!r} is not a host name or address; examples: camera.local 192.168.1.20")


def _plain(name: str) -> str:
    return str(ipaddress.ip_address(name)) if _is_address(name) else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name


def _is_own(certificate: Path) -> bool:
    """Whether `make` made a certificate; other programs use the same file names (cfssl does)."""
    files = CertificateFiles(certificate.parent)
    if certificate != files.server or not files.authority.exists():
        return False
    return "Stillcam " in _openssl("x509", "-in", files.authority, "-noout", "-subject")


def _can_sign(files: CertificateFiles, names: Sequence[str]) -> bool:
    """Whether there is an authority with its key that permits these names, and is valid long enough."""
    if not (files.authority_key.exists() and files.authority.exists()):
        return False
    return set(names) <= _permitted(files.authority) and expires_s(files.authority) > time.time() + DAYS * 86400


def _permitted(authority: Path) -> set[str]:
    """The names that an authority's certificate is for."""
    output = _openssl("x509", "-in", authority, "-noout", "-ext", "nameConstraints").partition("Excluded:")[0]
    return {_plain(name.partition("/")[0]) for name in re.findall(r"(?:DNS|IP):(\S+)", output)}


def _make_authority(files: CertificateFiles, names: Sequence[str]) -> None:
    config = _AUTHORITY.format(name=names[0][:40], day=date_text(time.time())) + "\n".join(_constraints(names))
    with _work_folder(files, config) as work:
        paths: list[str | Path] = ["-config", work / "config", "-keyout", work / "key", "-out", work / "certificate"]
        _openssl("req", "-x509", *_KEY, "-days", str(AUTHORITY_DAYS), *paths)
        files.authority_key.unlink(missing_ok=True)  # after an error or a power cut, never the key of another one
        _replace(files.authority, (work / "certificate").read_bytes())
        _replace(files.authority_key, (work / "key").read_bytes())


def _constraints(names: Sequence[str]) -> list[str]:
    """The lines of `nameConstraints`; a kind of name without a line would be unrestricted."""
    addresses = [ipaddress.ip_address(name) for name in names if _is_address(name)]
    hosts = [name for name in names if not _is_address(name)]
    lines = [
        f"permitted;DNS.{number} = {host}" for number, host in enumerate(hosts or ["invalid"])
    ]  # reserved, RFC 2606
    for number, address in enumerate(addresses):
        mask = ipaddress.ip_network(address).netmask
        lines.append(f"permitted;IP.{number} = {address.exploded}/{mask.exploded}")
    if not addresses:
        lines += ["excluded;IP.0 = 0.0.0.0/0.0.0.0", f"excluded;IP.1 = {':'.join('0' * 8)}/{':'.join('0' * 8)}"]
    return lines


def _sign(files: CertificateFiles, names: Sequence[str]) -> None:
    """Make a key and a certificate, signed by the authority."""
    kinds = [f"{'IP' if _is_address(name) else 'DNS'}.{number} = {name}" for number, name in enumerate(names)]
    with _work_folder(files, _SERVER + "\n".join(kinds)) as work:
        config, request, made = work / "config", work / "request", work / "certificate"
        _openssl("req", "-new", *_KEY, "-config", config, "-keyout", work / "key", "-out", request)
        by: list[str | Path] = [
            "-CA",
            files.authority,
            "-CAkey",
            files.authority_key,
            "-set_serial",
            f"0x{secrets.token_hex(16)}",
        ]
        extensions: list[str | Path] = ["-extfile", config, "-extensions", "server"]
        _openssl("x509", "-req", "-sha256", "-in", request, *by, "-days", str(DAYS), *extensions, "-out", made)
        _replace(files.server, (work / "key").read_bytes() + made.read_bytes())


@contextmanager
def _work_folder(files: CertificateFiles, config: str) -> Iterator[Path]:
    """A private folder beside the files, with the configuration of `openssl`; deleted afterwards."""
    try:
        files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give_to_owner_of(files.folder.parent, files.folder)
        folder = TemporaryDirectory(dir=files.folder, prefix=".new-")
        Path(folder.name, "config").write_text(f"{config}\n")
    except OSError as error:
        raise StillcamError(f"cannot write into {files.folder}: {error.strerror}") from error
    with folder:
        yield Path(folder.name)


def _openssl(*arguments: str | Path) -> str:
    """Run `openssl` and return its output."""
    argv = ["openssl", *map(str, arguments)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=OPENSSL_S, check=False)
    except FileNotFoundError as error:
        raise StillcamError("the program openssl is missing: sudo apt install openssl") from error
    except subprocess.TimeoutExpired as error:
        raise StillcamError(f"openssl {argv[1]} took longer than {OPENSSL_S:g} s: check the CPU load") from error
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise StillcamError(f"openssl {argv[1]} failed: {reason[0]}")
    return done.stdout


def _replace(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read."""
    try:
        replace_file(path, content, private=True, concurrent=True)
    except OSError as error:
        raise StillcamError(f"cannot write {path}: {error.strerror}") from error
