"""Drawing from lists. Every choice the composer makes passes through here, from a generator given by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from pipeline.domain.units import derive_seed

T = TypeVar("T")
Rng = np.random.Generator


def player(seed: int, *path: str | int) -> Rng:
    """Return the generator of one part of the work, independent of all others under the same seed."""
    return np.random.default_rng(derive_seed(seed, *path))


def pick(rng: Rng, items: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """Return one of `items`, with probability in proportion to `weights` (all alike when None)."""
    if weights is None:
        return items[min(int(rng.random() * len(items)), len(items) - 1)]
    left = rng.random() * sum(weights)
    for item, weight in zip(items, weights, strict=True):
        left -= weight
        if left < 0:
            return item
    return items[-1]


def chance(rng: Rng, probability: float) -> bool:
    """Return True with this probability."""
    return bool(rng.random() < probability)


def between(rng: Rng, low: float, high: float) -> float:
    """Return a number drawn evenly from `low` to `high`."""
    return low + (high - low) * float(rng.random())
