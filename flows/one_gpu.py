"""One GPU for the night shift and a radio: the shift has it while it works, and the radio between shifts.

A shift holds the GPU by a lease and waits, once it has that, for the radio whose model is loaded. A radio has a turn
for as long as its model is loaded, and gives it up where a shift has the lease. Both are locks of the system: whoever
is killed has let go.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from pipeline.domain import Seconds
from pipeline.errors import Held
from pipeline.settings import Settings
from pipeline.shelf.atomic import explained, make_folder
from pipeline.shelf.lease import is_held, without_waiting

LIMIT: Seconds = 1200.0
"""How long a shift waits for a radio: longer than a model takes for a batch."""
_LOOK: Seconds = 1.0
_TURN = ".turn"


def gpu_place(settings: Settings, environment: Mapping[str, str]) -> Path | None:
    """Return the folder that stands for the GPU where one may be in use, the same for every library of a person."""
    if settings.device == "cpu":
        return None
    gpu = "".join(char for char in environment.get("CUDA_VISIBLE_DEVICES", "") if char.isalnum()) or "0"
    return settings.cache.expanduser() / f"night-shift-gpu-{gpu}"


def wait_for_the_radio(
    place: Path, say: Callable[[str], None], pause: Callable[[Seconds], None] = time.sleep, limit: Seconds = LIMIT
) -> None:
    """Return once no radio has a model loaded; the holder of the lease asks, so that none loads another.

    `say` is told once that there is something to wait for. Raises Held after `limit` seconds of pauses.
    """
    for look in range(round(limit / _LOOK)):
        with without_waiting(place / _TURN) as free:
            if free:
                return
        if look == 0:
            say("The shift waits for the radio to let go of the GPU.")
        pause(_LOOK)
    raise Held(
        f"A radio has not let go of the GPU for {limit / 60:.0f} minutes.",
        "The next shift tries again. If it is always so, stop the radio, or give one of the two LOFI_DEVICE=cpu.",
    )


class BetweenShifts:
    """A radio's turn at the GPU: see `Turn` of pipeline/radio/player.py. Usable from several threads."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock, self._had, self._mine = threading.Lock(), False, ExitStack()

    def take(self) -> None:
        """Have the GPU, or go on having it. Raises Held where a shift wants it, or another radio has it."""
        with self._lock, ExitStack() as stack:
            self._see_that_no_shift_has_it()
            if self._had:
                return
            with explained(self._place):
                make_folder(self._place)
            if not stack.enter_context(without_waiting(self._place / _TURN)):
                raise Held("Another radio has the GPU.", "It goes on by itself once that one has ended.")
            self._see_that_no_shift_has_it()  # one that came meanwhile has found the turn free
            self._mine, self._had = stack.pop_all(), True

    def let_go(self) -> None:
        """Have it no more, whether it was had or not."""
        with self._lock:
            self._had = False
            self._mine.close()

    def _see_that_no_shift_has_it(self) -> None:
        if is_held(self._place):
            raise Held("The night shift has the GPU.", "It goes on by itself once the shift is over.")
