"""Keys for an album: a walk on the Camelot wheel, so that every track mixes into the next.

Two keys are neighbours when they are the same, a fifth apart in the same mode, or relative to each other: one step
on the wheel (the Camelot system of harmonic mixing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from pipeline.domain import Key
from pipeline.writers.offline.chance import pick

# A walk further than this from home would be another album's key.
_REACH = 2


def on_wheel(number: int, letter: Literal["A", "B"]) -> Key:
    """Return the key at a place on the wheel, the inverse of Key.camelot."""
    major = Key(((number - 8) * 7) % 12, "major")
    return major if letter == "B" else major.relative


def neighbours(key: Key) -> tuple[Key, Key, Key, Key]:
    """Return the keys one step away: the same, a fifth up, a fifth down, the relative."""
    number, letter = key.camelot
    return key, on_wheel(number % 12 + 1, letter), on_wheel((number - 2) % 12 + 1, letter), key.relative


def key_walk(count: int, modes: Mapping[str, float], rng: np.random.Generator) -> tuple[Key, ...]:
    """Return `count` keys, each a neighbour of the one before, all near the first and leaning to `modes`.

    No key stays for more than two tracks.
    """
    home = on_wheel(int(rng.integers(1, 13)), "A" if pick(modes, rng) == "minor" else "B")
    walk = [home]
    while len(walk) < count:
        weights: dict[Key, float] = {}
        for step, base in zip(neighbours(walk[-1]), (0.5, 1.0, 1.0, 0.9), strict=True):
            stuck = len(walk) > 1 and step == walk[-1] == walk[-2]
            if step.fifths_to(home) <= _REACH and not stuck:
                # The floor keeps a mode the style does not use reachable, so that the walk cannot get stuck.
                weights[step] = base * max(0.05, modes.get(step.mode, 0.0) / sum(modes.values()))
        walk.append(pick(weights, rng))
    return tuple(walk)
