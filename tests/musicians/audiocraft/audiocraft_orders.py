"""Orders for the tests of the musician audiocraft."""

from __future__ import annotations

from pipeline.domain import Controls, RenderOrder, TrackPlan
from pipeline.musicians.windows.model import WindowOrder


def window(seed, prompt="lo-fi hip hop beat", seconds=1.0, opening=None, melody=None, **controls):
    return WindowOrder(prompt, seconds, seed, Controls(**controls), opening, melody)


def order(seed=1, seconds=10.0, **extra):
    track = TrackPlan(
        number=1, title="Paper Lanterns", prompt="a warm lo-fi track", mood="warm", style="jazzhop", tempo=80.0,
        key="A minor", swing=0.58, groove="boom bap", instruments=("electric piano",), ambience="rain", energy=0.5,
        seconds=seconds,
    )  # fmt: skip
    return RenderOrder(track=track, index=1, seed=seed, **extra)
