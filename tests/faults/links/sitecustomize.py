"""No folder of this process takes a symbolic link: as the kernel answers symlink(2) on FAT and exFAT."""

import os


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


os.symlink = _refuse
