"""A fleet of cameras as Prometheus sees it: `/metrics` at a port for each, in one process."""

import asyncio
import re
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from series_on_disk import created
from serving import DEADLINE_S, Site
from watching import Daemon

from stillcam.system_info.board import CONDITIONS

SMALL = {"snapshot": {"interval_s": 1, "width": 320}}
TOKEN = "stillcam_of_{}"  # of each of them


FREE_BYTES = 20e9


def real_metrics(folder: Path) -> str:
    """What a Pi with a camera and a series answers; the state of the board and the free space are ours."""
    with Site(folder, SMALL) as site:
        created(site.data / "series", now_ms=int(time.time() * 1000))
        with Daemon(site) as daemon:
            daemon.until(lambda told: told["captures"]["ok"] > 2)
            said = site.until(lambda: complete(site.ask("/metrics")[1].decode()))
    board = ["stillcam_temperature_celsius 48.7"]
    for condition in CONDITIONS:
        board += [f'stillcam_throttled{since}{{condition="{condition.name}"}} 0.0' for since in ("", "_since_start")]
    others = [line for line in said.splitlines() if not line.startswith(("stillcam_temperature", "stillcam_throttled"))]
    return altered("\n".join([*others, *board, ""]), stillcam_disk_free_bytes=FREE_BYTES)


def complete(said: str) -> str:
    """`said` if it has the metrics of fresh frames, of the daemon and of series, else nothing."""
    wanted = ('stillcam_frame_stale{camera="0"} 0.0', "stillcam_publish_seconds_count", "stillcam_series_state")
    return said if all(name in said for name in wanted) else ""


def altered(said: str, **values: float) -> str:
    """`said` with other values. Each is named by the beginning of its lines, of which there must be one."""
    for beginning, value in values.items():
        said, found = re.subn(rf"^({re.escape(beginning)}.*) \S+$", rf"\1 {value}", said, flags=re.MULTILINE)
        assert found, beginning
    return said


class Exporters:
    """Started and ended by `with`.

    Args:
        number: how many; each has the token `TOKEN.format(index)`.
        answer: what one of them answers, by its index and how often it has been asked before; None: it hangs up.
    """

    def __init__(self, number: int, answer: Callable[[int, int], str | None]) -> None:
        self.targets: list[str] = []  # HOST:PORT of each
        self.asked: Counter[int] = Counter()
        self._number = number
        self._answer = answer
        self._ready, self._ended = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._links: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Self:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a listener and a connection for each
        self._thread.start()
        assert self._ready.wait(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    async def _serve(self) -> None:
        servers = [
            await asyncio.start_server(partial(self._connected, index), "127.0.0.1", 0) for index in range(self._number)
        ]
        self.targets = [f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
        self._ready.set()
        await self._ended.wait()
        for server in servers:
            server.close()
        tasks = [task for task in self._links.values() if task]
        for link in self._links:
            link.transport.abort()
        await asyncio.gather(*tasks)

    async def _connected(self, index: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links[writer] = asyncio.current_task()
        try:
            while (body := self._body(index, await reader.readuntil(b"\r\n\r\n"))) is not None:
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # Prometheus has ended it
        finally:
            writer.close()
            del self._links[writer]

    def _body(self, index: int, head: bytes) -> bytes | None:
        if f"GET /metrics?token={TOKEN.format(index)} ".encode() not in head:
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        text = self._answer(index, self.asked[index])
        self.asked[index] += 1
        if text is None:
            return None
        body = text.encode()
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
