"""The addresses of receivers that have a name: they contain passwords and tokens.

They are in a file of its own, which only its owner can read. They are no settings, so that no backup, log, report or
answer of the server can reveal them.
"""

from __future__ import annotations

import re
from pathlib import Path

from stillcam.common.atomic_write import replace_file
from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.formats import json_text
from stillcam.common.safe_read import parse_json

FILE = "receiver-addresses.json"  # in data/
MAX_ADDRESS = 2000  # characters
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.ASCII | re.IGNORECASE)


class Addresses:
    """The addresses by the names of their receivers, in a file that need not exist.

    Raises:
        StillcamError: the file cannot be read or written, or is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def get(self, name: str) -> str | None:
        """The address of a receiver; None: it has none yet."""
        return self._read().get(name)

    def set(self, name: str, address: str) -> None:
        """Give a receiver an address. Raises SettingsError: it has not the form of one."""
        address = address.strip()
        if len(address) > MAX_ADDRESS or not address.isprintable() or not _ADDRESS.fullmatch(address):
            raise SettingsError(
                "must be an address of Apprise like mailto://..., ntfy://... or mqtt://... for a broker", "address"
            )
        self._write(self._read() | {name: address})

    def remove(self, name: str) -> None:
        """Forget the address of a receiver, if it has one."""
        addresses = self._read()
        if addresses.pop(name, None) is not None:
            self._write(addresses)

    def _read(self) -> dict[str, str]:
        try:
            addresses = parse_json(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StillcamError(f"cannot read {self._file} ({error.strerror}): check its owner") from error
        except ValueError as error:
            raise StillcamError(f"{self._file} is damaged: correct it, or delete it and enter the addresses") from error
        if not isinstance(addresses, dict) or not all(isinstance(one, str) for one in addresses.values()):
            raise StillcamError(f'{self._file} must be like {{"phone": "ntfy://..."}}: correct it')
        return addresses

    def _write(self, addresses: dict[str, str]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, json_text(addresses).encode(), private=True, concurrent=True)
        except OSError as error:
            text = f"cannot write {self._file} ({error.strerror}): check its owner and the free space (df -h)"
            raise StillcamError(text) from error
