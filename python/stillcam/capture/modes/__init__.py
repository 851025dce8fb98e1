"""The uses of the camera, one file each: the daemon is in one mode at a time.

By priority: `video`, `autofocus`, `photos`, `detect`, `series` (with `series_shots`, `series_folders` and
`series_retention`), `live`, `snapshots`. What the daemon asks of one is in `capture.mode`.
"""
