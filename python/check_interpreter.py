"""Exit status 0 if the interpreter that runs this file has all that Stillcam needs, otherwise 1.

The scripts run it to choose an interpreter, so that it must be valid in every Python 3.
"""

import sys
from importlib.util import find_spec

try:
    import PIL._imaging  # noqa: F401

    astral = find_spec("astral")
    has_sun = astral and astral.submodule_search_locations  # version 1 (Debian 12) is one module, without astral.sun
    sys.exit(sys.version_info < (3, 11) or not has_sun or not find_spec("prometheus_client"))
except ImportError:
    sys.exit(1)
