"""The personal ranker: which takes a reviewer will like, and whether it knows better than the judge.

A take's utility is a weighted sum of its features, and one is preferred to another with a chance that is logistic in
the difference of the two: the model of Bradley and Terry with features, so logistic regression on differences (as in
R. Herbrich, T. Graepel and K. Obermayer, "Support vector learning for ordinal regression", ICANN 1999, who put another
loss on them). A ridge keeps the weights small; iteratively reweighted least squares finds them (T. Hastie,
R. Tibshirani and J. Friedman, "The Elements of Statistical Learning", 2nd ed., section 4.4.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, expit, log_expit

from pipeline.kit.wording import counted
from pipeline.review.features import Features, Heard, Matrix, features_of
from pipeline.review.preferences import Preference, preferences_of, stirred
from pipeline.review.views import Agreement

__all__ = ["Heard", "Preference", "Ranker", "judge_ranker", "learn", "preferences_of"]

RIDGE = 4.0
"""What a squared weight costs: each is thought to be about half a unit of utility for a standard deviation."""
ENOUGH, TRACKS = 24, 6
"""Preferences, and the tracks they are about, below which nothing is said of a ranker."""
FOLDS = 5
LEVEL = 0.1
"""Chance, at most, with which a ranker that knows no better than the judge's total is taken for one that does."""

_Shares = NDArray[np.float64]
_Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Ranker:
    """What was learned: `weights`, [features], and the utility of the take in the `middle`."""

    features: Features
    weights: Matrix
    middle: float

    def score(self, take: Heard) -> float:
        """Return how much the reviewer will like a take, from 0 to 1; the median take has 0.5."""
        return float(expit(self.utilities([take])[0] - self.middle))

    def utilities(self, takes: Sequence[Heard]) -> Matrix:
        """Return the utilities of takes, [takes]. What is not known of one counts as average."""
        return np.asarray(np.nan_to_num(self.features.of(takes)) @ self.weights)


def learn(takes: Sequence[Heard], preferences: Sequence[Preference]) -> Ranker:
    """Return the ranker that explains preferences best. Those about takes that are not among `takes` count nothing."""
    known = in_order(takes)
    features = features_of(known)
    table = features.of(known)
    gaps, weight = differences(known, table, about(known, preferences))
    ranker = Ranker(features, fitted(gaps, weight), 0.0)
    middle = float(np.median(ranker.utilities(known))) if known else 0.0
    return Ranker(features, ranker.weights, middle)


def judge_ranker(takes: Sequence[Heard], preferences: Sequence[Preference]) -> Agreement:
    """Return how often the judge's total and a personal ranker agree with preferences, and whether to use the latter.

    A preference is right where the better take is ranked higher, and half right where a ranking does not tell the two
    apart. The ranker is cross-validated: a preference is tested by a model that saw none about its tracks. (How
    features are scaled and turned is taken from all takes: that knows no decision.)

    It is used where it was right more often and a one-sided sign test on what the two disagree about gives less than
    LEVEL. A difference alone would not do: with few choices it comes about by luck half the time, and a reviewer who
    decides at random would get a ranking that means nothing. Every track has one vote in the test, for preferences that
    share a take stand or fall together: with a vote for each, one random reviewer in five was believed.
    """
    known = in_order(takes)
    group = {take.key: take.group for take in known}
    told = about(known, preferences)
    tracks = [frozenset((group[each.better], group[each.worse])) for each in told]
    judged = {take.key: take.judged for take in known}
    plain = np.array([_right(judged[each.better], judged[each.worse]) for each in told])
    share = float(plain.mean()) if told else None
    met = len(frozenset[str]().union(*tracks))
    if len(told) < ENOUGH or met < TRACKS or share is None:
        return Agreement(pairs=len(told), plain=share, mine=None, used=False, said=_too_few(len(told), met))
    mine = _tested(known, told, tracks)
    gain = votes(told, tracks, mine - plain)
    better = float(mine.mean()) > share
    used = better and by_chance(sum(vote > 0 for vote in gain), len(gain)) < LEVEL
    said = _said(len(told), share, float(mine.mean()), better, used)
    return Agreement(pairs=len(told), plain=share, mine=float(mine.mean()), used=used, said=said)


def in_order(takes: Sequence[Heard]) -> list[Heard]:
    """Return takes by key, each once, so that nothing depends on the order in which they came."""
    return list(
        {take.key: take for take in sorted(takes, key=lambda take: (take.key, take.group), reverse=True)}.values()
    )


def about(takes: Sequence[Heard], preferences: Sequence[Preference]) -> list[Preference]:
    """Return those preferences that are about two of the takes."""
    keys = {take.key for take in takes}
    return [each for each in preferences if each.better != each.worse and {each.better, each.worse} <= keys]


