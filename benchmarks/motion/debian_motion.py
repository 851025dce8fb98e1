"""Debian's `motion`, on a clip: it requests one JPEG after the other, and its clock shows the time of the clip.

`motion` looks at every frame up to 5 frames a second, beyond that only at three a second: of a clip that is played
faster it would see few frames. Here it takes a picture whenever it is ready for the next one, so that none is left
out. libfaketime gives it a clock that is set with each picture: its seconds are those of the clip.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from clips import FPS, Recording

DEFAULTS = """\
despeckle_filter EedDl
minimum_motion_frames 1
event_gap 60
"""  # as Debian's /etc/motion/motion.conf has them
RECOMMENDED = """\
despeckle_filter EedDl
minimum_motion_frames 2
event_gap 60
lightswitch_percent 50
smart_mask_speed 5
noise_level 16
"""  # what its guide recommends against switched lights and trees, and to find more where there is little noise
_THRESHOLD, _THRESHOLD_PIXELS = 1500, 1280 * 720  # Debian's, and what it is scaled from: it counts pixels
_CONFIGURATION = """\
daemon off
setup_mode off
log_level 4
log_file {folder}/log
target_dir {folder}
netcam_url mjpeg://127.0.0.1:{port}/clip.jpg
netcam_params keepalive=on
width {width}
height {height}
framerate {framerate}
threshold {threshold}
picture_output off
movie_output off
webcontrol_port 0
stream_port 0
{more}
"""
_DETECTED = "on_motion_detected echo detected %H %M %S %q\n"
_MIDNIGHT_S = 1_700_006_400  # of the day on which each clip begins, for `motion`
_FRAMERATE = 30  # up to which it takes pictures; it sleeps for the first ones otherwise, to take fewer
_LIMIT_S = 60.0
_LAST = 3  # so often the last frame is given again, until `motion` has seen it
_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\nConnection: Keep-Alive\r\nContent-Length: %d\r\n\r\n"


def play(recording: Recording, folder: Path, more: str) -> list[float]:
    """Let it watch a clip, as fast as it can.

    Args:
        folder: for its files; is made.
        more: of its configuration: `DEFAULTS` or `RECOMMENDED`.

    Returns:
        the times of frames with motion, in seconds of the clip.

    Raises:
        RuntimeError: it reports an error.
    """
    folder.mkdir()
    clock = folder / "clock"
    clock.touch()
    environ = {
        "LD_PRELOAD": str(fake_time()), "FAKETIME": "%", "FAKETIME_FOLLOW_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
    }  # fmt: skip
    with (
        _camera() as camera,
        _motion(recording, folder, camera.port, more + _DETECTED, environ) as child,
        ThreadPoolExecutor(1) as pool,
    ):
        assert child.stdout
        output = pool.submit(child.stdout.read)
        frames, jpeg = recording.frames(), b""
        for number in range(len(recording.lengths) + _LAST):
            jpeg = next(frames, jpeg)
            camera.await_request()
            moment_s = _MIDNIGHT_S + number // FPS + 1  # libfaketime takes whole seconds, and ends just before them
            os.utime(clock, (moment_s, moment_s))
            camera.answer(jpeg)
        camera.await_request()
        child.kill()
        lines = output.result(_LIMIT_S).decode().splitlines()
    if errors := [line for line in (folder / "log").read_text().splitlines() if "[ERR]" in line or "[CRT]" in line]:
        raise RuntimeError(f"motion: {errors[0]}")
    found = [line.split()[1:] for line in lines if line.startswith("detected")]
    times = [3600 * int(h) + 60 * int(m) + int(s) + int(shot) / FPS for h, m, s, shot in found]
    return sorted(time_s for time_s in times if time_s < recording.seconds)


@contextmanager
def watching(recording: Recording, folder: Path, more: str) -> Iterator[tuple["Camera", int]]:
    """Let it run in real time; the camera from which it takes the frames, and its process ID."""
    folder.mkdir()
    with _camera() as camera, _motion(recording, folder, camera.port, more, {}) as child:
        yield camera, child.pid


def fake_time() -> Path | None:
    """libfaketime, where the package `faketime` has put it."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Camera:
    """An HTTP server that gives one JPEG for each request, on one connection after the other."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._connection: socket.socket | None = None
        self.port: int = listener.getsockname()[1]

    def await_request(self) -> None:
        """Return when the next picture has been requested.

        Raises:
            TimeoutError: it has not.
        """
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            if self._connection is None:
                self._connection, _ = self._listener.accept()
                self._connection.settimeout(_LIMIT_S)
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                request = b""
            got = self._connection.recv(4096)
            request += got
            if not got:
                self.close()

    def answer(self, jpeg: bytes) -> None:
        """Send the picture that was requested."""
        assert self._connection
        self._connection.sendall(_HEAD % len(jpeg) + jpeg)

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


@contextmanager
def _camera() -> Iterator[Camera]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_LIMIT_S)
        camera = Camera(listener)
        try:
            yield camera
        finally:
            camera.close()


@contextmanager
def _motion(
    recording: Recording, folder: Path, port: int, more: str, environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `motion`, ended with the block."""
    width, height = recording.size
    threshold = _THRESHOLD * width * height // _THRESHOLD_PIXELS
    text = _CONFIGURATION.format(
        folder=folder, port=port, width=width, height=height, framerate=_FRAMERATE, threshold=threshold, more=more
    )
    (folder / "conf").write_text(text)
    child = subprocess.Popen(
        ["motion", "-c", str(folder / "conf")], env=os.environ | environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for name in "faketime_shm", "sem.faketime_sem":  # what libfaketime removes at the end of a process
            Path(f"/dev/shm/{name}_{child.pid}").unlink(missing_ok=True)
