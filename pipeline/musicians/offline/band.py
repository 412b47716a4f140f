"""The offline band: composes a track from its plan and plays it, on any machine, from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain import Backend, RenderOrder, derive_seed
from pipeline.errors import Stopped
from pipeline.musicians.offline.composer.compose import compose
from pipeline.musicians.offline.synth.render import perform
from pipeline.roles import Booth, Rendering

VERSION = "1"
"""Changes whenever the same order would sound different, so that a replay knows what to expect."""


@dataclass(frozen=True)
class OfflineBand:
    """A musician made of a composer and a synthesiser. It keeps no state, so it may be pickled and shared."""

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        return Backend(name="offline band", version=VERSION, licence="Apache-2.0 (synthesised by this software)")

    artist = "Offline Studio Band"
    batch = 1
    obeys = ("ambience",)  # it plays the plan; what steers a music model means nothing to it

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | Stopped]:
        """Yield one stereo clip at 44.1 kHz for each order; an order alone decides its take, to the byte.

        A take needs seconds: one that is begun is finished.
        """
        for order in orders:
            if booth.stopping():
                yield Stopped(f"Take {order.index} of “{order.track.title}” was not begun.")
                continue
            score = compose(order.track, derive_seed(order.seed, "score"))
            booth.progress(order, 0.1)
            clip = perform(score, derive_seed(order.seed, "sound"))
            booth.progress(order, 1.0)
            yield Rendering(clip)
