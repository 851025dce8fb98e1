"""What the parts of the benchmark have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from contestants import Contestant

Side = TypeVar("Side")
Seen = TypeVar("Seen")


class Bench:
    """Parts: each public method measures, and yields rows.

    Args:
        folder: a temporary one.
        quick: short and once, to see that it works.
    """

    ROUNDS = 5

    def __init__(self, folder: Path, quick: bool) -> None:
        self._folder = folder
        self._images = folder / "images"
        self._images.mkdir()
        self._quick = quick
        self._rounds = 1 if quick else self.ROUNDS

    @contextmanager
    def _running(self, *servers: Callable[[Path], AbstractContextManager[Contestant]]) -> Iterator[list[Contestant]]:
        with ExitStack() as stack:
            yield [stack.enter_context(server(self._folder)) for server in servers]

    def _in_turn(self, sides: Sequence[Side], work: Callable[[Side], Seen]) -> list[list[Seen]]:
        """What each side gave in each round; who begins changes from round to round."""
        seen: list[list[Seen]] = [[] for _ in sides]
        for number in range(self._rounds):
            order = list(enumerate(sides))
            for index, side in order if number % 2 == 0 else reversed(order):
                seen[index].append(work(side))
        return seen
