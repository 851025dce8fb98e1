"""A signal that the main thread does not notice, as it is about to wait, ends its wait all the same."""

import os
import subprocess
import sys

from stillcam.common.paths import ROOT

# Blocked in the main thread, the signal goes to another one: just as unseen as in the moment before poll(2).
WAITS = """
import os, select, signal, sys
from stillcam.capture.__main__ import wake_on_signals

wake = os.eventfd(0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
wake_on_signals(lambda: os.eventfd_write(wake, 1))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("waits", flush=True)
poller = select.poll()
poller.register(wake, select.POLLIN)
poller.poll()
"""


def test_a_signal_ends_a_wait_that_it_does_not_interrupt():
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    with subprocess.Popen(
        [sys.executable, "-c", WAITS], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "waits\n"
            process.terminate()
            assert process.communicate(timeout=60)[1] == "ended\n"
        finally:
            process.kill()
