"""The uses of the camera, one file each: the daemon is in one mode at a time.

By priority: `video`, `autofocus`, `photos`, `detection`, `series` (with `series_folders` and `series_shots`), `live`,
`snapshots`. The protocol is `context.Mode`.
"""
