"""What the settings of one of several cameras may be.

What counts for all of them is the first camera's alone, and no camera belongs to two daemons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from stillcam.common.errors import SettingsError
from stillcam.settings.schema import HOUSE, Settings


@dataclass(frozen=True, slots=True)
class HouseRules:
    """For the settings of one camera.

    Args:
        first: whether it is the first one.
        number: its own, which is its index where nothing else is set.
        taken: gives the indices that the others have.
    """

    first: bool = True
    number: int = 0
    taken: Callable[[], set[int]] = set

    @property
    def hidden(self) -> tuple[str, ...]:
        """The sections that this camera has not got."""
        return () if self.first else HOUSE

    def applied(self, old: Settings, new: Settings) -> Settings:
        """The new settings, as far as they are this camera's.

        Raises:
            SettingsError: they want another one's camera.
        """
        if not self.first:
            new = replace(new, access=old.access, server=old.server)
        if new.camera.index != old.camera.index and new.camera.index in self.taken():
            raise SettingsError("another camera's page shows this one already", "camera.index")
        return new
