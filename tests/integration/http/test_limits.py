"""Limits: connections, crowds of slow clients, descriptors that run out, and a server that is ended meanwhile."""

import contextlib
import resource
import signal
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from listening import Listening
from pictures import picture
from serving import Site
from strangers import Reply, all_of, allow_descriptors, connect, exchange, get, replies, vanish

from stillcam.http.limits import MAX_REFUSED

PICTURE = "/images/current.jpg"
CROWD = 500
PROXY = "127.0.0.3"


@pytest.fixture(scope="module", autouse=True)
def descriptors() -> None:
    """Many clients need many descriptors."""
    allow_descriptors()


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Site]:
    """A server for eight connections, three of an address."""
    limits = {"max_connections": 8, "max_connections_per_address": 3}
    with Site(tmp_path, {"server": limits, "access": {"proxies": [PROXY]}}) as site:
        yield site


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Site]:
    """A server that logs all warnings of Python, for example about sockets that were not closed."""
    site = Site(tmp_path)
    site.start(PYTHONDEVMODE="1", PYTHONWARNINGS="error")
    yield site
    site.end()


def watching(site: Site, address: str = "127.0.0.1") -> socket.socket:
    """A connection that receives a stream."""
    link = connect(site.port, address)
    link.sendall(get("/stream"))
    assert link.recv(12) == b"HTTP/1.1 200"
    return link


def asked(site: Site, address: str = "127.0.0.1") -> Reply:
    """The answer to a health request."""
    (answer,) = exchange(site.port, get("/healthz"), address=address)
    return answer


def served(site: Site, address: str = "127.0.0.1") -> bool:
    """Whether a client from `address` is served."""
    return b"status" in asked(site, address).body


def descriptors_of(site: Site) -> int:
    """How many descriptors the server has open."""
    return len(list(Path(f"/proc/{site.process.pid}/fd").iterdir()))


def test_an_address_at_its_limit_is_refused_and_another_is_served(crowded):
    with ExitStack() as open_links:
        for _ in range(3):
            open_links.enter_context(watching(crowded))
        (refused,) = exchange(crowded.port, get("/healthz"))
        assert (refused.status, refused.headers["connection"]) == (503, "close")
        assert int(refused.headers["retry-after"]) > 0
        assert "default-src" in refused.headers["content-security-policy"]
        assert served(crowded, "127.0.0.2")
    crowded.until(lambda: served(crowded))


def test_a_proxy_may_use_all_connections(crowded):
    with ExitStack() as open_links:
        for _ in range(8):
            open_links.enter_context(watching(crowded, PROXY))
        (refused,) = exchange(crowded.port, get("/healthz"), address="127.0.0.2")
        assert (refused.status, refused.headers["connection"]) == (503, "close")
    crowded.until(lambda: served(crowded, "127.0.0.2"))


def test_a_changed_list_of_proxies_applies_to_the_limits_at_once(crowded):
    with ExitStack() as open_links:
        for _ in range(3):
            open_links.enter_context(watching(crowded, "127.0.0.6"))
        assert not served(crowded, "127.0.0.6")
        crowded.write_settings({"access": {"proxies": ["127.0.0.6"]}})
        crowded.until(lambda: served(crowded, "127.0.0.6"))
        crowded.write_settings({"access": {"proxies": []}})
        crowded.until(lambda: not served(crowded, "127.0.0.6"))


@pytest.mark.parametrize("said", [b"", b"GET /", get("/healthz")], ids=["nothing", "half a line", "a request before"])
def test_a_waiting_connection_is_closed_for_a_new_one_and_a_busy_one_is_not(crowded, said):
    with ExitStack() as open_links:
        watched = [open_links.enter_context(watching(crowded, PROXY)) for _ in range(5)]
        idle = [open_links.enter_context(connect(crowded.port, "127.0.0.4")) for _ in range(3)]
        for link in idle:
            link.sendall(said)
        crowded.until(lambda: served(crowded, "127.0.0.5"))
        crowded.until(lambda: served(crowded, "127.0.0.4"))
        for link in watched:
            link.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                assert link.recv(65536), "the server has ended it"


