"""How the simulated camera is made to misbehave: a JSON object in a file or in the environment.

`faults.json` in the camera's folder is read before each frame, so a running program can be made to fail and to
recover: `echo '{"stall_after": 3}' >data/run/simulated/faults.json`. `STILLCAM_SIMULATED_FAULTS` has the same JSON for
one process, and takes precedence. Without a file there are no faults; an incomplete file is ignored.
"""

import contextlib
import json
import os
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stillcam.camera.simulated import FAULTS, FAULTS_FILE
from stillcam.camera.simulated.program import Failure
from stillcam.camera.simulated.sensors import Sensor, sensors_of

FOLDER = "STILLCAM_SIMULATED_DIR"


@dataclass(frozen=True, slots=True)
class Faults:
    """One set of misbehaviours; the defaults are none."""

    cameras: str = "imx519 imx219"  # the models of the camera modules that are attached (`sensors.MODULES`)
    no_camera: bool = False  # nothing is attached
    busy: bool = False  # another process holds the camera
    stall_after: int | None = None  # after so many captures (or frames of video) the sensor gives no more
    die_after: int | None = None  # after so many captures (or frames) the program dies …
    die_signal: int = 0  # … of this signal, if not 0 …
    die_exit: int = 255  # … else with this exit status
    half_file_every: int = 0  # every Nth picture is truncated to half
    garbage_every: int = 0  # every Nth picture is noise of the same length
    disk_full: bool = False  # there is no space for a picture
    slow_s: float = 0.0  # seconds that each capture takes more
    first_s: float = 0.0  # seconds that the first one of a program takes more
    start_s: float = 0.0  # seconds that opening the camera takes more
    start_error: str = ""  # the error with which a program ends when it configures a picture …
    start_error_width: int = 0  # … at least so wide …
    start_error_times: int = 0  # … and how often; 0: always
    tensor: int = 0  # the metadata of each picture hold so many numbers more, as an IMX500's
    frozen: bool = False  # the sensor repeats one picture
    cma_mb: int = 256  # contiguous memory for frames, in MB; a board may be set up with 64
    no_encoder: bool = False  # libav does not encode, as on some systems after an update (rpicam-apps 643 and 896)
    no_microphone: bool = False  # there is none
    ignore_term: bool = False  # SIGTERM does nothing
    light: float = 1.0  # how bright the scene is; automatic exposure follows within some frames
    nearer: float = 0.0  # all of the scene is so many dioptres nearer than it is drawn
    no_boat: bool = False  # no boat sails through the scene
    walk_every_s: float = 0.0  # a person walks through the scene every so many seconds (of the time since 1970) …
    walk_s: float = 5.0  # … and takes so long
    marker: str = ""  # something magenta is there: two corners in pixels of the sensor, "0,0 800,600"
    speed: float = 1.0  # all simulated latencies are divided by it
    lacks: str = ""  # options (`ccm metadata`) that the program does not have, as an older one

    def sensors(self) -> tuple[Sensor, ...]:
        """The sensors of the cameras that are attached."""
        return () if self.no_camera else sensors_of(self.cameras)

    def delay_s(self, captures: int) -> float:
        """Seconds that a capture takes more, after so many of the same program."""
        return self.slow_s + (0.0 if captures else self.first_s)

    def walked(self, moment_s: float) -> float | None:
        """How far a person has walked through the scene at that time (0 to 1); None: nobody is there."""
        if not self.walk_every_s or (since_s := moment_s % self.walk_every_s) >= self.walk_s:
            return None
        return since_s / self.walk_s

    def corrupt(self, number: int, data: bytes) -> bytes:
        """The bytes of picture `number`, from 1, as they are written."""
        if self.garbage_every and number % self.garbage_every == 0:
            return random.Random(number).randbytes(len(data))
        if self.half_file_every and number % self.half_file_every == 0:
            return data[: len(data) // 2]
        return data

    def die(self, captures: int) -> None:
        """End this process after its last permitted capture."""
        if self.die_after is None or captures < self.die_after:
            return
        if self.die_signal:
            signal.signal(self.die_signal, signal.SIG_DFL)
            os.kill(os.getpid(), self.die_signal)
        os._exit(self.die_exit)


class FaultSource:
    """Where the faults of this process come from; `folder` has the cameras' locks too, and is made if missing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = _folder(environ)
        self._path = self.folder / FAULTS_FILE
        self._fixed = _parse(environ[FAULTS]) if environ.get(FAULTS) else None
        self._text, self._faults = b"", Faults()

    def read(self) -> Faults:
        """The faults of now."""
        if self._fixed is not None:
            return self._fixed
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            text = b"{}"
        except OSError as error:
            raise Failure(f"{self._path}: {error.strerror}") from None
        if text != self._text:
            self._text = text
            with contextlib.suppress(ValueError):  # half written
                self._faults = _checked(json.loads(text), str(self._path))
        return self._faults


def _folder(environ: Mapping[str, str]) -> Path:
    given = environ.get(FOLDER)
    if not given:
        import tempfile  # and with it all that compresses

        given = f"{tempfile.gettempdir()}/stillcam-simulated-{os.getuid()}"
    path = Path(given)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; {FOLDER} names the folder of the simulated camera") from None
    return path


def _parse(text: str) -> Faults:
    try:
        return _checked(json.loads(text), FAULTS)
    except ValueError as error:
        raise Failure(f"{FAULTS}: not JSON: {error}") from None


def _checked(document: Any, source: str) -> Faults:
    if not isinstance(document, dict):
        raise Failure(f'{source}: must be an object like {{"busy": true}}')
    known = {row.name: row.default for row in fields(Faults)}
    for name, value in document.items():
        if name not in known:
            raise Failure(f"{source}: unknown fault {name!r}; known are {', '.join(known)}")
        if not _fits(known[name], value):
            raise Failure(f"{source}: {name} cannot be {json.dumps(value)}")
    return Faults(**document)


def _fits(default: Any, value: Any) -> bool:
    if isinstance(default, bool | str):
        return isinstance(value, type(default))
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return value is None and default is None
    return isinstance(value, int) if not isinstance(default, float) else default == 0 or value > 0
