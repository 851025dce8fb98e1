"""The way of a frame to every viewer.

Reading order: picture (what is sent), cache (the newest frame, read once), broadcast (the same bytes to every viewer),
stream (one viewer), scaled (smaller versions of a frame), deliveries (what viewers received, and missed), worker
(shared threads; one renews the camera's lease); staleness and placeholder (what is sent when there is no fresh frame);
on_demand (stills that a client waits for).
"""
