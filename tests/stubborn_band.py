"""Musicians that go wrong in the ways that models do."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.domain import Backend, RenderOrder
from pipeline.errors import BackendFailed, LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Booth, Rendering


@dataclass(frozen=True)
class StubbornBand:
    """Hangs, dies, fails, plays half as much as it should, or plays as the offline band does."""

    how: Literal["hangs", "dies", "fails", "plays short", "plays"] = "plays"
    artist = "The Stubborn Band"
    batch = 1

    @property
    def backend(self) -> Backend:
        return OfflineBand().backend.but(name=f"band that {self.how}")

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        for order in orders:
            if self.how == "hangs":
                threading.Event().wait()
            if self.how == "dies":
                os._exit(1)
            if self.how == "fails":
                yield BackendFailed("The strings are broken.")
                continue
            track = order.track.but(seconds=10) if self.how == "plays short" else order.track
            yield from OfflineBand().render([order.but(track=track)], booth)


class HangingBand(StubbornBand):
    """For the command line, which names a class."""

    def __init__(self) -> None:
        super().__init__("hangs")


class DyingBand(StubbornBand):
    """For the command line, which names a class."""

    def __init__(self) -> None:
        super().__init__("dies")


class ModelledBand(StubbornBand):
    """Plays, and says that it has a model, which gets a process of its own with several threads."""

    batch = 4
    memory = 1_000_000

    def __init__(self) -> None:
        super().__init__("plays")

    def rehearse(self) -> None:
        """Find nothing wrong with it."""
