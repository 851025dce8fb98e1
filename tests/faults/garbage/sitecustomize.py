"""Counts what only the garbage collector frees, by type, at each SIGUSR2; the file `FAULT_GARBAGE` has the counts.

Python's collector does not run by itself here.
"""

import gc
import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

_file = Path(os.environ["FAULT_GARBAGE"])


def count(_number: int, _frame: FrameType | None) -> None:
    """Write the counts, and forget what has been counted."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    found = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
    gc.garbage.clear()
    gc.set_debug(0)
    new = _file.with_suffix(".new")
    new.write_text(json.dumps(found))
    new.rename(_file)


gc.disable()
signal.signal(signal.SIGUSR2, count)
