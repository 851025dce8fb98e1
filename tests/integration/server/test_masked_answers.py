"""No answer of the server shows what is under a privacy mask: stream, items, thumbnails, shots, films."""

import io
import socket
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from capture_daemon import IdleDaemon
from magenta import frames_of, magenta_in
from people import register
from PIL import Image
from running_series import Series
from serving import Site

from stillcam.frames.jpeg import JpegSplitter

MARKER = "2100,1400 2700,2000"  # pixels of an imx519, which has 4656x3496
SETTINGS: dict[str, Any] = {
    "camera": {"rotation": 270, "vflip": True},
    "controls": {"ScalerCrop": [1600, 1100, 1600, 1200]},
    "live": {"width": 320, "framerate": 1},  # the simulated camera is 20 times as fast
    "photo": {"width": 640},
    "motion": {"after_s": 1, "record": "both"},
    "access": {"watch": "anyone"},
}


@pytest.fixture
def served(idle_daemon: IdleDaemon) -> Iterator[Site]:
    idle_daemon.fault(marker=MARKER)
    with Site(idle_daemon.data.parent) as site:
        idle_daemon.settings(**SETTINGS, privacy={"masks": [MARKER]})
        idle_daemon.open()
        yield site
        assert idle_daemon.end() == 0


def stream(site: Site, path: str, frames: int) -> list[bytes]:
    """The first frames of a stream."""
    with site.connect() as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n".encode())
        splitter = JpegSplitter()
        found: list[bytes] = []
        while len(found) < frames:
            data = link.recv(65536)
            assert data
            found += splitter.feed(data)
        return found


def test_no_answer_shows_what_is_under_a_mask(served, idle_daemon, tmp_path):
    owner = register(served)
    _check_fields_of_stamp(owner, served)
    pictures = {"snapshot": [owner.ask("/snapshot")[1]], "current": [owner.ask("/images/current.jpg")[1]]}
    pictures["stream"] = stream(served, "/stream", 3)
    pictures["small stream"] = stream(served, "/stream?width=320", 3)
    pictures["preview of a stamp"] = [owner.ask("/api/stamp/preview", "POST", {})[1]]
    idle_daemon.ask("photo", count=1)
    idle_daemon.ask("trigger", seconds=1)
    garden = Series(idle_daemon, interval_s=1, shots=3).over()
    idle_daemon.until(lambda _: len(served_items(owner)) >= 3)
    for item in served_items(owner):
        files = [item["id"], *filter(None, [item.get("preview")])]
        for address in files:
            _, data = owner.ask(f"/library/{address}")
            if address.endswith(".mp4"):
                video = tmp_path / "answer.mp4"
                video.write_bytes(data)
                pictures[address] = frames_of(video)
            else:
                pictures[address] = [data]
        pictures[f"thumbnail of {item['id']}"] = [owner.ask(f"/library/{item['id']}?thumbnail")[1]]
    for shot in (1, 3):
        pictures[f"shot {shot}"] = [owner.ask(f"/series/{garden.name}/shots/{shot}")[1]]
    _, archive = owner.ask(f"/series/{garden.name}/zip")
    if archive.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(archive)) as files_:
            pictures |= {name: [files_.read(name)] for name in files_.namelist() if name.endswith(".jpg")}
    for kind in ("film", "sheet"):
        status, film = owner.call("/api/films", "POST", {"kind": kind, "series": garden.name})
        assert status in (201, 202), film
        made = served.until(lambda film=film: finished(owner, film["id"]))
        _, data = owner.ask(f"/films/{made['id']}")
        target = tmp_path / f"{kind}.{'mp4' if kind == 'film' else 'jpg'}"
        target.write_bytes(data)
        pictures[kind] = frames_of(target) if kind == "film" else [data]
    shares = {name: max(map(magenta_in, found)) for name, found in pictures.items()}
    assert len(shares) >= 12
    assert {name: share for name, share in shares.items() if share} == {}


def _check_fields_of_stamp(owner: Any, served: Site) -> None:
    """The fields of a preview have their real values: written out, they give the same box."""

    def with_metadata() -> Any:
        """The status once it has those of a snapshot: there are none while the camera program changes."""
        capture = owner.call("/api/status")[1]["capture"]
        return capture["mode"] == "snapshot" and "SensorTemperature" in capture["metadata"] and capture

    capture = served.until(with_metadata)
    values = socket.gethostname(), capture["camera"]["model"], f"{capture['metadata']['SensorTemperature']:.0f} °C"
    boxes = []
    for text in ("{name} {camera} {temperature}", " ".join(values)):
        _, data = owner.ask("/api/stamp/preview", "POST", {"text": text, "corner": "top-left", "size": 20})
        with Image.open(io.BytesIO(data)) as image:
            boxes.append(image.convert("L").crop((0, 0, image.width // 2, image.height // 8)).tobytes())
    assert boxes[0] == boxes[1]


def served_items(owner: Any) -> list[dict[str, Any]]:
    status, page = owner.call("/api/library")
    assert status == 200
    found: list[dict[str, Any]] = page["items"]
    return found


def finished(owner: Any, film: str) -> dict[str, Any] | None:
    _, answer = owner.call(f"/api/films/{film}")
    assert answer["state"] != "failed", answer
    return answer if answer["state"] == "done" else None
