"""The certificate for HTTPS: our own is renewed in time, and changed files are loaded without a restart."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.common import threads
from stillcam.common.errors import StillcamError
from stillcam.http import certificates

if TYPE_CHECKING:
    import ssl

FILES_CHECK_S = 30.0  # interval between two checks of the files
RENEWAL_CHECK_S = 12 * 3600.0  # interval between two checks of the expiry date
# For TLS 1.2; TLS 1.3 has its own list. Authenticated encryption (AEAD) only, no CBC.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK"


class Certificate:
    """Certificate and key of this server.

    Args:
        certificate: PEM file, the chain included.
        key: PEM file.

    Raises:
        StillcamError: one of them cannot be used.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._times = self._modified()
        self._context = self._load()

    @classmethod
    def of(cls, certificate: str, key: str, folder: Path) -> Certificate | None:
        """The certificate that the settings server.tls_certificate and server.tls_key name; None: they name none.

        Args:
            certificate: a path, absolute or below `folder`; may be empty.
            key: the same; empty: it is in the certificate's file.

        Raises:
            StillcamError: it cannot be used; the text begins with the setting's name.
        """
        if certificate:
            return cls(folder / certificate, folder / (key or certificate))
        if key:
            raise StillcamError("server.tls_certificate: missing, while server.tls_key is set: set both, or none")
        return None

    def context(self) -> ssl.SSLContext:
        """The context for the next connection; it does not wait for a disk."""
        return self._context

    def reload(self) -> None:
        """Load the files if they have changed."""
        if (times := self._modified()) == self._times:
            return
        self._times = times
        try:
            self._context = self._load()
            logging.info("a new certificate is in use: %s", self._files[0])
        except StillcamError as error:
            logging.error("%s; the old one stays in use", error)

    def watch(self) -> None:
        """Reload changed files, and renew our own certificate, in a thread that ends with the process."""
        threads.start_restarting(self._watch, "certificate")

    def _watch(self) -> None:
        due_s = 0.0
        while True:
            if time.monotonic() >= due_s:
                due_s = time.monotonic() + RENEWAL_CHECK_S
                self._renew()
            self.reload()
            time.sleep(FILES_CHECK_S)

    def _renew(self) -> None:
        certificate = self._files[0]
        try:
            if certificates.renew(certificate, time.time()):
                end = certificates.date_text(certificates.expires_s(certificate))
                logging.info("renewed the certificate; it is valid until %s", end)
        except StillcamError as error:
            logging.error("%s", error)

    def _load(self) -> ssl.SSLContext:
        import ssl

        class AcceptedSocket(ssl.SSLSocket):
            """A connection that has been accepted.

            If its client has left already, `SSLSocket` finds no peer and forgets to close the socket (Python 3.11,
            ssl.py, _create). With a peer the handshake fails, and closes it.
            """

            def getpeername(self) -> None:
                """Nothing uses the address."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.sslsocket_class = AcceptedSocket
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        certificate, key = self._files
        for name, path in (("server.tls_certificate", certificate), ("server.tls_key", key)):
            if not path.is_file() or not os.access(path, os.R_OK):
                raise StillcamError(f"{name}: cannot read {path}: check the path and its permissions")
        try:
            context.load_cert_chain(certificate, key, password=lambda: "")
        except OSError as error:
            raise StillcamError(
                f"server.tls_certificate and server.tls_key: {certificate} and {key} do not match, or are not PEM files"
                f" without a password ({error})"
            ) from error
        return context

    def _modified(self) -> tuple[int, ...]:
        try:
            return tuple(path.stat().st_mtime_ns for path in self._files)
        except OSError:
            return ()  # it is being replaced
