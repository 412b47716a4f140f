"""How good takes are after blind comparisons: the model of Bradley and Terry, in which strength is all that counts.

A take of log-strength t beats one of log-strength u with a chance of 1 / (1 + exp(u - t)). The log-strengths are those
under which what was answered is likeliest, after D. R. Hunter, "MM algorithms for generalized Bradley-Terry models",
Annals of Statistics 32 (2004), 384-406; a tie is half a win for each. The likelihood is concave, and Newton's method
finds its peak: Hunter's own algorithm creeps where a few takes met many times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import cg
from scipy.special import expit, log_expit

from pipeline.review.views import Rating

Result = tuple[str, str, Literal["a", "b", "tie"]]
"""The takes A and B by their hashes, and which was better."""

_POINTS = {"a": 1.0, "tie": 0.5, "b": 0.0}
_VIRTUAL = 1.0
"""Wins, and losses, against an average take that every take is granted beforehand. So a take that never lost has a
finite strength, and takes that no chain of comparisons links are measured by the same average (a prior, as F. Caron
and A. Doucet, "Efficient Bayesian inference for generalized Bradley-Terry models", 2012, have one)."""

_Array = NDArray[np.float64]
_Places = NDArray[np.int64]


def rate(results: Sequence[Result]) -> dict[str, Rating]:
    """Return the rating of every take that was compared, by its hash, in the order of the hashes.

    The order of the results does not matter, to the bit. A take compared with itself gains and loses nothing.
    """
    keys = sorted({key for a, b, _ in results for key in (a, b)})
    if not keys:
        return {}
    place = {key: number for number, key in enumerate(keys)}
    a = np.array([place[a] for a, _, _ in results], np.int64)
    b = np.array([place[b] for _, b, _ in results], np.int64)
    points = np.array([_POINTS[winner] for _, _, winner in results])
    points = np.where(a < b, points, 1 - points)[a != b]
    met, pair = np.unique(np.stack([np.minimum(a, b), np.maximum(a, b)])[:, a != b], axis=1, return_inverse=True)
    # Sums of halves are exact in any order, and everything below sees the sums alone.
    won, games = _sums(pair, points, met.shape[1]), _sums(pair, np.ones(len(pair)), met.shape[1])
    one, two = met
    wins = _sums(one, won, len(keys)) + _sums(two, games - won, len(keys))
    losses = _sums(one, games - won, len(keys)) + _sums(two, won, len(keys))
    strength = expit(_log_strengths(one, two, won, games, len(keys)))
    return {
        key: Rating(wins=float(w), losses=float(lost), strength=float(s))
        for key, w, lost, s in zip(keys, wins, losses, strength, strict=True)
    }


def closest(candidates: Sequence[tuple[str, str]], results: Sequence[Result]) -> tuple[str, str] | None:
    """Return the pair of takes that is most worth comparing next, as it was given; None where there is none.

    It is the one asked least often, of those the one whose outcome is least certain, of those the first. A take that
    was never compared counts as an average one; a pair of one take with itself is passed over.
    """
    asked = Counter(frozenset((a, b)) for a, b, _ in results)
    strength = {key: rating.strength for key, rating in rate(results).items()}

    def dull(pair: tuple[str, str]) -> tuple[int, float]:
        mine, theirs = (strength.get(key, 0.5) for key in pair)
        win, loss = mine * (1 - theirs), theirs * (1 - mine)
        # Rounded, so that the last digits of the fit do not decide between pairs that are alike.
        return asked[frozenset(pair)], round(abs(win / (win + loss) - 0.5), 6)

    return min((pair for pair in candidates if pair[0] != pair[1]), key=dull, default=None)


def _sums(places: _Places, values: _Array, count: int) -> _Array:
    """Return what falls on each of `count` places, added up."""
    return np.asarray(np.bincount(places, values, count), np.float64)


def _log_strengths(one: _Places, two: _Places, won: _Array, games: _Array, takes: int) -> _Array:
    """Return the likeliest log-strengths, [takes], where `one` met `two` so many `games` and won so many points."""

    def likelihood(logs: _Array) -> float:
        gap = logs[one] - logs[two]
        virtual = _VIRTUAL * (log_expit(logs) + log_expit(-logs)).sum()
        return float(won @ log_expit(gap) + (games - won) @ log_expit(-gap) + virtual)

    def each(ones: _Array, twos: _Array) -> _Array:
        return _sums(one, ones, takes) + _sums(two, twos, takes)

    logs, everyone = np.zeros(takes), np.arange(takes)
    for _ in range(100):
        chance, alone = expit(logs[one] - logs[two]), expit(logs)
        surprise = won - games * chance
        slope = each(surprise, -surprise) + _VIRTUAL * (1 - 2 * alone)
        if np.abs(slope).max() < 1e-9:
            break
        curve = games * chance * (1 - chance)
        own = each(curve, curve) + 2 * _VIRTUAL * alone * (1 - alone)
        rows, columns = np.concatenate([everyone, one, two]), np.concatenate([everyone, two, one])
        bend = coo_array((np.concatenate([own, -curve, -curve]), (rows, columns)), (takes, takes)).tocsr()
        step, _ = cg(bend, slope, rtol=1e-8, M=coo_array((1 / own, (everyone, everyone))).tocsr())
        # Far from the peak a whole step may lead beyond it.
        here = likelihood(logs)
        while likelihood(logs + step) < here - 1e-9 and np.abs(step).max() > 1e-12:
            step = step / 2
        logs = logs + step
    return logs
