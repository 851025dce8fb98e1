"""Messages between the daemon and the picamera2 worker."""

import socket

import pytest

from stillcam.camera.picamera2.ipc import Channel, channel_pair


def test_messages_arrive_in_one_piece_and_in_order():
    ours, theirs = channel_pair()
    with pytest.raises(BlockingIOError):
        ours.receive()
    other = Channel(theirs)
    for number in range(20):
        other.send({"metadata": {"FocusFoM": number, "state": StrangeNumber(number)}})
    for number in range(20):
        assert ours.receive() == {"metadata": {"FocusFoM": number, "state": number}}
    ours.send({"do": "still"})
    assert other.receive() == {"do": "still"}
    other.close()
    assert ours.receive() is None
    with pytest.raises(OSError, match="pipe"):
        ours.send({})
    ours.close()


def test_a_message_is_dropped_if_nobody_reads():
    ours, theirs = channel_pair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    other = Channel(theirs)
    for _ in range(2000):
        other.send_or_drop({"metadata": {"text": "x" * 500}})
    assert ours.receive() == {"metadata": {"text": "x" * 500}}
    ours.close()
    other.send_or_drop({})
    other.close()


class StrangeNumber:
    """As numpy's, or an enumerator of libcamera's."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __int__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return int(self) == other

    __hash__ = None  # type: ignore[assignment]
