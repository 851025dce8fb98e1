"""The simulated camera: a program with the command line and the behaviour of rpicam-still and rpicam-vid 1.12.

`python -m stillcam.camera.simulated rpicam-still ARGS...` (or `rpicam-vid`). The rpicam driver runs
unchanged on it, so everything above the driver can be tried and tested without a Raspberry Pi. Warts
of the real programs are kept on purpose, and it can be made to misbehave (`faults`).

Read `__main__` first, then `still` and `video`, the programs' loops. `options` is their command line, `program` what
they share. `camera` opens one of the `sensors`. A `picture` is the `scene` through the lens (`autofocus`) and the
image signal processor (`isp`); `encode` makes the bytes of a file of it.
"""

BOARD = "STILLCAM_SIMULATED_BOARD"  # the processor: one without bcm2712's software encoder has the hardware's limits
USUAL_BOARD = "bcm2711"
FAULTS = "STILLCAM_SIMULATED_FAULTS"
FAULTS_FILE = "faults.json"
