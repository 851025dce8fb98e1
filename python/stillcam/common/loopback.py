"""This machine's own web server, asked how it is: for the watchdog, `doctor` and `wait`."""

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
    """What `/healthz` answers: 200 while frames are fresh, 503 with the `reason`, or with that of a refusal.

    Args:
        host: where the server listens; for every address (`::`, `0.0.0.0`) the loopback one is asked.
        port: the server's.
        tls: whether it speaks that. Its certificate is for other names, and not checked.
        below: where the camera meant is, such as `camera/1/`; empty: the whole server.
        timeout_s: for connecting, and again for each part of the answer.

    Raises:
        OSError: nobody listens, or not in time; ConnectionError also for what is no Stillcam.
    """
    address = ipaddress.ip_address(host)
    target = str(
        ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else host
    )
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        link: http.client.HTTPConnection = http.client.HTTPSConnection(target, port, timeout=timeout_s, context=context)
    else:
        link = http.client.HTTPConnection(target, port, timeout=timeout_s)
    return _asked(link, f"/{below}healthz")


def healthz_inside(connection: socket.socket, timeout_s: float = TIMEOUT_S) -> tuple[int, dict[str, Any]]:
    """What `/healthz` answers on `connection`, which is closed then; for a server that asks itself.

    Raises:
        OSError: as for `healthz`.
    """
    connection.settimeout(timeout_s)
    link = http.client.HTTPConnection("localhost")
    link.sock = connection
    return _asked(link, "/healthz")


def _asked(link: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, Any]]:
    try:
        link.request("GET", path)
        response = link.getresponse()
        document = parse(response.read(MAX_BYTES))
        if not isinstance(document, dict) or not {"status", "field"} & set(document):
            raise ValueError("the answer has neither a status nor an error")
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError("what answers there is no Stillcam") from error
    finally:
        link.close()
    return response.status, {"reason": document.get("error"), **document}
