"""Bodies that the kernel sends: whole, in part, and of files that change meanwhile."""

import os
import socket
import threading

import pytest

from stillcam.http.bodies import Blob, FilePart
from stillcam.http.messages import Answer, Request
from stillcam.http.ranges import part
from stillcam.http.transport import PlainTransport

DATA = bytes(range(256)) * 4096  # 1 MiB: more than a socket holds


def received(send) -> bytes:
    """What comes out at the other end of a connection into which `send` sends."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as ours:
        theirs, _ = listener.accept()
        got = []
        reader = threading.Thread(target=lambda: got.append(b"".join(iter(lambda: theirs.recv(1 << 16), b""))))
        reader.start()
        try:
            send(PlainTransport(ours, lambda: None))
        finally:
            ours.shutdown(socket.SHUT_WR)
            reader.join()
            theirs.close()
        return got[0]


def test_a_file_is_sent_whole(tmp_path):
    (tmp_path / "video.mp4").write_bytes(DATA * 3)
    assert (
        received(lambda transport: transport.send_file(b"head", FilePart.whole(tmp_path / "video.mp4")))
        == b"head" + DATA * 3
    )


def test_a_range_of_a_file_is_a_part_of_it(tmp_path):
    (tmp_path / "video.mp4").write_bytes(DATA)
    request = Request("GET", "video", headers={"range": "bytes=1000-500999"})
    answer = part(request, Answer(200, FilePart.whole(tmp_path / "video.mp4")))
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes 1000-500999/{len(DATA)}")
    assert received(lambda transport: transport.send_file(b"", answer.body)) == DATA[1000:501000]


def test_a_file_that_is_replaced_meanwhile_is_sent_as_it_was(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(DATA)
    body = FilePart.whole(path)
    (tmp_path / "new").write_bytes(b"other")
    os.replace(tmp_path / "new", path)
    assert received(lambda transport: transport.send_file(b"", body)) == DATA


def test_a_file_that_becomes_shorter_breaks_the_connection(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(DATA)
    body = FilePart.whole(path)
    os.truncate(path, 1000)
    with pytest.raises(ConnectionError):
        received(lambda transport: transport.send_file(b"", body))


def test_only_a_regular_file_is_opened(tmp_path):
    """A pipe would wait for a writer for ever, and a link may lead anywhere."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    for name in ("pipe", "link", "missing", "."):
        with pytest.raises(OSError, match=r".+"):
            FilePart.whole(tmp_path / name)


def test_a_part_of_a_blob_is_sent_from_the_same_memory():
    blob = Blob(DATA)
    for some, data in ((blob.part(50, 200_000), DATA[50:200_000]), (blob.part(9).part(1), DATA[10:])):
        assert some.descriptor == blob.descriptor
        assert received(lambda transport: transport.send([b"head", some])) == b"head" + data  # noqa: B023 - called at once


def test_what_is_offered_continues_where_the_connection_was_full():
    """A blob and bytes alike: the number of bytes says where."""

    def send(transport: PlainTransport) -> None:
        for piece in (Blob(DATA).part(5), DATA):
            while piece:
                sent = transport.offer(piece)
                piece = piece.part(sent) if isinstance(piece, Blob) else piece[sent:]  # noqa: PLW2901
        assert transport.offered == 2 * len(DATA) - 5

    assert received(send) == DATA[5:] + DATA
