"""From light to pixels: exposure, white balance, colour, contrast, sharpness, noise."""

import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from stillcam.camera.simulated.exposure import Balance, Exposure
from stillcam.camera.simulated.options import Options, numbers

LUMA = (0.299, 0.587, 0.114)
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
HIGHEST = 15.99  # what rpicam-apps clamps contrast, saturation and sharpness to
DENOISE = {"off": 1.0, "cdn_off": 0.8, "cdn_fast": 0.55, "cdn_hq": 0.4, "auto": 0.4}
COLOUR_NOISE = ("off", "cdn_off")
NOISE = 0.8  # standard deviation at gain 1 without denoising, in 8-bit steps
INVISIBLE = 0.5
TILE = 512


@dataclass(frozen=True, slots=True)
class Tone:
    """The processing of one frame's pixels; equal tones process equally."""

    before: tuple[int, ...]
    matrix: tuple[float, ...]
    after: tuple[int, ...]
    sharpness: float
    noise: float
    colour_noise: bool

    def develop(self, image: Image.Image) -> Image.Image:
        """`image` (the scene as it is, RGB) as the camera gives it, without noise."""
        image = image.point(self.before)
        if self.matrix != IDENTITY:
            red, green, blue = self.matrix[:3], self.matrix[3:6], self.matrix[6:]
            image = image.convert("RGB", (*red, 0, *green, 0, *blue, 0))
        if self.after != tuple(range(256)) * 3:
            image = image.point(self.after)
        if self.sharpness < 1:
            return Image.blend(image.filter(ImageFilter.BoxBlur(1)), image, self.sharpness)
        if self.sharpness > 1:
            return image.filter(
                ImageFilter.UnsharpMask(radius=1.2, percent=round(45 * (self.sharpness - 1)), threshold=0)
            )
        return image


def tone(options: Options, exposure: Exposure, balance: Balance) -> Tone:
    """The processing that the options, the exposure and the white balance ask for."""
    red, blue = balance.cast
    before = [
        step
        for gain in (exposure.brightness * red, exposure.brightness, exposure.brightness * blue)
        for step in _exposed(gain, wide=options.hdr != "off")
    ]
    contrast, brightness = _clamped(options.contrast), min(1.0, max(-1.0, options.brightness))
    after = [_byte((value / 255 - 0.5) * contrast + 0.5 + brightness) for value in range(256)]
    gain = exposure.analogue_gain * exposure.digital_gain
    return Tone(
        tuple(before),
        _colours(numbers(options.ccm, 9) or IDENTITY, _clamped(options.saturation)),
        tuple(after) * 3,
        _clamped(options.sharpness),
        NOISE * gain**0.75 * DENOISE[options.denoise],
        options.denoise in COLOUR_NOISE,
    )


class Noise:
    """Grain for pictures, cut from one tile at places drawn by chance."""

    def __init__(self) -> None:
        self._tile: Image.Image | None = None
        self._sigma = 0.0

    def add(self, image: Image.Image, tone: Tone, seed: int) -> Image.Image:
        """`image` with the tone's noise; the same for the same seed."""
        if tone.noise < INVISIBLE:
            return image
        if self._tile is None or self._sigma != tone.noise:
            self._sigma = tone.noise
            self._tile = Image.effect_noise((TILE, TILE), tone.noise)
        chooser = random.Random(seed)
        first = self._field(image.size, chooser)
        bands = (first, *(self._field(image.size, chooser) if tone.colour_noise else first for _ in range(2)))
        return ImageChops.add(image, Image.merge("RGB", bands), 1, -128)

    def _field(self, size: tuple[int, int], chooser: random.Random) -> Image.Image:
        assert self._tile is not None
        field = Image.new("L", size)
        right, down = chooser.randrange(TILE), chooser.randrange(TILE)
        for x in range(-right, size[0], TILE):
            for y in range(-down, size[1], TILE):
                field.paste(self._tile, (x, y))
        return field


def linear(value: float) -> float:
    """sRGB (0 to 1) to light."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _exposed(gain: float, *, wide: bool) -> list[int]:
    """The curve for one channel; light above what the sensor holds is cut off, `wide` compresses it instead."""
    curve = []
    for value in range(256):
        light = linear(value / 255) * gain
        if wide:
            light = light * 1.6 / (1 + 0.6 * light)
        curve.append(_byte(_encoded(min(1.0, light))))
    return curve


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _colours(matrix: tuple[float, ...], saturation: float) -> tuple[float, ...]:
    """The colour correction, then the saturation, as one matrix."""
    mixed = []
    for row in range(3):
        for column in range(3):
            grey = sum(LUMA[part] * matrix[3 * part + column] for part in range(3))
            mixed.append(round(grey + saturation * (matrix[3 * row + column] - grey), 6))
    return tuple(mixed)


def _clamped(value: float) -> float:
    return min(HIGHEST, max(0.0, value))


def _byte(value: float) -> int:
    return min(255, max(0, round(value * 255)))
