"""The table of settings.

The dataclasses below are the table: a field has its default, range, unit and explanation with it; validation
(`document`) and documentation come from there.
"""

from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any

from stillcam.settings import value_checks
from stillcam.settings.controls import Values
from stillcam.settings.stamp_text import FIELDS as STAMP_FIELDS

SHARED_SECTIONS = ("access", "server")  # sections that count for all cameras, and are in the first one's file


def _setting(default: Any, text: str, *, low: float | None = None, high: float | None = None,
             choices: tuple[Any, ...] = (), unit: str = "",
             check: value_checks.Check | None = None) -> Any:  # fmt: skip
    """A field of the table.

    Args:
        text: what it is, for a person.
        low, high: inclusive range of a number.
        choices: all possible values.
        check: what a number, a text, or each text of a list must look like besides.
    """
    metadata = {"text": text, "low": low, "high": high, "choices": choices, "unit": unit, "check": check}
    return (
        field(default_factory=dict, metadata=metadata) if default == {} else field(default=default, metadata=metadata)
    )


def default_of(item: Field[Any]) -> Any:
    """The default of one setting."""
    return item.default_factory() if callable(item.default_factory) else item.default


def _width(default: int, high: int = 16384) -> Any:
    return _setting(default, "Width before rotation. 0: the sensor's width.", low=0, high=high, unit="px")


def _height(high: int = 16384, follows: str = "from the width and the sensor's aspect ratio") -> Any:
    return _setting(0, f"Height before rotation. 0: {follows}.", low=0, high=high, unit="px")


def _quality(default: int) -> Any:
    return _setting(default, "JPEG quality. Higher values mean better pictures and larger files.", low=1, high=100)


