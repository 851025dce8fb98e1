"""The words in the picture: SIMULATED, the camera and its settings, the number of the frame, a clock.

The number makes any two pictures different, as the noise of a real sensor does, even within a hundredth of a second.
"""

from datetime import datetime

from PIL import Image, ImageDraw

from stillcam.common.fonts import font

BAR = 0.072  # of the picture's height, or of what its width allows
DARK = (14, 20, 30)
AMBER = (255, 188, 66)
WHITE = (246, 248, 250)
GREY = (178, 190, 202)
SHADE = 0.74
NUMBERS = 10_000  # then they begin again


class Overlay:
    """A bar along the lower edge of the pictures that have this background, with a text in it."""

    def __init__(self, background: Image.Image, text: str) -> None:
        self._height = min(background.height, max(14, round(BAR * min(background.height, background.width * 0.62))))
        self._top = background.height - self._height
        strip = background.crop((0, self._top, background.width, background.height))
        self._clock_left = self._number_right = 0
        self._bar = self._lettered(Image.blend(strip, Image.new("RGB", strip.size, DARK), SHADE), text)

    def draw(self, image: Image.Image, moment: datetime, number: int) -> None:
        """Draw the bar, the clock and the frame's number into `image`."""
        image.paste(self._bar, (0, self._top))
        clock = f"{moment:%H:%M:%S}.{moment.microsecond // 10_000:02d}"
        draw, middle = ImageDraw.Draw(image), self._top + self._height * 0.5
        draw.text((self._clock_left, middle), clock, fill=WHITE, font=font(round(self._height * 0.56)), anchor="lm")
        small = font(round(self._height * 0.38))
        draw.text((self._number_right, middle), f"#{number % NUMBERS}", fill=GREY, font=small, anchor="rm")

    def _lettered(self, bar: Image.Image, text: str) -> Image.Image:
        """The bar without the clock; of the text, as many of its parts as there is room for."""
        draw = ImageDraw.Draw(bar)
        pad, middle = self._height * 0.34, self._height * 0.5
        face = font(round(self._height * 0.56))
        self._clock_left = round(bar.width - pad - draw.textlength("00:00:00.00", font=face))
        label = font(round(self._height * 0.4))
        length = draw.textlength("SIMULATED", font=label)
        badge = (pad, self._height * 0.2, pad * 2 + length, self._height * 0.8)
        draw.rounded_rectangle(badge, radius=self._height * 0.12, fill=AMBER)
        draw.text((pad * 1.5, middle), "SIMULATED", fill=DARK, font=label, anchor="lm")
        small = font(round(self._height * 0.38))
        self._number_right = round(self._clock_left - pad)
        left = badge[2] + pad
        room = self._number_right - draw.textlength(f"#{NUMBERS - 1}", font=small) - pad - left
        words = text.split("   ")
        while words and draw.textlength("   ".join(words), font=small) > room:
            words.pop()
        draw.text((left, middle), "   ".join(words), fill=GREY, font=small, anchor="lm")
        return bar
