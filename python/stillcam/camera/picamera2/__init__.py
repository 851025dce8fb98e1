"""The picamera2 driver: the library in a worker process of the daemon. Read the modules in this order.

    driver.py         in the daemon: implements Driver, and starts the worker process
    ipc.py            on both sides: messages
    configuration.py  settings -> camera configuration, the value that both sides know
    __main__.py       in the worker: carries out commands, one at a time
    session.py        in the worker: one camera, through the library
    conversion.py     in the worker: configurations and controls in the library's types
    outputs.py        in the worker: files, encoders and outputs
    cameras.py        in the worker: lists cameras, and sets a sensor's HDR mode
    errors.py         in the worker: exceptions of the library -> cause and reason

If libcamera hangs or crashes, only the worker does: the daemon waits with a time-out and kills it, as it does with the
camera programs. Only the worker imports the library. Facts are from the sources of picamera2 0.3.38, of which
tests/standin/picamera2_signatures.json holds what is used.
"""
