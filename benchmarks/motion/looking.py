"""Looks for motion in the JPEGs on standard input, which it reads as the daemon reads those of the camera program."""

import os
import time

from stillcam.frames.jpeg import JpegSplitter
from stillcam.motion.detector import Detector

PIECE_BYTES = 1 << 16


def main() -> None:
    splitter, detector = JpegSplitter(), Detector()
    while piece := os.read(0, PIECE_BYTES):
        for jpeg in splitter.feed(piece):
            detector.look(jpeg, time.monotonic())


if __name__ == "__main__":
    main()
