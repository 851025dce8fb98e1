"""Certificates for HTTPS in a home network: a small authority, name-constrained to one machine, signs them.

Browsers trust it once they have been given the authority's certificate. Its name constraints (RFC 5280, 4.2.1.10)
are critical: its key signs for no other name, a stolen key can impersonate this machine only.
The `openssl` program makes all of it.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stillcam.common.atomic_write import give_to_owner_of, replace_file
from stillcam.common.errors import StillcamError

CERTIFICATE_DAYS = 397  # browsers accept at most 398
AUTHORITY_DAYS = 3650
RENEW_BEFORE_S = 30 * 86400.0  # renew so long before it expires
WARN_BEFORE_S = 7 * 86400.0  # warn so long before a certificate expires that another program renews
RENEWAL_GRACE_S = 2 * 86400.0  # grace period for renewing our own, then warn
OPENSSL_S = 60.0  # time-out, for a busy Pi
MAX_NAMES = 32

_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)
_CONFIG = "[req]\ndistinguished_name = subject\n[subject]\n"  # nothing of the system's own configuration
_AUTHORITY = (
    "basicConstraints=critical,CA:TRUE,pathlen:0",
    "keyUsage=critical,keyCertSign,cRLSign",
    "extendedKeyUsage=serverAuth",
    "subjectKeyIdentifier=hash",
)
_SERVER = (
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth",
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The files of a certificate and its authority, in a folder that is created with the first one."""

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
        raise StillcamError(f"a certificate contains 1 to {MAX_NAMES} names and addresses, not {len(found)}")
    return found


def make(files: CertificateFiles, names: Sequence[str]) -> bool:
    """Make a certificate for names from `valid_names`, replacing an earlier one.

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
    """Renew a certificate for the same names if `make` made it and it expires soon; whether it was replaced.

    Raises:
        StillcamError: it expires soon and cannot be renewed; the text says why and what to do.
    """
    files = CertificateFiles(certificate.parent)
    if not _is_own(certificate) or (end_s := expires_s(certificate)) - now_s > RENEW_BEFORE_S:
        return False
    names = names_of(files.server)
    again = f"run `stillcam certificate {' '.join(names)}`, and import the new ca.pem into browsers"
    if not files.authority_key.exists():
        date = date_text(end_s)
        raise StillcamError(
            f"the certificate expires on {date} and cannot be renewed without {files.authority_key}: {again}"
        )
    if expires_s(files.authority) < now_s + CERTIFICATE_DAYS * 86400:
        end = date_text(expires_s(files.authority))
        raise StillcamError(f"the authority's certificate expires on {end}, too soon for a renewal: {again}")
    _sign(files, names)
    return True


def describe(certificate: Path, now_s: float) -> tuple[str, str]:
    """The names and expiry date of the first certificate in a file, in words, and what to do (empty: nothing).

    Raises:
        StillcamError: `openssl` is missing, or cannot read it.
    """
    own = _is_own(certificate)
    renews = own and CertificateFiles(certificate.parent).authority_key.exists()
    names, end_s = names_of(certificate), expires_s(certificate)
    soon_s = RENEW_BEFORE_S if own else WARN_BEFORE_S
    found = f"for {', '.join(names)} until {date_text(end_s)}{', renewed automatically' if renews else ''}"
    if end_s - now_s > (soon_s - RENEWAL_GRACE_S if renews else soon_s):
        return found, ""
    if own and not renews:
        return found, f"run `stillcam certificate {' '.join(names)}`, and import the new ca.pem into browsers"
    return found, "see the server's log" if own else "renew it"


def expires_s(certificate: Path) -> float:
    """When the first certificate in a file expires, in seconds since the epoch.

    Raises:
        StillcamError: `openssl` is missing, or cannot read it.
    """
    import ssl

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
    return (
        set(names) <= _permitted(files.authority)
        and expires_s(files.authority) > time.time() + CERTIFICATE_DAYS * 86400
    )


def _permitted(authority: Path) -> set[str]:
    """The names that an authority's certificate is for."""
    output = _openssl("x509", "-in", authority, "-noout", "-ext", "nameConstraints").partition("Excluded:")[0]
    return {_plain(name.partition("/")[0]) for name in re.findall(r"(?:DNS|IP):(\S+)", output)}


def _make_authority(files: CertificateFiles, names: Sequence[str]) -> None:
    subject = f"Stillcam {names[0][:40]} {date_text(time.time())}"
    key, made = _new(subject, AUTHORITY_DAYS, (*_AUTHORITY, f"nameConstraints=critical,{_constraints(names)}"))
    try:
        files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give_to_owner_of(files.folder.parent, files.folder)
        files.authority_key.unlink(missing_ok=True)  # after an error or a power cut, never the key of another one
        replace_file(files.authority, made.encode(), private=True, concurrent=True)
        replace_file(files.authority_key, key.encode(), private=True, concurrent=True)
    except OSError as error:
        raise StillcamError(f"cannot write into {files.folder}: {error.strerror}") from error


def _constraints(names: Sequence[str]) -> str:
    """The value of `nameConstraints`; a kind of name that it lacks would be unrestricted."""
    networks = [ipaddress.ip_network(name) for name in names if _is_address(name)]
    hosts = [name for name in names if not _is_address(name)] or ["invalid"]  # reserved, RFC 2606
    permitted = [f"permitted;IP:{network[0].exploded}/{network.netmask.exploded}" for network in networks]
    none = ["excluded;IP:0.0.0.0/0.0.0.0", f"excluded;IP:{':'.join('0' * 8)}/{':'.join('0' * 8)}"]
    return ",".join([*(f"permitted;DNS:{host}" for host in hosts), *(permitted or none)])


def _sign(files: CertificateFiles, names: Sequence[str]) -> None:
    """Make a key and a certificate, signed by the authority."""
    alternative = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
    by = ("-CA", files.authority, "-CAkey", files.authority_key)
    key, made = _new("Stillcam", CERTIFICATE_DAYS, (*_SERVER, f"subjectAltName={alternative}"), by)
    try:
        replace_file(files.server, (key + made).encode(), private=True, concurrent=True)
    except OSError as error:
        raise StillcamError(f"cannot write {files.server}: {error.strerror}") from error


def _new(subject: str, days: int, extensions: Sequence[str], by: Sequence[str | Path] = ()) -> tuple[str, str]:
    """A new key and its certificate, both PEM. The key is on no disk yet.

    Args:
        by: the options that name its authority; without these it signs itself.
    """
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-keyout", "/dev/stdout"]
    about = ["-config", "/dev/stdin", "-subj", f"/CN={subject}", "-days", str(days)]
    added = [word for extension in extensions for word in ("-addext", extension)]
    both = _openssl("req", "-x509", *key, *about, *added, *by, "-out", "/dev/stdout", stdin=_CONFIG)
    at = both.index("-----BEGIN CERTIFICATE-----")
    return both[:at], both[at:]


def _openssl(*arguments: str | Path, stdin: str = "") -> str:
    """Run `openssl` and return its output."""
    argv = ["openssl", *map(str, arguments)]
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=OPENSSL_S, check=False)
    except FileNotFoundError as error:
        raise StillcamError("the program openssl is missing: sudo apt install openssl") from error
    except subprocess.TimeoutExpired as error:
        raise StillcamError(f"openssl {argv[1]} took longer than {OPENSSL_S:g} s: check the CPU load") from error
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise StillcamError(f"openssl {argv[1]} failed: {reason[0]}")
    return done.stdout
