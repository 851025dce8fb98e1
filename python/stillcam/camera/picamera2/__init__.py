"""The picamera2 driver: the library in a child process of the daemon.

    driver.py    in the daemon: what the capture daemon asks of a camera
    conversation.py  in the daemon: the child process, orders to it and what it tells
    plan.py      settings -> what the library is asked for, as values that both processes know
    wire.py      how the two speak to each other
    __main__.py  the child: takes orders, one after the other
    session.py   in the child: the camera, through the library
    recording.py in the child: encoders and outputs
    cameras.py   in the child: which cameras there are
    sensor_hdr.py  in the child: the sensor's own HDR
    faults.py    in the child: what the library raises -> a cause and a reason

A hang or a crash in libcamera is the child's: the daemon waits with a limit and ends it, as it does
with the camera programs. Only the child imports the library. Facts are from the sources of
picamera2 0.3.38, of which tests/standin/picamera2_signatures.json holds what is used.
"""
