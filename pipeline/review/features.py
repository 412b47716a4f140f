"""What the personal ranker knows of a take: numbers that mean the same for every take at hand.

The judge's parts and its total are standardised over those takes. What a model heard is turned to the few directions in
which they differ most. None of it knows what anybody decided.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from pipeline.audio.embedding import unpack

MOST_SCORES = 48
"""Kinds of scores that are looked at, the commonest first: more than any judge here gives."""
DIRECTIONS = 8
"""Of what a model heard, at most."""
_TAKES_FOR_EACH = 4
"""Takes that a direction needs: those of four takes would be the takes themselves."""
_LEAST_SPREAD = 1e-6
"""Standard deviation below which a score is the same for all."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """What is known of a take: its `key`, its `group` (the track, such as "slug/3"), and how it was judged.

    `total` is the judge's score and `scores` its parts by name, from 0 to 1; whatever is not, NaN too, counts as
    missing. `embedding` is packed by pipeline/audio/embedding.py and came from the model `embedder`; a text that is no
    embedding counts as none.
    """

    key: str
    group: str
    total: float | None
    scores: Mapping[str, float]
    embedding: str | None = None
    embedder: str | None = None

    @property
    def judged(self) -> float | None:
        """The total, where it is a score."""
        return self.total if self.total is not None and is_score(self.total) else None

    @cached_property
    def sound(self) -> NDArray[np.float32] | None:
        """What a model heard, as float32 [dimensions] of length 1; None where that is not known."""
        if self.embedding is None or self.embedder is None:
            return None
        try:
            vector = unpack(self.embedding)
        except ValueError:
            return None
        size = float(np.linalg.norm(vector)) if len(vector) else 0.0
        return vector / np.float32(size) if math.isfinite(size) and size else None

    @property
    def space(self) -> tuple[str, int] | None:
        """Which embeddings its own can be compared with: those of one model and length."""
        return None if self.sound is None else (self.embedder or "", len(self.sound))


def is_score(value: float) -> bool:
    """Return whether a value lies from 0 to 1."""
    return 0 <= value <= 1


@dataclass(frozen=True)
class Features:
    """How a take becomes numbers.

    `names` are the scores, the total first as ""; `mean` and `spread`, [names], are theirs. `spaces` holds for each
    kind of embedding its mean, [dimensions], and its directions, [dimensions, directions].
    """

    names: tuple[str, ...]
    mean: Matrix
    spread: Matrix
    spaces: Mapping[tuple[str, int], tuple[Matrix, Matrix]]

    def of(self, takes: Sequence[Heard]) -> Matrix:
        """Return the features, [takes, features]. A missing score is the mean, 0; a missing embedding is NaN."""
        scores = (_table(takes, self.names) - self.mean) / self.spread
        columns = [np.nan_to_num(scores)]
        for space, (mean, directions) in self.spaces.items():
            block = np.full((len(takes), directions.shape[1]), np.nan)
            rows = [row for row, take in enumerate(takes) if take.space == space]
            if rows:
                block[rows] = (_stacked([takes[row] for row in rows]) - mean) @ directions
            columns.append(block)
        return np.concatenate(columns, axis=1)


def features_of(takes: Sequence[Heard]) -> Features:
    """Return how takes such as these become numbers."""
    counts = Counter(name for take in takes for name, value in take.scores.items() if name and is_score(value))
    names = ("", *sorted(sorted(counts), key=lambda name: -counts[name])[:MOST_SCORES])
    table = _table(takes, names)
    known = ~np.isnan(table)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, table, 0).sum(0) / count
    spread = np.sqrt(np.where(known, (table - mean) ** 2, 0).sum(0) / count)
    spaces = {}
    for space in sorted({take.space for take in takes if take.space is not None}):
        alike = [take for take in takes if take.space == space]
        if kept := min(DIRECTIONS, space[1], len(alike) // _TAKES_FOR_EACH):
            spaces[space] = _directions(_stacked(alike), kept)
    return Features(names, mean, np.where(spread < _LEAST_SPREAD, np.inf, spread), spaces)


def _table(takes: Sequence[Heard], names: Sequence[str]) -> Matrix:
    """Return the scores, [takes, names]; NaN where one is missing. The name "" is the total's."""
    rows = [{**take.scores, "": math.nan if take.total is None else take.total} for take in takes]
    table = np.array([[row.get(name, math.nan) for name in names] for row in rows], float).reshape(-1, len(names))
    return np.where((table >= 0) & (table <= 1), table, math.nan)


def _stacked(takes: Sequence[Heard]) -> Matrix:
    """Return embeddings, float32 [takes, dimensions]."""
    return np.array([take.sound for take in takes if take.sound is not None])


def _directions(sounds: Matrix, kept: int) -> tuple[Matrix, Matrix]:
    """Return the mean of embeddings and their principal directions, scaled so that they spread by 1 along the first."""
    mean = sounds.mean(0)
    apart = sounds - mean
    wide = apart.shape[1] > len(apart)
    square = apart @ apart.T if wide else apart.T @ apart
    powers, vectors = eigh(square.astype(float), subset_by_index=[len(square) - kept, len(square) - 1])
    found = powers > max(powers[-1], 0) * 1e-6
    powers, vectors = powers[found], vectors[:, found]
    if wide:
        vectors = apart.T @ (vectors / np.sqrt(powers))
    return mean, vectors / np.sqrt(max(powers.max(initial=0), 1e-12) / len(sounds))
