"""Motion in the frames of the live stream: imported only while the camera is armed.

`session` joins the parts for the camera's thread; `detection` runs the detector beside it.
"""
