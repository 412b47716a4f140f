"""Orders for the tests of the musician audiocraft."""

from __future__ import annotations

import papers

from pipeline.domain import Controls, RenderOrder
from pipeline.musicians.windows.model import WindowOrder


def window(seed, prompt="lo-fi hip hop beat", seconds=1.0, opening=None, melody=None, **controls):
    return WindowOrder(prompt, seconds, seed, Controls(**controls), opening, melody)


def order(seed=1, seconds=10.0, **extra):
    track = papers.lanterns(instruments=("electric piano",), seconds=seconds)
    return RenderOrder(track=track, index=1, seed=seed, **extra)
