"""What ffmpeg is told and what it answers: sizes, command lines and progress, as pure functions.

JPEGs come in through a pipe; an MP4 that browsers play goes into a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stillcam.films.order import Crop, Order
from stillcam.settings.encoder import HARDWARE as BOARD

NO_FFMPEG = "a film needs ffmpeg: sudo apt install -y ffmpeg"
BITS_PER_PIXEL = 0.15  # of the hardware encoder, which has no constant quality
PROGRESS = ("-progress", "pipe:1")  # on standard output
TICKS = 90_000  # a second, of frames with times of their own
_QUIET = ("-hide_banner", "-nostdin", "-v", "error", "-y")
_MARGIN = 40  # between an overlay and the edges of the film: this fraction of its height
_DEFLICKER = "deflicker=size=9:mode=pm"  # the power mean of nine pictures
_COLOURS = "colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"

Size = tuple[int, int]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


# --- sizes


def most_common_size(sizes: Iterable[Size]) -> Size:
    """The size that most pictures have; the larger one of two that are as common."""
    counted = Counter(sizes)
    return max(counted, key=lambda size: (counted[size], size))


def crop_box(size: Size, crop: Crop | None) -> Box:
    """The visible part of a picture, with even numbers because of chroma subsampling."""
    if crop is None:
        return 0, 0, *size
    x, y, width, height = crop
    left, top = (int(size[0] * x) // 2 * 2, int(size[1] * y) // 2 * 2)
    right = min(size[0], left + max(2, round(size[0] * width) // 2 * 2))
    bottom = min(size[1], top + max(2, round(size[1] * height) // 2 * 2))
    return left, top, right, bottom


def film_size(box: Box, width: int | None) -> Size:
    """The size of a film: no wider than `width` and the visible part; both sides even, as H.264 needs."""
    box_width, box_height = box[2] - box[0], box[3] - box[1]
    film_width = min(width or box_width, box_width)
    return max(2, film_width // 2 * 2), max(2, round(box_height * film_width / box_width / 2) * 2)


# --- command lines


class Overlay(NamedTuple):
    """Raw RGBA pictures that are laid over the lower right corner."""

    descriptor: int  # on which ffmpeg reads them
    size: Size  # of each


@dataclass(frozen=True, slots=True)
class Encoder:
    """An H.264 encoder of ffmpeg."""

    name: str
    options: Callable[[Size, int, int, int], tuple[str, ...]]  # for a size, frames/s, a number of threads, and bit/s
    supports: Callable[[Size], bool] = lambda _: True  # whether it can encode a size at all
    device: str = ""  # the device file that it needs


def _hardware(size: Size, fps: int, _threads: int, bitrate: int) -> tuple[str, ...]:
    return "-b:v", str(bitrate or max(500_000, round(BITS_PER_PIXEL * size[0] * size[1] * fps)))


def _software(size: Size, fps: int, threads: int, bitrate: int) -> tuple[str, ...]:
    # ffmpeg 7 does not tell the encoder the rate of frames with times of their own: H.264's level would be the highest.
    # Pictures that it holds back take the memory. Measured: 250 MB for 1080p; for 12 megapixels 350 MB with none
    # ahead, where it had been 700 MB with four.
    held = (
        "rc-lookahead=10" if size[0] * size[1] <= 1920 * 1088 else "rc-lookahead=0:mbtree=0:bframes=0:ref=1:weightp=0"
    )
    amount = ("-b:v", str(bitrate)) if bitrate else ("-crf", "21")
    return ("-preset", "veryfast", *amount, "-profile:v", "high", "-threads", str(threads),
            "-x264-params", f"{held}:sync-lookahead=0:fps={fps}")  # fmt: skip


ENCODERS = (
    # bcm2835-codec of the Pi 1 to 4: level 4.1, and lines of a multiple of 32 pixels.
    Encoder("h264_v4l2m2m", _hardware, lambda size: size[0] % 32 == 0 and BOARD.accepts(size), "/dev/video11"),
    Encoder("libx264", _software),
)


def film_command(
    ffmpeg: str,
    order: Order,
    encoder: Encoder,
    box: Box,
    size: Size,
    threads: int,
    target: str,
    overlay: Overlay | None = None,
) -> list[str]:
    """The command line that makes a film of the JPEGs on its standard input, all of one size.

    ffmpeg reports its progress on standard output: see `encoded_frames`.

    Args:
        box: the visible part of each picture.
        size: of the film.
        threads: for the encoder.
        target: the name of the file, in its folder.
    """
    overlay_input = () if overlay is None else (
        "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", f"{overlay.size[0]}x{overlay.size[1]}",
        "-framerate", str(order.fps), "-i", f"pipe:{overlay.descriptor}",
    )  # fmt: skip
    return [
        ffmpeg, *_QUIET, *PROGRESS,
        "-noautorotate", "-f", "image2pipe", "-c:v", "mjpeg", "-threads", "1", "-framerate", str(order.fps),
        "-i", "pipe:0", *overlay_input,
        "-an", "-filter_complex_threads", "1", "-filter_complex", filter_graph(order, box, size, overlay),
        *_encoding(encoder, size, order.fps, threads), "-movflags", "+faststart", "-f", "mp4", f"file:{target}",
    ]  # fmt: skip


class Sound(NamedTuple):
    """The sound of a video, recorded beside it."""

    path: Path  # its timestamps are seconds since the epoch
    from_s: float  # the time of the video's first frame, in seconds since the epoch
    duration_s: float  # of the video


def mjpeg_arguments(
    source: Path,
    rate: float,
    encoder: Encoder,
    size: Size,
    threads: int,
    target: Path,
    bitrate: int = 0,
    sound: Sound | None = None,
    pace: Sequence[tuple[int, float]] = (),
) -> list[str]:
    """The arguments by which ffmpeg makes an MP4 of a file of JPEGs, frame by frame; see `encoded_frames`.

    Args:
        rate: frames a second.
        size: of the MP4, as `film_size` gives it; JPEGs with an odd side lose a pixel.
        threads: for the encoder.
        bitrate: in bit/s; 0: a good quality.
        sound: that the MP4 gets.
        pace: numbers of frames and their times in seconds, if their rate changes; it is steady between two of them.
    """
    times = (f"settb=1/{TICKS}", f"setpts='({_time_of(pace, rate)})/TB'") if pace else ()
    rates = ("-fps_mode", "vfr", "-enc_time_base", f"1:{TICKS}") if pace else ("-r", f"{rate:g}")
    filters = (
        *times,
        f"crop={size[0]}:{size[1]}:0:0", "scale=out_range=tv:out_color_matrix=bt709", "format=yuv420p",
        f"setparams={_COLOURS}", "setsar=1",
    )  # fmt: skip
    heard: tuple[str, ...] = ()
    audio: tuple[str, ...] = ("-an",)
    if sound:
        heard = ("-itsoffset", f"{-sound.from_s:.6f}", "-i", f"file:{sound.path}")
        # What precedes the first frame is cut off, and gaps become silence: sound cards have clocks of their own.
        audio = ("-map", "1:a:0", "-af", "aresample=async=1:first_pts=0", "-c:a", "aac", "-b:a", "128k",
                 "-t", f"{sound.duration_s:.3f}")  # fmt: skip
    return [
        *PROGRESS, *(("-copyts",) if sound else ()),
        "-noautorotate", "-f", "mjpeg", "-threads", "1", "-framerate", f"{rate:g}", "-i", f"file:{source}", *heard,
        "-map", "0:v:0", *audio, "-filter_threads", "1", "-vf", ",".join(filters),
        *_encoding(encoder, size, max(1, round(rate)), threads, bitrate),
        *rates,  # without one, ffmpeg takes twice the rate, and each frame twice
        "-movflags", "+faststart", "-f", "mp4", f"file:{target}",
    ]  # fmt: skip


def _time_of(pace: Sequence[tuple[int, float]], rate: float) -> str:
    """The time of a frame in seconds, as ffmpeg's expression of T, its time at the average rate: a binary search."""
    if len(pace) > 2:
        half = len(pace) // 2
        before, after = _time_of(pace[: half + 1], rate), _time_of(pace[half:], rate)
        return f"if(lt(T,{pace[half][0] / rate:.6f}),{before},{after})"
    (frame, time_s), (next_frame, next_s) = pace
    return f"{time_s:.4f}+(T-{frame / rate:.6f})*{(next_s - time_s) * rate / (next_frame - frame):.6f}"


