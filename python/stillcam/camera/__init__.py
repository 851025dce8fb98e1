"""The camera. Read the modules in this order.

driver.py        the base class of the drivers
select.py        chooses the driver
use_cases.py     settings of each use case, applied to a camera: size, sensor mode, frame rate, controls
convergence.py   automatic exposure, white balance and focus, carried over to a photo
errors.py        failures: cause and reason
metadata.py      reads libcamera's metadata
frame_age.py     when the exposure of a live frame may have begun
machine_lock.py  daemons of one machine list and open cameras in turn
description.py   the list of cameras in status and API

rpicam/          drives rpicam-still and rpicam-vid
picamera2/       drives the library picamera2
simulated/       programs that behave like rpicam-still and rpicam-vid
"""
