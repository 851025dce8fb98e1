"""Publish frames as the capture daemon does: `publisher.py IMAGES FPS COUNT BYTES`.

Prints when each was taken (seconds since the epoch, as its name says), as a list in JSON.
"""

import json
import sys
import time
from pathlib import Path

from sample import jpeg

from stillcam.frames.files import Publisher, frame_time


def main() -> None:
    """Publish at a steady pace."""
    images, fps, count, size = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    publisher = Publisher(images)
    still = images / ".still_1.jpg"
    taken = []
    start = time.monotonic()
    for number in range(count):
        data = jpeg(size, number)
        time.sleep(max(0.0, start + number / fps - time.monotonic()))
        now_s = time.time()
        still.write_bytes(data)
        taken.append(frame_time(publisher.publish(still, now_s)))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
