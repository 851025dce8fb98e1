"""Which size a stream gets, and from which sensor mode."""

from stillcam.camera.simulated.options import Options
from stillcam.camera.simulated.sensors import IMX708, Sensor, SensorMode, Size

VIDEO_SIZE = (640, 480)
VIEWFINDER_FPS = 30.0


def still_mode(options: Options, sensor: Sensor) -> SensorMode:
    """The mode that `--mode` comes nearest to, else the full one; sensor HDR halves it on the imx708."""
    if options.mode:
        return _nearest(options.mode, sensor)
    if options.hdr in ("sensor", "auto") and sensor is IMX708:
        return sensor.modes[1]
    return sensor.still_mode()


def video_mode(options: Options, sensor: Sensor, size: Size, fps: float) -> SensorMode:
    """The mode that `--mode` comes nearest to, else the best for the size and the frame rate."""
    return _nearest(options.mode, sensor) if options.mode else sensor.mode_for(size, fps)


def still_size(options: Options, sensor: Sensor) -> Size:
    """As asked, each side for itself, else the mode's; even, and no larger than the sensor."""
    whole = still_mode(options, sensor).size
    return _even((options.width or whole[0], options.height or whole[1]), sensor)


def viewfinder_size(options: Options, sensor: Sensor) -> Size:
    """Half of the sensor, in the proportions of the still (core/rpicam_app.cpp, ConfigureViewfinder)."""
    wide, high = sensor.size[0] // 2, sensor.size[1] // 2
    if options.width and options.height:
        aspect = options.width / options.height
        wide, high = min(wide, int(high * aspect)), min(high, int(wide / aspect))
    return _even((wide, high), sensor)


def viewfinder_mode(options: Options, sensor: Sensor) -> SensorMode:
    """The mode that `--viewfinder-mode` comes nearest to, else the best for the viewfinder."""
    if options.viewfinder_mode:
        return _nearest(options.viewfinder_mode, sensor)
    return sensor.mode_for(viewfinder_size(options, sensor), VIEWFINDER_FPS)


def video_size(options: Options, sensor: Sensor) -> Size:
    """As asked, each side for itself, else that of 640x480."""
    return _even((options.width or VIDEO_SIZE[0], options.height or VIDEO_SIZE[1]), sensor)


def _even(size: Size, sensor: Sensor) -> Size:
    return max(2, min(size[0], sensor.size[0]) & ~1), max(2, min(size[1], sensor.size[1]) & ~1)


def _nearest(text: str, sensor: Sensor) -> SensorMode:
    """W:H, perhaps with :DEPTH, as rpicam-apps chooses: the size counts most."""
    parts = [int(part) for part in text.split(":")[:3]]
    depth = parts[2] if len(parts) > 2 else 12

    def distance(mode: SensorMode) -> int:
        return abs(mode.size[0] - parts[0]) + abs(mode.size[1] - parts[1]) + 10 * abs(mode.bits - depth)

    return min(sensor.modes, key=distance)