def differences(
    takes: Sequence[Heard], table: Matrix, preferences: Sequence[Preference]
) -> tuple[Matrix, NDArray[np.float64]]:
    """Return the features of the better take less those of the worse, [preferences, features], and what each weighs.

    A feature that only one of the two has says nothing, so the difference is 0.
    """
    place = {take.key: row for row, take in enumerate(takes)}
    better = np.array([place[each.better] for each in preferences], np.int64)
    worse = np.array([place[each.worse] for each in preferences], np.int64)
    weight = np.array([each.weight for each in preferences], float)
    return np.nan_to_num(table[better] - table[worse]), weight


def fitted(gaps: Matrix, weight: NDArray[np.float64]) -> Matrix:
    """Return the weights of features, [features], under which preferences are likeliest, less what the ridge costs."""

    def likelihood(weights: Matrix) -> float:
        return float(weight @ log_expit(gaps @ weights) - RIDGE / 2 * weights @ weights)

    weights = np.zeros(gaps.shape[1])
    for _ in range(50):
        chance = expit(gaps @ weights)
        slope = gaps.T @ (weight * (1 - chance)) - RIDGE * weights
        if np.abs(slope).max(initial=0) < 1e-8:
            break
        bend = (gaps.T * (weight * chance * (1 - chance))) @ gaps + RIDGE * np.eye(len(weights))
        step, here = np.linalg.solve(bend, slope), likelihood(weights)
        while likelihood(weights + step) < here - 1e-9 and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights + step
    return weights


def trials(tracks: Sequence[frozenset[str]]) -> Iterator[tuple[_Chosen, _Chosen]]:
    """Yield which preferences a model learns from, [preferences], and which it is tested on: together each one once.

    `tracks` are those of each preference, one or two. They are dealt to FOLDS hands in the order of their hashes. A
    model is tested on the preferences of one hand, or of two where they lie across, and learns from those that touch
    neither.
    """
    order = sorted(frozenset[str]().union(*tracks), key=stirred)
    hand = {track: number % FOLDS for number, track in enumerate(order)}
    touched = [frozenset(hand[track] for track in each) for each in tracks]
    for hands in sorted(set(touched), key=sorted):
        learned = np.array([not hands & each for each in touched], bool)
        yield learned, np.array([hands == each for each in touched], bool)


def votes(told: Sequence[Preference], tracks: Sequence[frozenset[str]], gain: _Shares) -> list[float]:
    """Return one vote for each track that has one: above 0 where the ranker was right more often, else below 0.

    `gain` is what the ranker was right beyond the judge in each preference. One across two tracks votes for both, where
    neither has voted yet; which of them do is decided by their hashes.
    """
    found: dict[frozenset[str], float] = {}
    for own, more in zip(tracks, gain, strict=True):
        if len(own) == 1:
            found[own] = found.get(own, 0.0) + float(more)
    voted = {track for own, vote in found.items() if vote for track in own}
    across = [number for number, own in enumerate(tracks) if len(own) == 2 and gain[number]]
    for number in sorted(
        across, key=lambda number: stirred("|".join(sorted((told[number].better, told[number].worse))))
    ):
        if not tracks[number] & voted:
            voted |= tracks[number]
            found[tracks[number]] = float(gain[number])
    return [vote for vote in found.values() if vote]


def by_chance(heads: int, tosses: int) -> float:
    """Return how likely a fair coin shows so many heads or more: the p-value of a one-sided sign test."""
    return float(betainc(heads, tosses - heads + 1, 0.5)) if heads else 1.0


def _tested(takes: Sequence[Heard], told: Sequence[Preference], tracks: Sequence[frozenset[str]]) -> _Shares:
    """Return how right the ranker was in each preference, 0, 0.5 or 1, without having been told of its tracks."""
    gaps, weight = differences(takes, features_of(takes).of(takes), told)
    right = np.zeros(len(told))
    for learned, tested in trials(tracks):
        margin = gaps[tested] @ fitted(gaps[learned], weight[learned])
        # Takes that are alike differ in the last digits: that is no opinion.
        right[tested] = np.where(np.abs(margin) < 1e-9, 0.5, margin > 0)
    return right


def _right(better: float | None, worse: float | None) -> float:
    return 0.5 if better is None or worse is None or better == worse else float(better > worse)


def _too_few(pairs: int, tracks: int) -> str:
    more = [counted(ENOUGH - pairs, "more choice")] if pairs < ENOUGH else []
    more += [counted(TRACKS - tracks, "more track")] if tracks < TRACKS else []
    where = f", on {counted(tracks, 'track')}" if tracks else ""
    return (
        f"You have made {counted(pairs, 'choice')} between takes{where}. "
        f"A ranking of your own needs {' and '.join(more)}; until then the judge's ranking stays."
    )


def _said(pairs: int, plain: float, mine: float, better: bool, used: bool) -> str:
    shares = (
        f"The judge's ranking agreed with you in {round(100 * plain)} % of {pairs} choices, "
        f"yours in {round(100 * mine)} %, on takes it had not been shown. "
    )
    if used:
        return f"{shares}Yours is in use."
    return shares + ("That may be luck" if better else "That is not better") + ", so the judge's ranking stays."
