"""Choosing from weights, the same on every machine for the same generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

_Item = TypeVar("_Item")


def one_of(items: Sequence[_Item], rng: np.random.Generator) -> _Item:
    """Return one item, all equally likely."""
    return items[int(rng.integers(len(items)))]


def pick(weights: Mapping[_Item, float], rng: np.random.Generator) -> _Item:
    """Return one key, as likely as its weight. `weights` must hold at least one positive weight."""
    mark = float(rng.random()) * sum(weights.values())
    for item, weight in weights.items():
        mark -= weight
        if mark < 0:
            return item
    return next(reversed(list(weights)))  # rounding left the mark at the very end


def sample(weights: Mapping[_Item, float], count: int, rng: np.random.Generator) -> list[_Item]:
    """Return up to `count` different keys, likelier ones sooner."""
    left = dict(weights)
    chosen: list[_Item] = []
    while left and len(chosen) < count:
        chosen.append(pick(left, rng))
        del left[chosen[-1]]
    return chosen


def strongest(weights: Mapping[_Item, float]) -> _Item:
    """Return the heaviest key, the first on a tie."""
    return max(weights, key=lambda item: weights[item])