def test_five_hundred_slow_clients_do_not_keep_others_from_the_picture(tmp_path):
    """First from sixteen addresses, twelve below the limit; then from the address that requests the picture."""
    with Site(tmp_path) as site, ExitStack() as open_links:
        site.publish(picture())
        threads, descriptors = site.threads(), descriptors_of(site)
        crowd = [open_links.enter_context(connect(site.port, f"127.0.1.{number % 16}")) for number in range(CROWD)]
        request = get(PICTURE)
        for at in range(10):
            for link in crowd:
                with contextlib.suppress(ConnectionError):  # its time was over
                    link.sendall(request[at : at + 1])
            assert exchange(site.port, request)[0].body == picture()
        open_links.close()
        for _ in range(CROWD):
            link = open_links.enter_context(connect(site.port))
            with contextlib.suppress(ConnectionError):
                link.sendall(request[:10])
        site.until(lambda: [reply.body for reply in exchange(site.port, request)] == [picture()])
        open_links.close()
        site.until(lambda: site.threads() <= threads and descriptors_of(site) <= descriptors)


def test_clients_that_reconnect_fast_keep_nobody_out(tmp_path):
    """Sixteen addresses use all connections, send nothing, and reconnect twenty times a second."""
    limits = {"max_connections": 32, "max_connections_per_address": 8}
    with Site(tmp_path, {"server": limits}) as site:
        site.publish(picture())
        over = threading.Event()

        def churn(part: int) -> None:
            held: deque[socket.socket] = deque()
            while not over.wait(0.05):
                for number in range(8):
                    held.append(connect(site.port, f"127.0.1.{8 * part + number}"))
                    if len(held) > 64:
                        held.popleft().close()
            for link in held:
                link.close()

        attack = [threading.Thread(target=churn, args=(part,)) for part in range(2)]
        for thread in attack:
            thread.start()
        try:
            site.until(lambda: descriptors_of(site) > 32)
            for _ in range(20):
                assert [reply.body for reply in exchange(site.port, get(PICTURE), address="127.0.0.9")] == [picture()]
        finally:
            over.set()
            for thread in attack:
                thread.join()


def test_all_connections_beyond_the_limit_are_answered_with_503(crowded):
    """Most before their request: no connection is closed without an answer."""
    with ExitStack() as open_links:
        for _ in range(3):
            open_links.enter_context(watching(crowded))
        crowd = [open_links.enter_context(connect(crowded.port)) for _ in range(2 * MAX_REFUSED)]
        for link in crowd:
            with contextlib.suppress(ConnectionError):
                link.sendall(get("/healthz"))
        for link in crowd:
            assert [reply.status for reply in replies(all_of(link))] == [503]


def test_a_connection_closed_before_its_first_request_is_answered_with_503(crowded):
    """Not one that has been answered before: browsers repeat the request by themselves."""
    with ExitStack() as open_links:
        for number in range(2, 4):
            for _ in range(3):
                open_links.enter_context(watching(crowded, f"127.0.0.{number}"))
        silent, idle = (open_links.enter_context(connect(crowded.port, "127.0.0.4")) for _ in range(2))
        idle.sendall(get("/healthz"))
        assert idle.recv(4096)
        assert served(crowded, "127.0.0.5")
        (reply,) = replies(all_of(silent))
        assert (reply.status, reply.headers["connection"]) == (503, "close")
        open_links.enter_context(connect(crowded.port, "127.0.0.4"))
        assert served(crowded, "127.0.0.5")
        assert all_of(idle) == b""


