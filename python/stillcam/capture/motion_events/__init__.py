"""Motion in the frames of the live stream: imported only when `capture/modes/motion` needs it.

`session` joins the parts for the camera's thread; `detection` runs the detector beside it, and `levels` keeps its
results of the last minute; `items` makes the files of an event.
"""
