"""Where the web server listens, and under which addresses a browser finds it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from stillcam.errors import StillcamError


def listening_address(environ: Mapping[str, str]) -> tuple[str, int]:
    """`STILLCAM_BIND` (0.0.0.0) and `STILLCAM_PORT` (8080).

    Raises:
        StillcamError: one of them is wrong.
    """
    host = environ.get("STILLCAM_BIND") or "0.0.0.0"  # noqa: S104 - a camera is there to be watched
    port = environ.get("STILLCAM_PORT") or "8080"
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise StillcamError(f"STILLCAM_BIND must be an address such as 0.0.0.0 or 127.0.0.1, not {host!r}") from error
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise StillcamError(f"STILLCAM_PORT must be a number from 1 to 65535, not {port!r}")
    return host, int(port)


def urls(environ: Mapping[str, str]) -> list[str]:
    """The addresses to open in a browser, the handiest first.

    Raises:
        StillcamError: as `listening_address`.
    """
    host, port = listening_address(environ)
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return [f"http://[{host}]:{port}/" if address.version == 6 else f"http://{host}:{port}/"]
    names = [f"{socket.gethostname().removesuffix('.local')}.local"]
    if own := _own_address():
        names.append(own)
    return [f"http://{name}:{port}/" for name in names]


def _own_address() -> str | None:
    """The address that this machine has in its network. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation
        except OSError:
            return None
        return str(probe.getsockname()[0])
