"""How a video is recorded: imported only when `capture/modes/video` needs it, but for `order`.

`encoded` lets the camera program write the file; `frames` records the camera's JPEGs, which then become an MP4 in the
background. Both show frames of the video by `published`, and how long the disk lasts by `disk_rate`.
"""
