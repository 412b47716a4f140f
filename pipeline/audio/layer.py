"""A loop of ambience under a clip: rain, a café, the sea."""

from __future__ import annotations

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.audio.fit import fit
from pipeline.audio.loudness import amplitude, loudness

BELOW = 28.0
"""How far under the music a layer lies, in LU."""

_EDGE = 2.0  # seconds over which a layer comes and goes


def lay_under(clip: Clip, loop: Clip, below: float = BELOW) -> Clip:
    """Return a clip with a loop under it for all its length, `below` LU softer, fading in and out at the ends.

    Under a stereo clip a mono loop comes from both sides, half a turn apart: wide, and the same in mono.
    """
    layer = fit(loop, clip.rate, loop.channels)
    if clip.channels == 2 and loop.channels == 1:
        layer = np.concatenate((layer, np.roll(layer, len(layer) // 2, axis=0)), axis=1)
    layer = fit(Clip(layer, clip.rate), clip.rate, clip.channels)
    layer = layer[np.arange(clip.frames) % len(layer)]
    gain = amplitude(loudness(clip) - below - loudness(Clip(layer, clip.rate)))
    edge = min(round(_EDGE * clip.rate), clip.frames // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32))[:, None] ** 2
    layer[:edge] *= ramp
    layer[clip.frames - edge :] *= ramp[::-1]
    return Clip((clip.samples + np.float32(gain) * layer).astype(np.float32), clip.rate)
