"""Arithmetic on pictures with one float a pixel (mode F), by Pillow's C code."""

from __future__ import annotations

from PIL import Image, ImageMath


def mixed(image: Image.Image, other: Image.Image, share: float) -> Image.Image:
    """A share of another picture, which may be of mode L, and the rest of a picture of mode F."""
    return added(image.point(lambda value: value * (1 - share)), other.convert("F").point(lambda value: value * share))


if hasattr(ImageMath, "lambda_eval"):  # from Pillow 10.3 on

    def added(image: Image.Image, other: Image.Image) -> Image.Image:
        """The sum of two pictures of mode F."""
        result: Image.Image = ImageMath.lambda_eval(lambda operands: operands["a"] + operands["b"], a=image, b=other)
        return result

else:  # Debian 12 has 9.4

    def added(image: Image.Image, other: Image.Image) -> Image.Image:
        """The sum of two pictures of mode F."""
        result: Image.Image = ImageMath.eval("a + b", a=image, b=other)  # type: ignore[attr-defined]
        return result
