"""The address at which the web server listens, and those that a browser opens."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from stillcam.common.errors import StillcamError

EVERY_ADDRESS = "::"  # IPv6 and IPv4


def listening_address(environ: Mapping[str, str]) -> tuple[str, int]:
    """`STILLCAM_BIND` and `STILLCAM_PORT`: "::", every address of this machine, and 8080. Port 0: one that is free.

    Raises:
        StillcamError: one of them is wrong.
    """
    host = environ.get("STILLCAM_BIND") or EVERY_ADDRESS
    port = environ.get("STILLCAM_PORT") or "8080"
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise StillcamError(f"STILLCAM_BIND must be an address such as 127.0.0.1, not {host!r}") from error
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise StillcamError(f"STILLCAM_PORT must be a number from 0 to 65535, not {port!r}")
    return host, int(port)


def urls(environ: Mapping[str, str], *, tls: bool = False) -> list[str]:
    """The addresses to open in a browser, the most convenient one first.

    Args:
        environ: of the process.
        tls: whether the server uses HTTPS.

    Raises:
        StillcamError: as `listening_address`.
    """
    host, port = listening_address(environ)
    scheme = "https" if tls else "http"
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return [f"{scheme}://[{host}]:{port}/" if address.version == 6 else f"{scheme}://{host}:{port}/"]
    names = [f"{socket.gethostname().removesuffix('.local')}.local"]
    if own := _own_address():
        names.append(own)
    return [f"{scheme}://{name}:{port}/" for name in names]


def _own_address() -> str | None:
    """The address that this machine has in its network. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation
        except OSError:
            return None
        return str(probe.getsockname()[0])
