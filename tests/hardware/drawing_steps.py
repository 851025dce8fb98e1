"""Steps with the daemon that look for what is drawn into pictures: a privacy mask and a stamp, by their pixels."""

import shutil
from collections.abc import Iterator

from bench import Bench, brightness, opened
from hardware_report import Skipped, Wrong
from PIL import Image, ImageChops
from recordings import first_frame

from stillcam.frames.files import UNSTAMPED

BLACK = 8.0  # mean brightness of what a mask covers, at most (of 255)
BRIGHT = 3 * BLACK  # what it covers must be as bright without it, at least
MASKED = 8  # the mask is this fraction of the sensor's width and height, in the middle
VIDEO_S = 120.0  # for a video of a second
STAMP_SIZE = 5.0  # percent of the picture's height
STAMP = {"uses": ["live", "photo"], "text": "Stillcam {date} {time}", "corner": "bottom-left", "size": STAMP_SIZE}
ALIKE = 2  # a decoded pixel may differ by so much beside a block that was changed (of 255)
BLOCK = 16  # pixels: the stamp takes whole JPEG blocks
DARK, LIGHT = 48, 200  # brightness of the stamp's box, at most, and of its letters, at least
BOX_SHARE, LETTER_SHARE = 0.3, 0.03  # of a stamp, at least
TRIES = 5


def mask(bench: Bench) -> str:
    """What a privacy mask covers is black wherever the picture goes, and the rest is not."""
    width, height = bench.camera.size
    left, top = (width - width // MASKED) // 2, (height - height // MASKED) // 2
    before = _middle_brightness(bench.picture())
    if before < BRIGHT:
        raise Skipped(f"the middle of the picture is dark ({before:.0f} of 255): point the camera at something bright")
    form = "mp4" if shutil.which("ffmpeg") else "mjpeg"
    masks = [f"{left},{top} {left + width // MASKED},{top + height // MASKED}"]
    bench.use(privacy={"masks": masks}, files={"video": form})
    shown = dict(_of_each_use(bench))
    bench.use()
    for name, image in shown.items():
        if (found := _middle_brightness(image)) > BLACK:
            raise Wrong(f"the {name} is not black under the mask: {found:.0f} of 255, {before:.0f} without it")
        if brightness(image) <= BLACK:
            raise Wrong(f"the {name} is black where there is no mask")
    after = _middle_brightness(bench.picture())
    if after <= BLACK:
        raise Wrong("the picture is still black after the mask has been removed")
    masked = max(map(_middle_brightness, shown.values()))
    return (
        f"brightness under it {before:.0f} of 255 before, {masked:.0f} with it, {after:.0f} after; seen in"
        f" {', '.join(shown)} ({form})"
    )


def _of_each_use(bench: Bench) -> Iterator[tuple[str, Image.Image]]:
    yield "picture", bench.picture()
    yield "photo", opened(bench.take()[0])
    bench.watch()
    yield "live frame", opened(bench.daemon.paths.current)
    bench.leave()
    (item,) = bench.daemon.ask("video", VIDEO_S, seconds=1, wait=True)["items"]
    yield "video", first_frame(bench.daemon.paths.library / item)


def stamp(bench: Bench) -> str:
    """The stamp is in its corner of the picture, no other pixel differs, and a photo has it too."""
    bench.use(stamp=STAMP)
    plain, stamped = _with_and_without(bench)
    changed = ImageChops.difference(plain.convert("L"), stamped.convert("L")).point(lambda level: 255 * (level > ALIKE))
    box = changed.getbbox()
    if box is None:
        raise Wrong("no pixel of the picture differs from the one without the stamp")
    width, height = stamped.size
    most = STAMP_SIZE / 100 * height + 2 * BLOCK
    if box[0] > BLOCK or box[3] < height - BLOCK or height - box[1] > most:
        raise Wrong(f"pixels differ outside of the corner at the bottom left: {box} of {width}x{height}")
    photo = opened(bench.take()[0])
    scale = photo.height / height
    bench.use()
    if not _is_stamp(stamped.crop(box)):
        raise Wrong(f"light letters on a dark box are missing in the picture, at {box} of {width}x{height}")
    corner = int(box[0] * scale), int(box[1] * scale), int(box[2] * scale), photo.height
    if not _is_stamp(photo.crop(corner)):
        raise Wrong(
            f"light letters on a dark box are missing in the photo, at {corner} of {photo.width}x{photo.height}"
        )
    return (
        f"{box[2] - box[0]}x{box[3] - box[1]} pixels at the bottom left differ, the others do not; the photo has it too"
    )


def _with_and_without(bench: Bench) -> tuple[Image.Image, Image.Image]:
    """The same picture before and after it got its stamp."""
    paths = bench.daemon.paths
    for _ in range(TRIES):
        bench.daemon.ask("snapshot")
        name = paths.current.resolve()
        plain, stamped = opened(paths.images / UNSTAMPED), opened(name)
        if paths.current.resolve() == name:  # else the next one has come in between
            return plain, stamped
    raise Wrong(f"a new picture came each of {TRIES} times while one was read")


def _is_stamp(corner: Image.Image) -> bool:
    histogram = corner.convert("L").histogram()
    total = sum(histogram)
    dark, light = sum(histogram[: DARK + 1]) / total, sum(histogram[LIGHT:]) / total
    return dark >= BOX_SHARE and light >= LETTER_SHARE


def _middle_brightness(image: Image.Image) -> float:
    """Of a part that is smaller than the mask, in every sensor mode: their crops have the sensor's middle."""
    width, height = image.size
    across, down = width // (4 * MASKED), height // (4 * MASKED)
    return brightness(image.crop((width // 2 - across, height // 2 - down, width // 2 + across, height // 2 + down)))
