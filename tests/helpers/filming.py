"""A daemon that makes films of a series whose pictures a test has painted."""

import contextlib
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from capture_daemon import IdleDaemon
from magenta import EACH_ONCE
from PIL import Image
from series_folders import file_of, make_series

from stillcam.common.paths import Paths
from stillcam.films.record import Film
from stillcam.films.store import FilmStore
from stillcam.ipc.protocol import Message

SIZE = (320, 180)
Colour = tuple[int, int, int]


class FilmDaemon(IdleDaemon):
    """A daemon with a series Garden, which is over, and without a camera: `attach` one where it counts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.attach("")
        self.paths = Paths(self.images, self.data)
        self.store = FilmStore(self.paths)
        self.garden = self.paths.series / "Garden"

    def open(self, **environ: str) -> None:
        """Start the daemon, and wait until it answers, and for a picture if it has a camera."""
        if self.cameras:
            super().open(**environ)
        else:
            self.start(**environ)
            self.until(lambda status: status["mode"] == "no camera")

    def shots(self, count: int, colour: Callable[[int], Colour], **definition: Any) -> None:
        """The series, with a shot a minute from 2026-11-20T08:00Z on, each of one colour."""
        make_series(self.paths.series, count, state="finished", **definition)
        for n in range(1, count + 1):
            self.paint(n, colour(n))

    def paint(self, n: int, colour: Colour, size: tuple[int, int] = SIZE) -> None:
        """Another picture for a shot."""
        (self.garden / "frames" / file_of(n)).write_bytes(_jpeg(colour, size))

    def move_shots(self, day: str) -> None:
        """Have the shots taken on another day, at noon; their files keep their names."""
        manifest = self.garden / "manifest.jsonl"
        manifest.write_text(manifest.read_text().replace("2026-11-20T08:", f"{day}T12:"))

    def order(self, **order: Any) -> Film:
        """Order a film of the series; as it is then."""
        return self.film_called(self.ask_films("make", order={"series": "Garden", **order})["film"]["id"])

    def ask_films(self, do: str, **more: Any) -> Message:
        """What the daemon answers."""
        return self.ask("film", do=do, **more)

    def film_called(self, id_: str) -> Film:
        return self.store.find(id_)

    def made(self, **order: Any) -> tuple[Film, Path]:
        """Order one, and wait for it."""
        return self.until_made(self.order(**order).id)

    def until_made(self, id_: str) -> tuple[Film, Path]:
        """The film once it is done, and its file."""
        film = self.until_state(id_, "done")
        return film, self.store.file_path(film)

    def until_state(self, id_: str, *states: str) -> Film:
        """The film once it is in one of these states."""
        self.until(lambda _: self.film_called(id_).state in (*states, "failed"))
        film = self.film_called(id_)
        assert film.state in states, film.error
        return film

    def slow(self) -> dict[str, str]:
        """The environment of a daemon whose ffmpeg takes no more pictures a second than its film shows."""
        folder = self.data.parent / "slow"
        folder.mkdir(exist_ok=True)
        wrapper = folder / "ffmpeg"
        wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ffmpeg")} -re "$@"\n')
        wrapper.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    def until_midway(self, id_: str) -> Film:
        """The film once it is under way, as its record tells."""
        self.until(lambda _: 0 < self.film_called(id_).progress < 1)
        return self.film_called(id_)

    def workers(self) -> list[int]:
        """The processes that make a film."""
        found = []
        for process in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                folder = (process / "cwd").readlink() if process.name.isdigit() else Path()
                if folder == self.data or (folder.parent.name == "films" and folder.is_relative_to(self.data)):
                    found.append(int(process.name))
        return found

    def child(self) -> int:
        """The one that the daemon has started; the others are its children."""
        assert self.process is not None
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        started = {int(pid) for file in threads for pid in file.read_text().split()}
        (child,) = started.intersection(self.workers())
        return child

    def until_gone_all(self, pids: list[int]) -> None:
        """Wait until these processes have ended."""
        for pid in pids:
            self.until_gone(pid)

    def left(self) -> list[str]:
        """All that lies beside the films."""
        return sorted(path.name for path in self.store.folder("Garden").iterdir())


@cache
def _jpeg(colour: Colour, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of the one stream of a film; its frames are counted, not believed."""
    wanted = "stream=codec_name,profile,width,height,pix_fmt,color_space,color_range,avg_frame_rate,nb_read_frames"
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", wanted, "-of", "json", str(path)]
    (stream,) = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)["streams"]
    return dict(stream)


def frames_of(path: Path, size: tuple[int, int]) -> list[Image.Image]:
    """All pictures of a film."""
    argv = ["ffmpeg", "-v", "error", "-i", str(path), *EACH_ONCE, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data, step = subprocess.run(argv, capture_output=True, check=True).stdout, size[0] * size[1] * 3
    return [Image.frombytes("RGB", size, data[at : at + step]) for at in range(0, len(data), step)]
