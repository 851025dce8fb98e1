"""The EXIF of a still, as image/jpeg.cpp of rpicam-apps writes it. There is no Orientation."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stillcam.camera.simulated import tiff
from stillcam.camera.simulated.failures import Failure, say
from stillcam.camera.simulated.metadata import Metadata

IFDS = ("IFD0", "EXIF", "IFD1", "GPS", "EINT")
BRIGHTNESS_OFFSET = -3.3  # APEX: aperture value of f/1.8, less the speed value of ISO 100

# Tags that `--exif IFD.NAME=VALUE` may set: number and TIFF type.
TAGS: dict[str, tuple[int, int]] = {
    "ImageDescription": (0x010E, tiff.ASCII), "Make": (0x010F, tiff.ASCII), "Model": (0x0110, tiff.ASCII),
    "Software": (0x0131, tiff.ASCII), "DateTime": (0x0132, tiff.ASCII), "Artist": (0x013B, tiff.ASCII),
    "Copyright": (0x8298, tiff.ASCII), "Orientation": (0x0112, tiff.SHORT), "XResolution": (0x011A, tiff.RATIONAL),
    "YResolution": (0x011B, tiff.RATIONAL), "ResolutionUnit": (0x0128, tiff.SHORT),
    "ExposureTime": (0x829A, tiff.RATIONAL), "FNumber": (0x829D, tiff.RATIONAL),
    "ISOSpeedRatings": (0x8827, tiff.SHORT),
    "DateTimeOriginal": (0x9003, tiff.ASCII), "DateTimeDigitized": (0x9004, tiff.ASCII),
    "ShutterSpeedValue": (0x9201, tiff.SRATIONAL), "ApertureValue": (0x9202, tiff.RATIONAL),
    "BrightnessValue": (0x9203, tiff.SRATIONAL), "SubjectDistance": (0x9206, tiff.RATIONAL),
    "MeteringMode": (0x9207, tiff.SHORT), "LightSource": (0x9208, tiff.SHORT), "Flash": (0x9209, tiff.SHORT),
    "FocalLength": (0x920A, tiff.RATIONAL), "UserComment": (0x9286, tiff.ASCII),
    "GPSLatitudeRef": (0x0001, tiff.ASCII), "GPSLatitude": (0x0002, tiff.RATIONAL),
    "GPSLongitudeRef": (0x0003, tiff.ASCII), "GPSLongitude": (0x0004, tiff.RATIONAL),
    "GPSAltitudeRef": (0x0005, tiff.BYTE), "GPSAltitude": (0x0006, tiff.RATIONAL),
}  # fmt: skip

EXIF_POINTER, GPS_POINTER = 0x8769, 0x8825


def build(model: str, metadata: Metadata, moment: datetime, extra: Sequence[str], thumbnail: bytes) -> bytes:
    """The APP1 segment's content, with its `Exif` start.

    Args:
        extra: the `--exif` items, as `EXIF.FNumber=9/5`.
        thumbnail: a JPEG, or nothing.

    Raises:
        Failure: an extra item cannot be read.
    """
    date = tiff.text(f"{moment:%Y:%m:%d %H:%M:%S}")
    gain = metadata["AnalogueGain"] * metadata["DigitalGain"]
    brightness = BRIGHTNESS_OFFSET - math.log2(metadata["ExposureTime"] / 1e6 * gain)
    ifds: dict[str, dict[int, tiff.Value]] = {name: {} for name in IFDS}
    ifds["IFD0"] = {
        0x010F: tiff.text("Raspberry Pi"),
        0x0110: tiff.text(model),
        0x0131: tiff.text("rpicam-apps"),
        0x0132: date,
    }
    ifds["EXIF"] = {
        0x829A: tiff.rational(metadata["ExposureTime"] / 1e6),
        0x8827: tiff.short(min(65_535, round(100 * gain))),
        0x9003: date,
        0x9004: date,
        0x9203: tiff.rational(brightness, kind=tiff.SRATIONAL),
    }
    if "LensPosition" in metadata:  # the distance in metres: infinity has 0 below the line
        ifds["EXIF"][0x9206] = tiff.Value(tiff.RATIONAL, [(1000, int(1000 * metadata["LensPosition"]))])
    for item in extra:
        _add(ifds, item)
    return b"Exif\0\0" + _file(ifds, thumbnail)


def _file(ifds: dict[str, dict[int, tiff.Value]], thumbnail: bytes) -> bytes:
    """A TIFF file of the directories: IFD0, its EXIF and GPS, IFD1 with the thumbnail."""
    first, second = ifds["IFD0"], ifds["IFD1"]
    first[EXIF_POINTER] = tiff.long(0)
    if ifds["GPS"]:
        first[GPS_POINTER] = tiff.long(0)
    if thumbnail:
        second |= {0x0103: tiff.short(6), 0x0201: tiff.long(0), 0x0202: tiff.long(len(thumbnail))}
    exif_at = tiff.HEADER_BYTES + tiff.size(first)
    gps_at = exif_at + tiff.size(ifds["EXIF"])
    second_at = gps_at + (tiff.size(ifds["GPS"]) if ifds["GPS"] else 0)
    first[EXIF_POINTER] = tiff.long(exif_at)
    if ifds["GPS"]:
        first[GPS_POINTER] = tiff.long(gps_at)
    if thumbnail:
        second[0x0201] = tiff.long(second_at + tiff.size(second))
    parts = [
        tiff.header(tiff.HEADER_BYTES),
        tiff.encode(first, tiff.HEADER_BYTES, second_at if second else 0),
        tiff.encode(ifds["EXIF"], exif_at),
        tiff.encode(ifds["GPS"], gps_at) if ifds["GPS"] else b"",
        tiff.encode(second, second_at) if second else b"",
        thumbnail,
    ]
    return b"".join(parts)


def _add(ifds: dict[str, dict[int, tiff.Value]], item: str) -> None:
    match = re.match(r"([^.]{1,4})\.([^=]{1,127})=(.*)", item, re.DOTALL)
    if not match:
        raise Failure("failed to read EXIF IFD and tag")
    ifd, name, value = match.groups()
    if ifd not in ifds:
        raise Failure(f"bad IFD name {ifd}")
    if name not in TAGS:
        say(f"WARNING: no EXIF tag {name} found - ignoring")
        return
    number, kind = TAGS[name]
    if kind == tiff.ASCII:
        ifds[ifd][number] = tiff.text(value)
    else:
        ifds[ifd][number] = tiff.Value(kind, [_number(kind, part) for part in value.split(",")])


def _number(kind: int, value: str) -> Any:
    pairs = kind in (tiff.RATIONAL, tiff.SRATIONAL)
    match = re.match(r"\s*(-?\d+)/(-?\d+)" if pairs else r"\s*(\d+)", value)
    names = {tiff.RATIONAL: "unsigned rational", tiff.SRATIONAL: "signed rational"}
    if not match or (kind == tiff.RATIONAL and "-" in value):
        raise Failure(f"failed to read EXIF {names.get(kind, 'unsigned short')}")
    return (int(match[1]), int(match[2])) if pairs else int(match[1])
