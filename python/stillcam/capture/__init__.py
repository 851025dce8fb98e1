"""The capture daemon: the process that owns the camera, and the only writer of `images/`.

Read `daemon` (what is built, and the loop over the modes), `mode` (what one is), `context` (what the modes share, and
waiting while commands run), then a mode, `modes.snapshots` first, and `publish_frame`. Commands come in by
`command_socket` and `command_queue`. `timeouts` has the time-outs and the back-off, `settings_in_force` the trial of
new settings, and `library_writer` makes the items of the library.
"""
