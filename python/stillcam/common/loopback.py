"""Health requests to the web server of this machine: for the watchdog, `doctor` and `wait`."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from typing import Any

from stillcam.common.safe_json import parse

TIMEOUT_S = 5.0
MAX_BYTES = 1 << 16


def healthz(
    host: str, port: int, *, tls: bool, below: str = "", timeout_s: float = TIMEOUT_S
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
    address = ipaddress.ip_address(host)
    target = str(
        ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else host
    )
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client: http.client.HTTPConnection = http.client.HTTPSConnection(
            target, port, timeout=timeout_s, context=context
        )
    else:
        client = http.client.HTTPConnection(target, port, timeout=timeout_s)
    return _request(client, f"/{below}healthz")


def healthz_inside(connection: socket.socket, timeout_s: float = TIMEOUT_S) -> tuple[int, dict[str, Any]]:
    """The answer of `/healthz` on an open connection, which is closed then; for the server's own watchdog.

    Raises:
        OSError: as for `healthz`.
    """
    connection.settimeout(timeout_s)
    client = http.client.HTTPConnection("localhost")
    client.sock = connection
    return _request(client, "/healthz")


def _request(client: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, Any]]:
    try:
        client.request("GET", path)
        response = client.getresponse()
        document = parse(response.read(MAX_BYTES))
        if not isinstance(document, dict) or not {"status", "field"} & set(document):
            raise ValueError("the answer has neither a status nor an error")
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError("another program is listening on this port") from error
    finally:
        client.close()
    return response.status, {"reason": document.get("error"), **document}
