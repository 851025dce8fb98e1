"""The options of rpicam-still and rpicam-vid 1.12, as dataclass fields: a field is a row of the table.

An option's name is its field's with dashes; its kind is its field's type; its default is the
program's. Values that the programs check are checked by `checks`, with their texts.
"""

from dataclasses import Field, dataclass, field
from typing import Any

from stillcam.camera.simulated import values


def _option(default: Any, short: str = "", *, bare: str | None = None) -> Any:
    """A row: the default, the one-letter form, and the value that the option has when none follows it."""
    return field(default=default, metadata={"short": short, "bare": bare})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What both programs take (rpicam-apps core/options.cpp)."""

    help: bool = _option(False, "h")
    version: bool = _option(False)
    list_cameras: bool = _option(False)
    camera: int = _option(0)
    verbose: int = _option(1, "v", bare="2")
    config: str = _option("", "c", bare="config.txt")
    info_text: str = _option("")
    width: int = _option(0)
    height: int = _option(0)
    timeout: str = _option("5sec", "t")
    output: str = _option("", "o")
    post_process_file: str = _option("")
    post_process_libs: str = _option("")
    preview_libs: str = _option("")
    encoder_libs: str = _option("")
    nopreview: bool = _option(False, "n")
    preview: str = _option("0,0,0,0", "p")
    fullscreen: bool = _option(False, "f")
    qt_preview: bool = _option(False)
    hflip: bool = _option(False)
    vflip: bool = _option(False)
    rotation: int = _option(0)
    roi: str = _option("0,0,0,0")
    shutter: str = _option("0")
    analoggain: float = _option(0.0)
    gain: float = _option(0.0)
    metering: str = _option("centre")
    exposure: str = _option("normal")
    ev: float = _option(0.0)
    awb: str = _option("auto")
    awbgains: str = _option("0,0")
    ccm: str = _option("")
    flush: bool = _option(False)
    wrap: int = _option(0)
    brightness: float = _option(0.0)
    contrast: float = _option(1.0)
    saturation: float = _option(1.0)
    sharpness: float = _option(1.0)
    framerate: float = _option(-1.0)
    denoise: str = _option("auto")
    viewfinder_width: int = _option(0)
    viewfinder_height: int = _option(0)
    tuning_file: str = _option("-")
    lores_width: int = _option(0)
    lores_height: int = _option(0)
    lores_par: bool = _option(False)
    mode: str = _option("")
    viewfinder_mode: str = _option("")
    buffer_count: int = _option(0)
    viewfinder_buffer_count: int = _option(0)
    no_raw: bool = _option(False)
    autofocus_mode: str = _option("default")
    autofocus_range: str = _option("normal")
    autofocus_speed: str = _option("normal")
    autofocus_window: str = _option("0,0,0,0")
    lens_position: str = _option("")
    hdr: str = _option("off", bare="auto")
    metadata: str = _option("")
    metadata_format: str = _option("json")
    flicker_period: str = _option("0s")

    @property
    def timeout_s(self) -> float:
        """Seconds to run; 0 for ever."""
        return values.seconds(self.timeout, 1e-3)

    @property
    def shutter_us(self) -> float:
        """Manual ExposureTime in µs; 0: automatic."""
        return values.seconds(self.shutter, 1e-6) * 1e6

    @property
    def flicker_us(self) -> float:
        """AeFlickerPeriod in µs; 0: off."""
        return values.seconds(self.flicker_period, 1e-6) * 1e6

    @property
    def manual_gain(self) -> float:
        """Manual AnalogueGain; 0: automatic. `--analoggain` and `--gain` are one."""
        return self.gain or self.analoggain

    @property
    def focus_on_capture(self) -> bool:
        """Only stills can."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOptions(Options):
    """What only rpicam-still takes (core/still_options.hpp)."""

    quality: int = _option(93, "q")
    timelapse: str = _option("0ms")
    framestart: int = _option(0)
    datetime: bool = _option(False)
    timestamp: bool = _option(False)
    restart: int = _option(0)
    keypress: bool = _option(False, "k")
    signal: bool = _option(False, "s")
    thumb: str = _option("320:240:70")
    encoding: str = _option("jpg", "e")
    raw: bool = _option(False, "r")
    latest: str = _option("")
    immediate: bool = _option(False)
    autofocus_on_capture: bool = _option(False)
    zsl: bool = _option(False)

    @property
    def timelapse_s(self) -> float:
        """Seconds between captures; 0: one capture."""
        return values.seconds(self.timelapse, 1e-3)

    @property
    def focus_on_capture(self) -> bool:
        return self.autofocus_on_capture


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions(Options):
    """What only rpicam-vid takes (core/video_options.hpp)."""

    bitrate: str = _option("0bps", "b")
    profile: str = _option("")
    level: str = _option("")
    intra: int = _option(0, "g")
    inline: bool = _option(False)
    codec: str = _option("h264")
    save_pts: str = _option("")
    quality: int = _option(50, "q")
    listen: bool = _option(False, "l")
    keypress: bool = _option(False, "k")
    signal: bool = _option(False, "s")
    initial: str = _option("record", "i")
    split: bool = _option(False)
    segment: int = _option(0)
    circular: int = _option(0, bare="4")
    frames: int = _option(0)
    libav_video_codec: str = _option("h264_v4l2m2m")
    libav_video_codec_opts: str = _option("")
    libav_format: str = _option("")
    libav_audio: bool = _option(False)
    audio_codec: str = _option("aac")
    audio_source: str = _option("pulse")
    audio_device: str = _option("default")
    audio_channels: int = _option(0)
    audio_bitrate: str = _option("32kbps")
    audio_samplerate: int = _option(0)
    alsa_period_size: int = _option(2048)
    av_sync: str = _option("0us")
    low_latency: bool = _option(False)
    sync: str = _option("off")

    @property
    def bits_per_second(self) -> int:
        """Wanted bitrate; 0: the encoder's choice."""
        return values.bitrate(self.bitrate)


def name_of(row: Field[Any]) -> str:
    """The long form without its dashes."""
    return row.name.replace("_", "-")
