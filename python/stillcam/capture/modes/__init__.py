"""The uses of the camera, one file each: the daemon is in one mode at a time.

By priority: `video`, `autofocus`, `photos` (with `photo_orders`), `detect`, `series` (with `series_shots` and
`series_folders`), `live`, `snapshots`. What the daemon asks of one is in `capture.mode`.
"""
