"""The uses of the camera: the daemon is in one mode at a time."""
