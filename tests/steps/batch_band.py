"""A musician that is asked for several takes at once, and that can fail as a model fails: one take, or all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.domain import Backend, RenderOrder
from pipeline.errors import BackendFailed
from pipeline.roles import Booth, Rendering


@dataclass(frozen=True)
class BatchBand:
    """Writes down in `log` what it is asked for. Batches over `room` kill its process; `poor` fails beside others."""

    log: Path
    batch: int = 4
    room: int = 100
    poor: str = ""

    @property
    def backend(self) -> Backend:
        return Backend(name="batch band", version="1", licence="Apache-2.0")

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | BackendFailed]:
        names = [f"{order.track.number}-{order.index}" for order in orders]
        with self.log.open("a") as log:
            log.write(" ".join(names) + "\n")
        if len(orders) > self.room:
            os._exit(9)
        for name, order in zip(names, orders, strict=True):
            if name == self.poor and len(orders) > 1:
                yield BackendFailed("Not beside others.")
                continue
            noise = np.random.default_rng(order.seed).standard_normal((8000, 1)).astype(np.float32) * 0.1
            yield Rendering(Clip(noise, 8000), codes=np.zeros((4, 50), np.int16))
