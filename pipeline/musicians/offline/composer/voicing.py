"""Voice leading: four close voices over the bass, from chord to chord by the shortest way.

Every chord has all its placements in the register weighed (low intervals wide, no grinding seconds on top), and the
smoothest path through the whole piece is found by dynamic programming (Viterbi).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from pipeline.musicians.offline.composer.theory import Chord

LOWEST, HIGHEST = 52, 76
"""The register of the voices: E3 to E5."""
_CENTRE = 63.0

Voicing = tuple[int, ...]
"""Pitches from low to high, as MIDI numbers."""


def _static_cost(pitches: Voicing) -> float | None:
    """Return how far from ideal a placement is on its own, or None when it must not be used."""
    gaps = [high - low for low, high in pairwise(pitches)]
    span = pitches[-1] - pitches[0]
    # Below about A3 close intervals turn to mud (low interval limits).
    if span > 17 or gaps[-1] < 2 or (pitches[0] < 57 and gaps[0] < 3) or gaps.count(1) > 1:
        return None
    cost = 0.28 * abs(sum(pitches) / len(pitches) - _CENTRE) + 1.2 * gaps.count(1)
    cost += 1.5 * max(0, 8 - span) + 0.6 * max(0, span - 14) + sum(0.8 for gap in gaps if gap > 7)
    return cost


@lru_cache(maxsize=2048)
def placements(voices: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return every usable placement of pitch classes, [n, voices] from low to high, and what each costs, [n]."""
    spots = [[pitch for pitch in range(LOWEST, HIGHEST + 1) if pitch % 12 == voice] for voice in voices]
    found: dict[Voicing, float] = {}
    for pitches in product(*spots):
        ordered = tuple(sorted(pitches))
        cost = _static_cost(ordered)
        if cost is not None:
            found[ordered] = cost
    return np.array(list(found), dtype=np.int64), np.array(list(found.values()))


@lru_cache(maxsize=8192)
def _moves(before: tuple[int, ...], after: tuple[int, ...]) -> NDArray[np.float64]:
    """Return what it costs to move from each placement of one chord to each of the next, [n, m]."""
    steps = np.abs(placements(after)[0][None, :, :] - placements(before)[0][:, None, :])
    leap = np.maximum(steps.max(axis=2) - 3, 0)
    cost: NDArray[np.float64] = steps.sum(axis=2) + 2.5 * leap**2 + 0.5 * steps[:, :, -1]
    return cost


def lead_voices(chords: Sequence[Chord]) -> tuple[Voicing, ...]:
    """Return one voicing for each chord, four voices from low to high, moving as little as possible."""
    if not chords:
        return ()
    totals = placements(chords[0].voices)[1]
    came: list[NDArray[np.int64]] = []
    for before, after in pairwise(chords):
        reached = totals[:, None] + _moves(before.voices, after.voices)
        came.append(reached.argmin(axis=0))
        totals = reached.min(axis=0) + placements(after.voices)[1]
    at = int(totals.argmin())
    path = [at]
    for back in reversed(came):
        at = int(back[at])
        path.append(at)
    path.reverse()
    return tuple(
        tuple(int(pitch) for pitch in placements(chord.voices)[0][index])
        for chord, index in zip(chords, path, strict=True)
    )