def _framerate(default: float) -> Any:
    text = "Frames per second, at most what the sensor mode gives. 0: the camera chooses."
    return _setting(default, text, low=0, high=240, unit="fps")


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Camera selection and orientation."""

    index: int = _setting(0, "The number that rpicam-still --list-cameras shows.", low=0, high=31)
    rotation: int = _setting(
        0, "Clockwise, after mirroring. 90° and 270° are lossless if jpegtran is installed.",
        choices=(0, 90, 180, 270), unit="°",
    )  # fmt: skip
    hflip: bool = _setting(False, "Horizontal flip, before rotation.")
    vflip: bool = _setting(False, "Vertical flip, before rotation.")
    tuning_file: str = _setting(
        "", "A file name in libcamera's folder, or an absolute path. Empty: the sensor's usual file.",
        check=value_checks.tuning_file,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """Place of the camera; both 0: not known."""

    latitude: float = _setting(0.0, "For sunrise and sunset, north is positive.", low=-90, high=90, unit="°")
    longitude: float = _setting(0.0, "For sunrise and sunset, east is positive.", low=-180, high=180, unit="°")

    @property
    def known(self) -> bool:
        return bool(self.latitude or self.longitude)


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """The stills taken by the clock; sensor mode, flips, denoise and controls are the Live view's."""

    interval_s: float = _setting(2.0, "Time between two snapshots.", low=0.1, high=86400, unit="s")
    width: int = _width(1280)
    height: int = _height()
    quality: int = _quality(85)
    zsl: bool = _setting(False, "Zero shutter lag: takes stills without switching the sensor mode. Needs more memory.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings that the four use cases have in common."""

    sensor_mode: str = _setting(
        "", "WIDTH:HEIGHT:BITDEPTH, such as 2304:1296:10. Empty: the camera chooses.",
        check=value_checks.sensor_mode,
    )  # fmt: skip
    width: int = _width(0)
    height: int = _height()
    align: bool = _setting(False, "Calculates the height from the width, with the aspect ratio of the sensor mode.")
    quality: int = _quality(93)
    hflip: bool = _setting(False, "Horizontal flip, in addition to camera.hflip: two flips cancel out.")
    vflip: bool = _setting(False, "Vertical flip, in addition to camera.vflip: two flips cancel out.")
    buffer_count: int = _setting(
        0,
        "Number of frame buffers. More of them lose fewer frames and need more memory. 0: the camera chooses.",
        low=0,
        high=32,
    )
    denoise: str = _setting(
        "auto", "auto is fast for videos and best for photos; cdn_off does not reduce colour noise.",
        choices=("auto", "off", "cdn_off", "cdn_fast", "cdn_hq"),
    )  # fmt: skip
    controls: Values = _setting({}, "Controls for this use. A control that is set for all uses takes precedence.")  # noqa: RUF009 - a dict of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveViewSettings(Configuration):
    """Live view: frames at video rate while somebody watches."""

    width: int = _width(1280, 4096)
    height: int = _height(4096)
    quality: int = _quality(75)
    framerate: float = _framerate(15.0)
    auto: bool = _setting(False, "Live view starts by itself for people who are signed in.")
    webrtc: str = _setting(
        "", "Path of a WHEP server on the same host, for live view with low latency. Empty: none.",
        check=value_checks.whep_path,
    )  # fmt: skip


def _sync_aspect() -> Any:
    return _setting(False, "Calculates the height from the width, with the aspect ratio of the Live view.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSettings(Configuration):
    """Photos that a person asks for."""

    sync_aspect: bool = _sync_aspect()
    carry_over: bool = _setting(
        True,
        "Starts with exposure, white balance and focus of the last snapshot. Off: the camera finds them again.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSettings(PhotoSettings):
    """Raw photos; size, quality and flips are those of the JPEG beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(Configuration):
    """Videos."""

    width: int = _width(1920, 4096)
    height: int = _height(4096, "16:9, which is 1080 for a width of 1920")
    quality: int = _quality(80)
    sync_aspect: bool = _sync_aspect()
    framerate: float = _framerate(30.0)
    while_recording: str = _setting(
        "picture",
        "picture: the picture continues during a video, whose MP4 is created afterwards. encode: the camera encodes at"
        " once, which needs a tenth of the disk space; with rpicam there is no new picture until the video ends."
        " Choose encode for a slow card, or a Pi Zero.",
        choices=("picture", "encode"),
    )
    bitrate: int = _setting(
        0, "For H.264: at least 1000, on a Pi 4 or older 25000 to 25000000. 0: the encoder chooses.",
        low=0, high=100_000_000, unit="bit/s", check=value_checks.bitrate,
    )  # fmt: skip
    audio: str = _setting("off", "Sound of MP4 videos: none, or from a PulseAudio or ALSA microphone.",
                          choices=("off", "pulse", "alsa"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The types of what the library keeps."""

    photo: str = _setting(
        "jpg", "File type of photos. PNG and BMP are lossless, and much larger.", choices=("jpg", "png", "bmp")
    )
    raw: str = _setting("dng", "File type of raw photos. Each also has a JPEG.", choices=("dng",))
    video: str = _setting(
        "mp4", "File type of videos. MP4 plays in every browser, the others do not.", choices=("mp4", "h264", "mjpeg")
    )
    floor_mb: int = _setting(
        0, "Below this free space, nothing is taken, and a video ends. 0: 200 MB, or 5 % of a smaller disk.",
        low=0, high=10_000_000, unit="MB",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Access control."""

    watch: str = _setting(
        "signed-in", "Who may watch: users and programs with a token, or anyone who can reach the server.",
        choices=("signed-in", "anyone"),
    )  # fmt: skip
    hosts: tuple[str, ...] = _setting(
        (), "Host names that browsers use for this server. IP addresses, *.local and the Pi's own name always work.",
        check=value_checks.host,
    )  # fmt: skip
    proxies: tuple[str, ...] = _setting(
        (),
        "Addresses of reverse proxies. Only their X-Forwarded-… and Forwarded headers are trusted.",
        check=value_checks.network,
    )
    embed: tuple[str, ...] = _setting(
        (), "Origins of pages that may show this page in a frame, and read answers to requests with a cookie or token.",
        check=value_checks.origin,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The web server; takes effect at its next start."""

    max_connections: int = _setting(512, "Limit of connections, for all clients together.", low=8, high=65535)
    max_connections_per_address: int = _setting(
        32, "Limit of connections for one client. The proxies in access.proxies have none.", low=1, high=65535
    )
    tls_certificate: str = _setting(
        "", "Path of the certificate chain (PEM), absolute or relative to the data folder. Empty: plain HTTP."
    )
    tls_key: str = _setting("", "Path of the private key (PEM). Empty: the certificate's file contains it.")
    access_log: bool = _setting(False, "Writes a line to the server's log for each request.")


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Appearance of the page, for everybody."""

    histogram: bool = _setting(False, "Shows the histogram on the Live tab.")


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """Retention of the library: the oldest items are deleted first."""

    max_age_days: float = _setting(
        0.0, "Moves older items to the trash, but no favourites. 0: off.", low=0, high=36500, unit="days"
    )
    max_bytes_gb: float = _setting(
        0.0, "Deletes the oldest items of a larger library, but no favourites. 0: off.", low=0, high=100_000, unit="GB"
    )
    min_free_mb: int = _setting(
        0, "Deletes the oldest items while less is free on the disk, but no favourites. 0: off.",
        low=0, high=10_000_000, unit="MB",
    )  # fmt: skip


def _day_time(default: str, text: str) -> Any:
    return _setting(default, text, check=value_checks.day_time)


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Motion detection."""

    armed: bool = _setting(False, "Looks for motion in the live picture, also while nobody watches.")
    sensitivity: int = _setting(5, "1 finds only large, clear motion; 10 also small motion.", low=1, high=10)
    fps: float = _setting(5.0, "Frames that the detector looks at in a second.", low=1, high=15, unit="fps")
    zones: tuple[str, ...] = _setting(
        (),
        "Parts of the picture in which motion counts (include) or does not (exclude), by corners in sensor pixels.",
        check=value_checks.zone,
    )
    record: str = _setting(
        "video", "What an event becomes: a video, photos, both, or only the picture in which most moves.",
        choices=("video", "photos", "both", "picture"),
    )  # fmt: skip
    photo_interval_s: float = _setting(
        0.0, "From one photo of an event to the next. 0: one photo of each event.", low=0, high=3600, unit="s"
    )
    before_s: float = _setting(
        5.0, "Time before the motion that is in the video, as far as memory suffices.", low=0, high=30, unit="s"
    )
    after_s: float = _setting(5.0, "Time without motion that ends an event.", low=1, high=300, unit="s")
    max_s: float = _setting(300.0, "Length of a video; a longer event becomes several.", low=5, high=3600, unit="s")
    pause_s: float = _setting(0.0, "Time after an event in which no other one begins.", low=0, high=3600, unit="s")
    weekdays: tuple[str, ...] = _setting(
        (), "Days on which it looks for motion: mon, tue, wed, thu, fri, sat, sun. Empty: every day.",
        check=value_checks.weekday,
    )  # fmt: skip
    active_from: str = _day_time("00:00", "Start of a day's detection: a time like 22:00, or sunset or sunrise-00:30.")
    active_to: str = _day_time("24:00", "End of a day's detection; before the start: on the next day.")
    threshold: float = _setting(
        0.0, "Difference in brightness beyond the noise that counts. 0: from the sensitivity.", low=0, high=100
    )
    blocks: int = _setting(
        0, "Minimum size of motion, in blocks; a picture is 40 blocks wide. 0: from the sensitivity.", low=0, high=600
    )
    least_size: float = _setting(
        0.0, "Smaller things do not count: their longer side, in percent of the picture's longer side.",
        low=0, high=100, unit="%",
    )  # fmt: skip
    most_size: float = _setting(
        100.0, "Larger things do not count: their longer side, in percent of the picture's longer side.",
        low=1, high=100, unit="%",
    )  # fmt: skip
    frames: int = _setting(3, "How many of the last four frames must show motion.", low=1, high=4)
    learning_s: float = _setting(
        60.0, "Time until something that has come to stay belongs to the background.", low=5, high=3600, unit="s"
    )


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """Parts of the picture that nobody sees."""

    masks: tuple[str, ...] = _setting(
        (),
        "Parts of all pictures that are black before anything is published or kept, by corners in sensor pixels.",
        check=value_checks.mask,
    )
    camera: str = _setting(
        "", "The camera that the masks were drawn for, filled in when they are saved. With another one, pictures are"
        " black. Empty: the camera in use.",
        check=value_checks.masked_camera,
    )  # fmt: skip
    raw: bool = _setting(
        False, "Takes raw photos although there are masks. A raw photo (DNG) shows everything; its JPEG is masked."
    )


@dataclass(frozen=True, slots=True)
class StampSettings:
    """A line of text in the picture."""

    uses: tuple[str, ...] = _setting(
        (), "Pictures with a stamp: live (with snapshots), photo, series, video, motion. Raw photos have none.",
        check=value_checks.stamp_use,
    )  # fmt: skip
    text: str = _setting(
        "{date} {time}", f"Text with fields: {', '.join(f'{{{name}}}' for name in STAMP_FIELDS)}.",
        check=value_checks.stamp_text,
    )  # fmt: skip
    time_format: str = _setting(
        "%H:%M:%S", "Format of the field {time}, as strftime takes it: %H:%M is 17:05.",
        check=value_checks.time_format,
    )  # fmt: skip
    corner: str = _setting(
        "bottom-left", "Corner of the picture as shown.",
        choices=("top-left", "top-right", "bottom-left", "bottom-right"),
    )  # fmt: skip
    size: float = _setting(4.0, "Height of the stamp relative to the picture's.", low=1, high=20, unit="%")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Webhook receivers; only an owner who has signed in sees and changes them."""

    urls: tuple[str, ...] = _setting(
        (),
        "Addresses that get messages; behind an address, its events, quiet=22:00-07:00 and every=60 (seconds)."
        " Without events: new items, and the loss and return of the picture.",
        check=value_checks.webhook,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """Receivers with a name; only an owner who has signed in sees and changes them."""

    receivers: tuple[str, ...] = _setting(
        (),
        "Names of receivers that Apprise knows, or mqtt for a broker; behind a name, its events, quiet=22:00-07:00 and"
        " every=60 (seconds). Their addresses are no settings: they contain passwords.",
        check=value_checks.named_receiver,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Commands of the owner's; they can be set on the machine only, never over the network."""

    item: tuple[str, ...] = _setting(
        (), "Program and arguments to run for each new item; `{}` is its file. Cannot be set over the network."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; a value of this type has been validated."""

    camera: CameraSettings = CameraSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    live: LiveViewSettings = LiveViewSettings()
    photo: PhotoSettings = PhotoSettings()
    raw: RawSettings = RawSettings()
    video: VideoSettings = VideoSettings()
    controls: Values = _setting({}, "Controls for all uses. The camera decides about those that are not set.")  # noqa: RUF009 - a dict of its own
    files: FileSettings = FileSettings()
    access: AccessSettings = AccessSettings()
    server: ServerSettings = ServerSettings()
    page: PageSettings = PageSettings()
    retention: RetentionSettings = RetentionSettings()
    place: PlaceSettings = PlaceSettings()
    motion: MotionSettings = MotionSettings()
    privacy: PrivacySettings = PrivacySettings()
    stamp: StampSettings = StampSettings()
    webhooks: WebhookSettings = WebhookSettings()
    notifications: NotificationSettings = NotificationSettings()
    hooks: HookSettings = HookSettings()


def setting_fields() -> list[tuple[str, Field[Any]]]:
    """The table: (dotted name, dataclass field) of every setting, in order."""
    table: list[tuple[str, Field[Any]]] = []
    for section in fields(Settings):
        if is_dataclass(section.type):
            table += [(f"{section.name}.{item.name}", item) for item in fields(section.type)]
        else:
            table.append((section.name, section))
    return table
