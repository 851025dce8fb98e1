"""Ports of loopback addresses for servers of tests, which run beside each other."""

import socket
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


def port_for(owner: object) -> int:
    """A port that is kept for as long as `owner` lives, also while its server is restarted, see `kept_port`."""
    kept = _bound()
    weakref.finalize(owner, kept.close)
    return int(kept.getsockname()[1])


@contextmanager
def kept_port() -> Iterator[int]:
    """A free port that nobody is given by chance until the end of `with`; who asks for it by number may listen."""
    with _bound() as kept:
        yield kept.getsockname()[1]


def _bound() -> socket.socket:
    """A socket that is bound and does not listen."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


def listens(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
