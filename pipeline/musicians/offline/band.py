"""The offline band: composes a track from its plan and plays it, on any machine, from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain import Backend, RenderOrder, derive_seed
from pipeline.musicians.offline.composer.compose import compose
from pipeline.musicians.offline.synth.render import perform
from pipeline.roles import Rendering

VERSION = "1"
"""Changes whenever the same order would sound different, so that a replay knows what to expect."""


@dataclass(frozen=True)
class OfflineBand:
    """A musician made of a composer and a synthesiser. It keeps no state, so it may be pickled and shared."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        return Backend(name="offline band", version=VERSION, licence="Apache-2.0 (synthesised by this software)")

    batch = 1
    obeys = ("ambience",)  # it plays the plan; what steers a music model means nothing to it

    def render(self, orders: Sequence[RenderOrder]) -> Iterator[Rendering]:
        """Yield one stereo clip at 44.1 kHz for each order; an order alone decides its take, to the byte."""
        for order in orders:
            score = compose(order.track, derive_seed(order.seed, "score"))
            yield Rendering(perform(score, derive_seed(order.seed, "sound")))