def test_attackers_leave_no_thread_and_no_descriptor(strict):
    """Whatever they do and however they leave; and nothing of it is logged."""
    with watching(strict) as link:  # threads that begin with the first viewer stay
        shown = b""
        while shown.count(b"X-Timestamp") < 2:
            name = strict.publish(picture())
            shown += link.recv(65536)
    assert exchange(strict.port, get(PICTURE))[0].status == 200
    threads, descriptors, said = strict.threads(), descriptors_of(strict), strict.said()
    starts = [
        *(b"", b"G", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX:", get("/") * 20, get("/stream"), b"\0" * 40_000),
        *(get(f"{PICTURE}?after={name}"), get(PICTURE) * 200, get("/", "Content-Length: 60000") + b"a" * 100),
        get("/").replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 99\r\n\r\n{"),
    ]
    for start in starts:
        for leave in (vanish, lambda link: link.shutdown(socket.SHUT_WR), socket.socket.close):
            for read_first in (False, True):
                with connect(strict.port, receive_buffer=4096) as link:
                    with contextlib.suppress(ConnectionError, TimeoutError):
                        link.settimeout(0.05)  # it takes no more as long as its answers are not read
                        link.sendall(start)
                        if read_first:
                            link.recv(1000)
                    with contextlib.suppress(OSError):
                        leave(link)
    strict.until(lambda: strict.threads() <= threads and descriptors_of(strict) <= descriptors)
    assert strict.said() == said


def test_without_descriptors_the_server_waits_and_continues(tmp_path):
    """It closes idle connections, logs the shortage once, and recovers."""
    with Site(tmp_path) as site, ExitStack() as open_links:
        site.publish(picture())
        assert exchange(site.port, get("/"))[0].status == 200
        few = descriptors_of(site) + 5
        resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE, (few, few))
        for number in range(30):
            open_links.enter_context(connect(site.port, f"127.0.1.{number}"))
        site.until(lambda: "cannot accept more connections: Too many open files" in site.said())
        assert exchange(site.port, get(PICTURE))[0].body == picture()
        open_links.close()
        assert exchange(site.port, get(PICTURE))[0].body == picture()
        assert site.said().count("cannot accept more connections") == 1
        assert "this is a bug" not in site.said()


def test_the_server_ends_with_clients_at_every_stage(tmp_path):
    """It does not wait for them, logs only that it ends, and a second signal changes nothing."""
    with Site(tmp_path, {"server": {"access_log": True}}) as site, ExitStack() as open_links:
        name = site.publish(picture())
        stages = [b"", b"GET", get("/"), get("/stream"), get(f"{PICTURE}?after={name}"), get(PICTURE) * 300]
        links = [open_links.enter_context(connect(site.port)) for _ in range(3) for stage in stages]
        for link, stage in zip(links, stages * 3, strict=True):
            link.sendall(stage)
        busy = [threading.Thread(target=ask_until_the_end, args=(site,)) for _ in range(4)]
        for thread in busy:
            thread.start()
        watching(site).close()
        already = len(site.said())
        site.process.terminate()
        site.process.terminate()
        assert site.end() == 0
        for thread in busy:
            thread.join()
        for link in links:
            all_of(link)
        said = site.said()[already:]
        assert "ending: SIGTERM" in said
        assert "Traceback" not in said and "Fatal" not in said


def ask_until_the_end(site: Site) -> None:
    """Request the picture again and again."""
    with contextlib.suppress(OSError), connect(site.port) as link:
        while True:
            link.sendall(get(PICTURE))
            if not link.recv(65536):
                return


def test_sighup_does_not_end_the_server(site):
    """An owner who has edited the settings may send it to both programs."""
    site.process.send_signal(signal.SIGHUP)
    assert served(site)
    assert site.end() == 0


def test_a_server_that_is_ended_before_it_accepts_ends():
    Listening({}).end_before_it_serves()


def test_a_server_that_is_ended_as_soon_as_it_listens_exits_with_0(tmp_path):
    site = Site(tmp_path)
    for _ in range(3):
        site.start()
        assert site.end() == 0
    assert "Traceback" not in site.said()
