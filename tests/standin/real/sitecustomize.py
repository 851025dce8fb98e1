"""Lets the real picamera2 run on tests/standin/libcamera.py: Python imports this first where the folder is on its path.

The library's memory is of files in memory instead of the kernel's contiguous memory, frames are drawn into it, and
it takes itself to be on a Pi 5, which encodes in software. PiDNG writes to a file, as that of Raspberry Pi OS does.
docs/reference/drivers.md says how to use it.
"""

import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

for absent in ("prctl", "pykms"):  # ends ffmpeg with us; draws on a screen
    sys.modules[absent] = MagicMock()


def _platform(module: Any) -> None:
    module._platform = module.Platform.PISP


def _heap(module: Any) -> None:
    class Heap:
        """Gives memory that the fake camera can write to."""

        isValid = True  # noqa: N815 - the library's name

        def alloc(self, name: str, size: int) -> Any:
            """A descriptor of it.

            Raises:
                OSError: there is no more.
            """
            from stillcam.camera.simulated.faults import FaultSource

            limit = FaultSource(os.environ).read().cma_mb << 20
            if size + _allocated() > limit:
                raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
            fd = os.memfd_create(name)
            os.ftruncate(fd, size)
            return module.UniqueFD(fd)

        def close(self) -> None:
            """Nothing is kept."""

    module.DmaHeap = Heap


def _allocated() -> int:
    """How large the frames' memory is together: it is free once its files and maps, which hold them too, are closed."""
    files = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    frames = [os.stat(file) for file in files if os.path.lexists(file) and "memfd" in os.readlink(file)]
    return sum({status.st_ino: status.st_size for status in frames}.values())


def _allocator(module: Any) -> None:
    module.fcntl = SimpleNamespace(ioctl=lambda *_: 0)  # there are no caches to be written back


def _camera(module: Any) -> None:
    """Have frames drawn into the buffers of the streams."""
    complete = module.Request.complete

    def drawn(request: Any, *source: Any) -> None:
        complete(request, *source)
        for stream, buffer in request.buffers.items():
            configuration = stream.configuration
            if configuration.role is not module.StreamRole.Raw:
                os.pwrite(buffer.planes[0].fd, _pixels(request.frame.image, configuration), 0)

    module.Request.complete = drawn


def _pixels(image: Any, configuration: Any) -> bytes:
    form, size = str(configuration.pixel_format), (configuration.size.width, configuration.size.height)
    if image.size != size:
        image = image.resize(size)
    if form == "MJPEG":
        jpeg = io.BytesIO()
        image.convert("RGB").save(jpeg, "JPEG")
        return jpeg.getvalue()
    if form != "YUV420":
        return bytes(image.convert("RGB").tobytes())
    image = image.convert("YCbCr")
    if int(configuration.color_space.range):  # limited
        luma, chroma = range(256), range(256)
        tables = [round(16 + value * 219 / 255) for value in luma]
        image = image.point(tables + [round(128 + (value - 128) * 224 / 255) for value in chroma] * 2)
    planes = bytearray()
    for band, divisor in zip(image.split(), (1, 2, 2), strict=True):
        width, stride = size[0] // divisor, configuration.stride // divisor
        pixels = band.resize((width, size[1] // divisor)).tobytes()
        for at in range(0, len(pixels), width):
            planes += pixels[at : at + width].ljust(stride, b"\0")
    return bytes(planes)


def _dng(module: Any) -> None:
    """Have pip's PiDNG write to a file, as that of Raspberry Pi OS does."""
    convert = module.PICAM2DNG.convert

    def converted(self: Any, image: Any, filename: str = "", file: Any = None) -> Any:
        data = convert(self, image, filename)
        if file is not None:
            file.write(data)
        return data

    module.PICAM2DNG.convert = converted


CHANGES: dict[str, Callable[[Any], None]] = {
    "picamera2.platform": _platform,
    "picamera2.dma_heap": _heap,
    "picamera2.allocators.dmaallocator": _allocator,
    "libcamera": _camera,
    "pidng.core": _dng,
}


class Finder:
    """Changes modules once they are loaded."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """As the usual finder, for the modules that are changed."""
        spec = PathFinder.find_spec(name, path, target) if name in CHANGES else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def loaded(module: ModuleType) -> None:
            load(module)
            CHANGES[name](module)

        spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Finder)
