"""The address of the web server: where it listens, what a browser opens, and health requests to it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.common.safe_read import parse_json

EVERY_ADDRESS = "::"  # IPv6 and IPv4
HEALTH_TIMEOUT_S = 5.0
MAX_HEALTH_BYTES = 1 << 16
OTHER_PROGRAM = "another program is listening on this port"


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


def healthz(
    host: str, port: int, *, tls: bool, below: str = "", timeout_s: float = HEALTH_TIMEOUT_S
) -> tuple[int, dict[str, Any]]:
    """The answer of `/healthz`: 200 while frames are fresh, else 503 with the `reason`.

    Args:
        host: where the server listens; for `::` and `0.0.0.0` the loopback address is used.
        port: the server's.
        tls: whether it uses HTTPS. The certificate is for other names, and not verified.
        below: the path of one camera, such as `camera/1/`; empty: the whole server.
        timeout_s: for connecting, and again for each part of the answer.

    Raises:
        OSError: no program listens or answers in time; ConnectionError also if it is another program.
    """
    import http.client
    import ssl

    address = ipaddress.ip_address(host)
    target = host if not address.is_unspecified else "::1" if address.version == 6 else "127.0.0.1"
    client = http.client.HTTPConnection(target, port, timeout=timeout_s)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = http.client.HTTPSConnection(target, port, timeout=timeout_s, context=context)
    try:
        client.request("GET", f"/{below}healthz")
        response = client.getresponse()
        return response.status, _health(response.read(MAX_HEALTH_BYTES))
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(OTHER_PROGRAM) from error
    finally:
        client.close()


def healthz_inside(connection: socket.socket, timeout_s: float = HEALTH_TIMEOUT_S) -> tuple[int, dict[str, Any]]:
    """The answer of `/healthz` on an open connection, which is closed then; for the server's own watchdog.

    Raises:
        OSError: as for `healthz`.
    """
    connection.settimeout(timeout_s)
    with connection, connection.makefile("rb") as answer:
        connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        head, _, body = answer.read(MAX_HEALTH_BYTES).partition(b"\r\n\r\n")
    try:
        return int(head.split(b" ", 2)[1]), _health(body)
    except (IndexError, ValueError) as error:
        raise ConnectionError(OTHER_PROGRAM) from error


def _health(body: bytes) -> dict[str, Any]:
    """The JSON of a health answer, with its error as the `reason`; ValueError: it is none."""
    document = parse_json(body)
    if not isinstance(document, dict) or not {"status", "field"} & set(document):
        raise ValueError("the answer has neither a status nor an error")
    return {"reason": document.get("error"), **document}
