"""Messages between the daemon and the picamera2 worker."""

import socket

import pytest

from stillcam.camera.picamera2.ipc import receive, send, send_or_drop


def test_messages_arrive_in_one_piece_and_in_order():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    with pytest.raises(BlockingIOError):
        receive(ours)
    for number in range(20):
        send(theirs, {"metadata": {"FocusFoM": number, "state": StrangeNumber(number)}})
    for number in range(20):
        assert receive(ours) == {"metadata": {"FocusFoM": number, "state": number}}
    send(ours, {"do": "still"})
    assert receive(theirs) == {"do": "still"}
    theirs.close()
    assert receive(ours) is None
    with pytest.raises(OSError, match="pipe"):
        send(ours, {})
    ours.close()


def test_a_message_is_dropped_if_nobody_reads():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for _ in range(2000):
        send_or_drop(theirs, {"metadata": {"text": "x" * 500}})
    assert receive(ours) == {"metadata": {"text": "x" * 500}}
    ours.close()
    send_or_drop(theirs, {})
    theirs.close()


class StrangeNumber:
    """As numpy's, or an enumerator of libcamera's."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __int__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return int(self) == other

    __hash__ = None  # type: ignore[assignment]
