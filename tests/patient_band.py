"""A musician whose first take of every track is never done: it plays on until it is asked to stop, as a model would."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.domain import Backend, RenderOrder
from pipeline.errors import LofiError, Stopped
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Booth, Rendering


@dataclass(frozen=True)
class PatientBand:
    """Plays as the offline band does, several takes together. With QUICK in the environment it finishes every one.

    What it is asked for goes to `log`, or is printed; there too stands whether it was lent an ear. `hissing`, it plays
    noise, for tests that are in a hurry.
    """

    log: Path | None = None
    hissing: bool = False
    batch = 4

    @property
    def backend(self) -> Backend:
        return OfflineBand().backend.but(name="patient band")

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        asked = " ".join(f"{order.track.number}-{order.index}" for order in orders)
        said = asked if booth.ear is None else f"{asked} heard by {type(booth.ear).__name__}"
        if self.log is None:
            print(f"asked for {said}", flush=True)
        else:
            with self.log.open("a") as log:
                log.write(f"{said}\n")
        for order in orders:
            booth.progress(order, 0.5)
            if order.index == 1 and "QUICK" not in os.environ:
                while not booth.stopping():
                    pass
                yield Stopped("Given up.")
            else:
                rendering = Rendering(_hiss(order)) if self.hissing else next(iter(OfflineBand().render([order])))
                booth.progress(order, 1.0)
                yield rendering


def _hiss(order: RenderOrder) -> Clip:
    noise = np.random.default_rng(order.seed).standard_normal((8000, 1))
    return Clip((0.1 * noise).astype(np.float32), 8000)
