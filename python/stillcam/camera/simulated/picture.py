"""Temporary picture; replaced soon."""

import io
import time
from dataclasses import dataclass

from PIL import Image, ImageDraw

from stillcam.camera.simulated.metadata import Metadata
from stillcam.camera.simulated.options import Options
from stillcam.camera.simulated.sensors import Sensor


@dataclass
class Frame:
    image: Image.Image
    metadata: Metadata


class Picture:
    def __init__(self, sensor: Sensor, options: Options) -> None:
        self._sensor = sensor
        self._options = options
        width, height = sensor.size
        self.size = (options.width or width, options.height or height)

    def take(self, frozen: bool) -> Frame:
        image = Image.new("RGB", self.size, (90, 130, 170))
        text = "SIMULATED" if frozen else f"SIMULATED {time.time():.2f}"
        ImageDraw.Draw(image).text((20, 20), text, fill="white")
        stamp = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return Frame(image, {"SensorTimestamp": stamp, "ExposureTime": 9990, "AnalogueGain": 1.0, "LensPosition": 1.5})

    def encode(self, frame: Frame) -> bytes:
        buffer = io.BytesIO()
        frame.image.save(buffer, "JPEG", quality=getattr(self._options, "quality", 93))
        return buffer.getvalue()

    def raw(self, frame: Frame) -> bytes:
        return b""
