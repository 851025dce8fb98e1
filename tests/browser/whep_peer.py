"""The other end of WebRTC: a WHEP server of one stream, by aiortc; run by the Python of the guest `webrtc`.

`python whep_peer.py PORT` serves `POST /whep` and `DELETE /whep/NUMBER` on loopback. Each picture has the next colour
of COLOURS for a second. A line on standard input pauses the pictures, the next one continues them.
"""

import asyncio
import itertools
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aioice.ice
import av
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 else []

WIDTH, HEIGHT = 320, 240
RED = (81, 90, 240)  # Y, U, V
numbers = itertools.count(1)
running = threading.Event()
running.set()
peers: dict[str, RTCPeerConnection] = {}
loop = asyncio.new_event_loop()


class Pictures(VideoStreamTrack):  # type: ignore[misc]
    async def recv(self) -> av.VideoFrame:
        """The next picture: red."""
        time, base = await self.next_timestamp()
        while not running.is_set():
            await asyncio.sleep(0.05)
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, value in zip(frame.planes, RED, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = time, base
        return frame


async def answered(offer: str) -> tuple[str, str]:
    """The number of a new session, and its answer."""
    number, peer = str(next(numbers)), RTCPeerConnection()
    peers[number] = peer
    peer.addTrack(Pictures())
    await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    return number, peer.localDescription.sdp


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Begin a session."""
        offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
        number, sdp = asyncio.run_coroutine_threadsafe(answered(offer), loop).result()
        self.send_response(201)
        self.send_header("Content-Type", "application/sdp")
        self.send_header("Location", f"/whep/{number}")
        self.send_header("Content-Length", str(len(sdp)))
        self.end_headers()
        self.wfile.write(sdp.encode())

    def do_DELETE(self) -> None:
        """End a session."""
        peer = peers.pop(self.path.rpartition("/")[2], None)
        if peer:
            asyncio.run_coroutine_threadsafe(peer.close(), loop).result()
        print("ended" if peer else "unknown", flush=True)
        self.send_response(200 if peer else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def main() -> None:
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        if running.is_set():
            running.clear()
        else:
            running.set()


main()
