"""The capture daemon: the process that owns the camera, and the only writer of `images/`."""