def trial_command(ffmpeg: str, encoder: Encoder, size: Size, fps: int, threads: int) -> list[str]:
    """The command line that encodes a few pictures of a film's size into nothing, to try an encoder."""
    return [
        ffmpeg, *_QUIET, "-f", "lavfi", "-i", f"color=gray:size={size[0]}x{size[1]}:rate={fps}", "-frames:v", "3",
        "-vf", "format=yuv420p", *_encoding(encoder, size, fps, threads), "-f", "null", "-",
    ]  # fmt: skip


def filter_graph(order: Order, box: Box, size: Size, overlay: Overlay | None = None) -> str:
    """The filters: crop, scale (and convert from a JPEG's range to that of videos), deflicker, overlay."""
    left, top, right, bottom = box
    margin = size[1] // _MARGIN
    steps: Sequence[str] = (
        f"[0:v]crop={right - left}:{bottom - top}:{left}:{top}",
        f"scale={size[0]}:{size[1]}:flags=area:out_range=tv:out_color_matrix=bt709",
        "format=yuv420p",
        _DEFLICKER if order.deflicker else "",
        f"null[film];[film][1:v]overlay=main_w-overlay_w-{margin}:main_h-overlay_h-{margin}:format=yuv420"
        if overlay
        else "",
        f"setparams={_COLOURS}",
        "setsar=1",
    )
    return ",".join(filter(None, steps))


def _encoding(encoder: Encoder, size: Size, fps: int, threads: int, bitrate: int = 0) -> tuple[str, ...]:
    return "-c:v", encoder.name, "-pix_fmt", "yuv420p", *encoder.options(size, fps, threads, bitrate)


# --- progress


def encoded_frames(line: bytes) -> int | None:
    """The number of frames in a line `frame=12` of ffmpeg's `-progress`; None: the line is about something else."""
    name, _, value = line.strip().partition(b"=")
    return int(value) if name == b"frame" and value.isdigit() else None
