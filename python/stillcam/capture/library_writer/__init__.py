"""Writes the library: items, sidecars and videos, and deletes by retention.

The modes use `writer`. The thread of `background` does the work: `finish_video` with `mp4`, and `retention` and
`series_retention`, which ask `clock_trust` before anything is deleted for its age.
"""
