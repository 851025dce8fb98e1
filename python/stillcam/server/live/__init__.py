"""The way of a frame to every viewer.

Reading order: cache (the newest frame, read once), multipart (the format of a stream), broadcast (the same bytes to
every viewer), stream (one viewer), viewers and worker (the camera's lease and the shared threads); staleness and
placeholder (what is sent when there is no fresh frame); on_demand (stills that a client waits for) and scaling
(smaller versions of a frame).
"""
