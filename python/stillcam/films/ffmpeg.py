"""The command line of ffmpeg: JPEGs come in through a pipe, an MP4 that browsers play goes into a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stillcam.films.geometry import Box, Size
from stillcam.films.order import Order
from stillcam.settings.encoder import HARDWARE as BOARD

BITS = 0.15  # for a pixel of a picture, where there is no constant quality
_QUIET = ("-hide_banner", "-nostdin", "-v", "error", "-y")
_MARGIN = 40  # the part of a film's height that is between an overlay and its edges
_DEFLICKER = "deflicker=size=9:mode=pm"  # the power mean of nine pictures
_COLOURS = "colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is laid over the lower right corner of each picture: raw pictures of red, green, blue and opacity.

    Args:
        descriptor: on which ffmpeg gets them.
        size: of each.
    """

    descriptor: int
    size: Size


@dataclass(frozen=True, slots=True)
class Encoder:
    """One that makes H.264.

    Args:
        name: as ffmpeg has it.
        options: its own, of a size, pictures a second, and how many threads it may have.
        fits: whether it can do a size at all.
        device: the file without which it need not be tried; empty: none.
    """

    name: str
    options: Callable[[Size, int, int], tuple[str, ...]]
    fits: Callable[[Size], bool] = lambda _: True
    device: str = ""


def _hardware(size: Size, fps: int, _threads: int) -> tuple[str, ...]:
    return "-b:v", str(max(500_000, round(BITS * size[0] * size[1] * fps)))


def _software(size: Size, _fps: int, threads: int) -> tuple[str, ...]:
    # Pictures that it holds are what takes the memory. Measured: 250 MB for 1080p, and of 12 megapixels
    # 350 MB with none ahead, where it had been 700 MB with four.
    held = (
        "rc-lookahead=10" if size[0] * size[1] <= 1920 * 1088 else "rc-lookahead=0:mbtree=0:bframes=0:ref=1:weightp=0"
    )
    return ("-preset", "veryfast", "-crf", "21", "-profile:v", "high", "-threads", str(threads),
            "-x264-params", f"{held}:sync-lookahead=0")  # fmt: skip


ENCODERS = (
    # bcm2835-codec of the Pi 1 to 4: level 4.1, and lines of a multiple of 32 pixels.
    Encoder(
        "h264_v4l2m2m",
        _hardware,
        lambda size: size[0] % 32 == 0 and BOARD.takes(size),
        "/dev/video11",
    ),
    Encoder("libx264", _software),
)


def film(
    ffmpeg: str,
    order: Order,
    encoder: Encoder,
    box: Box,
    size: Size,
    threads: int,
    target: str,
    overlay: Overlay | None = None,
) -> list[str]:
    """Makes a film of the JPEGs on its standard input, all of one size; on its standard output it says how far it is.

    Args:
        ffmpeg: the program.
        order: what is wanted.
        box: what is seen of each picture.
        size: of the film.
        threads: that it may have.
        target: the name of the file, in its folder.
        overlay: over each picture; None: nothing.
    """
    over = () if overlay is None else (
        "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", f"{overlay.size[0]}x{overlay.size[1]}",
        "-framerate", str(order.fps), "-i", f"pipe:{overlay.descriptor}",
    )  # fmt: skip
    return [
        ffmpeg, *_QUIET, "-progress", "pipe:1",
        "-noautorotate", "-f", "image2pipe", "-c:v", "mjpeg", "-threads", "1", "-framerate", str(order.fps),
        "-i", "pipe:0", *over,
        "-an", "-filter_complex_threads", "1", "-filter_complex", filters(order, box, size, overlay),
        *_made(encoder, size, order.fps, threads), "-movflags", "+faststart", "-f", "mp4", f"file:{target}",
    ]  # fmt: skip


def trial(ffmpeg: str, encoder: Encoder, size: Size, fps: int, threads: int) -> list[str]:
    """Encodes a few pictures of the film's size into nothing: whether the encoder is there, and can do it."""
    return [
        ffmpeg, *_QUIET, "-f", "lavfi", "-i", f"color=gray:size={size[0]}x{size[1]}:rate={fps}", "-frames:v", "3",
        "-vf", "format=yuv420p", *_made(encoder, size, fps, threads), "-f", "null", "-",
    ]  # fmt: skip


def filters(order: Order, box: Box, size: Size, overlay: Overlay | None = None) -> str:
    """What is done with each picture: cut, scaled (and from a JPEG's range to that of videos), evened out, stamped."""
    left, top, right, bottom = box
    steps: Sequence[str] = (
        f"[0:v]crop={right - left}:{bottom - top}:{left}:{top}",
        f"scale={size[0]}:{size[1]}:flags=area:out_range=tv:out_color_matrix=bt709",
        "format=yuv420p",
        _DEFLICKER if order.deflicker else "",
        _over(size) if overlay else "",
        f"setparams={_COLOURS}",
        "setsar=1",
    )
    return ",".join(filter(None, steps))


def _over(size: Size) -> str:
    margin = size[1] // _MARGIN
    return f"null[film];[film][1:v]overlay=main_w-overlay_w-{margin}:main_h-overlay_h-{margin}:format=yuv420"


def _made(encoder: Encoder, size: Size, fps: int, threads: int) -> tuple[str, ...]:
    return "-c:v", encoder.name, "-pix_fmt", "yuv420p", *encoder.options(size, fps, threads)
