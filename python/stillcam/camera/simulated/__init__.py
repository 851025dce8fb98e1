"""The simulated camera: a program with the command line and the behaviour of rpicam-still and rpicam-vid 1.12.

`python -m stillcam.camera.simulated rpicam-still ARGS...` (or `rpicam-vid`). The rpicam driver runs
unchanged on it, so everything above the driver can be tried and tested without a Raspberry Pi. Warts
of the real programs are kept on purpose, and it can be told to misbehave (`faults`).
"""
