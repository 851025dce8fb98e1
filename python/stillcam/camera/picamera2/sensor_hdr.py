"""In the child: the HDR mode of Camera Module 3's sensor, a control of its device and not of libcamera's.

It is set before libcamera looks at the sensor, as rpicam-apps does, and it stays until it is set again. The
library's own way (picamera2.devices.imx708) would load the code for other devices with it.
"""

from __future__ import annotations

import fcntl
import struct
from pathlib import Path

SENSOR = "imx708"
SUBDEVICES = Path("/sys/class/video4linux")
DEVICES = Path("/dev")
VIDIOC_S_CTRL = 0xC008561C  # linux/videodev2.h: _IOWR('V', 28, struct v4l2_control)
WIDE_DYNAMIC_RANGE = 0x009A0915  # V4L2_CID_WIDE_DYNAMIC_RANGE, of linux/v4l2-controls.h


def set_hdr(path: str, on: bool, subdevices: Path = SUBDEVICES, devices: Path = DEVICES) -> bool:
    """Switch it; False where the camera at this path of the device tree has no such sensor.

    Raises:
        OSError: it cannot be switched.
    """
    name = device_of(path, subdevices)
    if name is None:
        return False
    with (devices / name).open("rb+", buffering=0) as device:
        fcntl.ioctl(device, VIDIOC_S_CTRL, struct.pack("Ii", WIDE_DYNAMIC_RANGE, on))
    return True


def device_of(path: str, subdevices: Path = SUBDEVICES) -> str | None:
    """The name of the sensor's device; None: there is none of this sensor at this path."""
    for device in subdevices.glob("v4l-subdev*"):
        module, node = device / "device/driver/module", device / "device/of_node"
        try:
            if SENSOR in module.readlink().name and path and path in str(node.readlink()):
                return device.name
        except OSError:  # another kind of device
            continue
    return None
