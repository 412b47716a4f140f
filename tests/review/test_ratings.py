"""Blind comparisons become ratings: the likeliest ones, whatever the order in which the answers came."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from scipy.stats import spearmanr

from pipeline.review.ratings import Result, closest, rate

Winner = Literal["a", "b", "tie"]
WINNERS: tuple[Winner, ...] = ("a", "b", "tie")
RESULTS = st.lists(
    st.tuples(st.sampled_from("pqrstu"), st.sampled_from("pqrstu"), st.sampled_from(WINNERS)), max_size=30
)


def likeliest(results: Sequence[Result]) -> dict[str, float]:
    """Find the strengths by a general minimiser, straight from the definition, one result after the other."""
    keys = sorted({key for a, b, _ in results for key in (a, b)})

    def unlikely(logs: np.ndarray) -> float:
        t = dict(zip(keys, logs, strict=True))
        total = sum(log_expit(log) + log_expit(-log) for log in logs)
        for a, b, winner in results:
            if a != b:
                share = {"a": 1.0, "b": 0.0, "tie": 0.5}[winner]
                total += share * log_expit(t[a] - t[b]) + (1 - share) * log_expit(t[b] - t[a])
        return -float(total)

    found = minimize(unlikely, np.zeros(len(keys)), method="BFGS", options={"gtol": 1e-7}).x
    return dict(zip(keys, (float(s) for s in expit(found)), strict=True))


@given(RESULTS.filter(bool))
@settings(max_examples=40, deadline=None)
def test_the_strengths_are_the_likeliest(results: list[Result]) -> None:
    """A general minimiser finds the same ones, over wins, losses, ties and takes that never met."""
    found = {key: rating.strength for key, rating in rate(results).items()}
    assert found == pytest.approx(likeliest(results), abs=2e-5)


@given(RESULTS, st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=30, max_size=30))
@settings(deadline=None)
def test_order_does_not_matter(results: list[Result], chance: random.Random, turned: list[bool]) -> None:
    """Shuffled, and with A and B exchanged, the answers give the same ratings to the bit."""
    other: dict[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}
    mixed = [(b, a, other[w]) if turn else (a, b, w) for (a, b, w), turn in zip(results, turned, strict=False)]
    chance.shuffle(mixed)
    assert rate(mixed) == rate(results)
    assert list(rate(mixed)) == list(rate(results))


def test_a_true_ranking_is_recovered_from_noisy_answers() -> None:
    """Thirty takes, 1,500 answers of which every fourth is wrong: the order comes out nearly as it is."""
    chance = np.random.default_rng(0)
    truth = chance.normal(size=30)
    results: list[Result] = []
    for _ in range(1500):
        a, b = chance.choice(30, 2, replace=False)
        won: Winner = "a" if chance.random() < expit(truth[a] - truth[b]) else "b"
        results.append((f"{a:02}", f"{b:02}", won))
    found = [rating.strength for rating in rate(results).values()]
    assert spearmanr(found, truth).statistic > 0.95
    assert np.abs(np.array(found) - expit(truth - truth.mean())).mean() < 0.05


def test_a_tie_counts_half_for_each() -> None:
    """Wins and losses add up to the answers; a take compared with itself gains and loses nothing."""
    found = rate([("p", "q", "a"), ("q", "p", "tie"), ("p", "q", "b"), ("p", "q", "a"), ("p", "p", "a")])
    assert (found["p"].wins, found["p"].losses) == (2.5, 1.5)
    assert (found["q"].wins, found["q"].losses) == (1.5, 2.5)
    assert found["p"].strength + found["q"].strength == pytest.approx(1)
    assert rate([("s", "s", "a")])["s"].model_dump() == {"wins": 0, "losses": 0, "strength": 0.5}
    assert rate([]) == {}


def test_an_unbeaten_take_stays_short_of_perfect_and_more_wins_count_more() -> None:
    """One win is worth less than ten, and ten thousand still no certainty."""
    strengths = [rate([("p", "q", "a")] * count)["p"].strength for count in (1, 10, 10_000)]
    assert 0.5 < strengths[0] < strengths[1] < strengths[2] < 1
    # By hand: of p's two games and one virtual draw, with u for q's log-strength -t: 1 - s(2t) + 1 - 2 s(t) = 0.
    t = np.log(strengths[0] / (1 - strengths[0]))
    assert 2 - expit(2 * t) - 2 * expit(t) == pytest.approx(0, abs=1e-8)


def test_takes_that_no_answers_link_are_measured_by_the_same_average() -> None:
    """Two pairs that never met: winners alike, losers alike, and what is known better lies farther out."""
    found = rate([("p", "q", "a"), ("r", "s", "a"), ("x", "y", "a"), ("x", "y", "a"), ("x", "y", "a")])
    assert found["p"].strength == pytest.approx(found["r"].strength, abs=1e-9)
    assert found["q"].strength == pytest.approx(1 - found["r"].strength, abs=1e-9)
    assert found["x"].strength > found["p"].strength > 0.5


@pytest.mark.parametrize("chain", [False, True])
def test_thousands_of_takes_are_rated(chain: bool) -> None:
    """5,000 takes and 9,998 answers: all of them linked in one chain, or each take met at random."""
    chance = np.random.default_rng(1)
    pairs = [(n, n + 1) for n in range(4999)] * 2 if chain else chance.integers(0, 5000, (9998, 2)).tolist()
    results: list[Result] = [(f"{a:04}", f"{b:04}", "a") for a, b in pairs]
    found = rate(results)
    assert all(0 < rating.strength < 1 for rating in found.values())
    wins = sum(rating.wins for rating in found.values())
    assert wins == sum(a != b for a, b in pairs) == sum(rating.losses for rating in found.values())
    # At the peak, wins are what the strengths foretell, with the virtual win and loss: checked for a few takes.
    logs = {key: np.log(rating.strength / (1 - rating.strength)) for key, rating in found.items()}
    for take in list(found)[::500]:
        foes = [b if a == take else a for a, b, _ in results if take in (a, b) and a != b]
        foretold = sum(expit(logs[take] - logs[foe]) for foe in foes) + 2 * expit(logs[take])
        assert found[take].wins + 1 == pytest.approx(foretold, abs=1e-6)


def test_the_pair_asked_least_often_comes_next() -> None:
    """Each pair has its turn, whichever of the two was A; the first of equals begins."""
    pairs = list(combinations("pqr", 2))
    results: list[Result] = []
    asked = []
    for _ in range(6):
        pair = closest(pairs, results)
        assert pair is not None
        asked.append(pair)
        results.append((pair[1], pair[0], "tie"))
    assert asked == pairs + pairs


def test_of_those_asked_alike_the_least_certain_comes_next() -> None:
    """After a wins over b and c wins over d, the winners are nearer each other than a winner and a loser."""
    results: list[Result] = [("a", "b", "a"), ("c", "d", "a")] * 3
    assert closest([("a", "d"), ("b", "c"), ("a", "c")], results) == ("a", "c")
    assert closest([("a", "d"), ("a", "new"), ("b", "c")], results) == ("a", "new")
    average: list[Result] = [("m", "n", "a"), ("n", "m", "a")]
    assert closest([("a", "new"), ("m", "new")], [*results, *average]) == ("m", "new")
    # Never asked comes before uncertain; and b with d is as uncertain as a with c, so the order given decides.
    assert closest([("a", "b"), ("a", "d")], [*results, ("b", "a", "a")]) == ("a", "d")
    assert closest([("b", "d"), ("a", "c")], results) == ("b", "d")
    assert closest([("a", "c"), ("b", "d")], results) == ("a", "c")


def test_no_pair_is_worth_asking_where_there_is_none() -> None:
    """Nor is one take beside itself."""
    assert closest([], []) is None
    assert closest([("a", "a")], []) is None
    assert closest([("a", "a"), ("a", "b")], []) == ("a", "b")
