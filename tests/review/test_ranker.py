"""The personal ranker learns a taste, and is believed only where it has shown that it did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_expit
from scipy.stats import binom

from pipeline.audio.embedding import pack
from pipeline.review.preferences import ACROSS, PARTNERS
from pipeline.review.ranker import (
    ENOUGH,
    LEVEL,
    RIDGE,
    TRACKS,
    Heard,
    Preference,
    by_chance,
    differences,
    fitted,
    judge_ranker,
    learn,
    preferences_of,
    trials,
    votes,
)
from pipeline.review.views import Agreement

Chance = np.random.Generator
Taste = Callable[[Heard, Chance], float]
PARTS = ("melody", "rhythm", "warmth", "balance")


class Session(NamedTuple):
    """Takes, and what a reviewer said of them."""

    takes: list[Heard]
    preferences: list[Preference]

    def agreement(self) -> Agreement:
        return judge_ranker(self.takes, self.preferences)


def reviewed(taste: Taste, seed: int = 0, tracks: int = 20, each: int = 4, dimensions: int = 0) -> Session:
    """Let a reviewer approve every take that tastes better than nothing. The judge's total leaves out the warmth."""
    chance = np.random.default_rng(seed)
    takes = []
    for number in range(tracks * each):
        scores = {part: float(score) for part, score in zip(PARTS, chance.random(4), strict=True)}
        total = (scores["melody"] + scores["rhythm"] + scores["balance"]) / 3
        sound = pack(chance.normal(size=dimensions).astype(np.float32)) if dimensions else None
        track = f"slug/{number // each}"
        takes.append(Heard(f"{seed}-{number}", track, total, scores, sound, "clap" if dimensions else None))
    decided = [(take.key, take.group, taste(take, chance) > 0) for take in takes]
    return Session(takes, preferences_of(decided, []))


def warm_and_contrary(take: Heard, chance: Chance) -> float:
    """Like warmth, which the judge does not count, and dislike what the judge likes."""
    return take.scores["warmth"] - (take.total or 0) + 0.1 * chance.normal()


def like_the_judge(take: Heard, chance: Chance) -> float:
    return (take.total or 0) - 0.5 + 0.05 * chance.normal()


def at_random(take: Heard, chance: Chance) -> float:
    return float(chance.normal())


def test_a_taste_that_is_not_the_judges_is_learned_and_used() -> None:
    """Twenty tracks are enough to know a reviewer who wants warmth, and to put an unheard warm take first."""
    session = reviewed(warm_and_contrary)
    found = session.agreement()
    assert found.used
    assert found.plain is not None and found.mine is not None
    assert found.plain < 0.45 and found.mine > 0.8
    ranker = learn(*session)
    unheard = reviewed(warm_and_contrary, seed=1)
    right = [
        ranker.score(take) > ranker.score(other)
        for better, worse, _ in [(each.better, each.worse, each.weight) for each in unheard.preferences]
        for take in unheard.takes
        if take.key == better
        for other in unheard.takes
        if other.key == worse
    ]
    assert np.mean(right) > 0.8


def test_it_is_used_from_blind_comparisons_alone() -> None:
    """Nothing was decided: eighty answers to A or B do, each about two takes of a track."""
    takes = reviewed(at_random, tracks=40).takes
    warmth = {take.key: take.scores["warmth"] for take in takes}
    pairs = [(takes[4 * n + k].key, takes[4 * n + k + 1].key) for n in range(40) for k in (0, 2)]
    asked = preferences_of([], [(a, b, "a" if warmth[a] > warmth[b] else "b") for a, b in pairs])
    assert len(asked) == 80
    assert judge_ranker(takes, asked).used


def test_what_a_model_heard_is_learned_from() -> None:
    """A reviewer who wants one kind of sound, which no score tells, is known by the embeddings."""
    chance = np.random.default_rng(3)
    kinds = chance.normal(size=(3, 64))
    takes, decided = [], []
    for number in range(120):
        place = chance.normal(size=3)
        # As with real models, all sounds have much in common.
        sound = pack((20 + place @ kinds + 0.2 * chance.normal(size=64)).astype(np.float32))
        takes.append(Heard(f"{number}", f"slug/{number // 4}", 0.5, {}, sound, "clap"))
        decided.append((f"{number}", f"slug/{number // 4}", bool(place[1] > 0)))
    preferences = preferences_of(decided, [])
    found = judge_ranker(takes, preferences)
    assert found.plain == 0.5
    assert found.used and found.mine is not None and found.mine > 0.75
    # Of two models each, the embeddings say nothing about a pair: nothing is left to learn from.
    mixed = [replace(take, embedder=f"clap {number % 4}") for number, take in enumerate(takes)]
    within = [each for each in preferences if each.weight == 1]
    assert judge_ranker(mixed, within).mine == 0.5
    assert judge_ranker([replace(take, embedder=None) for take in takes], preferences).mine == 0.5


def test_who_agrees_with_the_judge_keeps_the_judges_ranking() -> None:
    """A learned ranking cannot be much better than the one the reviewer has already."""
    found = [reviewed(like_the_judge, seed).agreement() for seed in range(20)]
    assert sum(each.used for each in found) <= 2
    assert all(each.plain is not None and each.plain > 0.8 for each in found)


@pytest.mark.parametrize(("tracks", "each"), [(20, 4), (60, 1), (8, 6)])
def test_who_decides_at_random_gets_no_ranking(tracks: int, each: int) -> None:
    """Of 300 such reviewers no more are believed than the sign test promises, though takes are in many pairs."""
    seeds = 300
    used = sum(reviewed(at_random, seed, tracks, each).agreement().used for seed in range(seeds))
    assert used <= binom.ppf(0.99, seeds, LEVEL)


def test_embeddings_that_give_every_take_away_do_not_leak() -> None:
    """Every take has a sound of its own, from which random decisions could be learned by heart: none is foretold."""
    found = [reviewed(at_random, seed, tracks=12, dimensions=128).agreement() for seed in range(60)]
    mine = [each.mine for each in found if each.mine is not None]
    assert len(mine) == 60
    assert abs(np.mean(mine) - 0.5) < 4 * np.std(mine) / math.sqrt(60)
    assert np.mean(mine) < 0.53
    assert sum(each.used for each in found) <= binom.ppf(0.99, 60, LEVEL)
    # By heart they are: tested on what it was told, the same model knows better.
    session = reviewed(at_random, 0, tracks=12, dimensions=128)
    ranker, heard = learn(*session), {take.key: take for take in session.takes}
    told = [each for each in session.preferences if each.weight == 1]
    assert np.mean([ranker.score(heard[p.better]) > ranker.score(heard[p.worse]) for p in told]) > 0.65


TRACK_SETS = st.lists(
    st.frozensets(st.sampled_from([f"slug/{n}" for n in range(12)]), min_size=1, max_size=2), min_size=1, max_size=40
)


@given(TRACK_SETS)
def test_no_model_is_tested_on_a_track_it_saw(tracks: list[frozenset[str]]) -> None:
    """Every preference is tested once, by a model that learned from none about its tracks."""
    times = np.zeros(len(tracks), int)
    for learned, tested in trials(tracks):
        times += tested
        seen = frozenset[str]().union(*(own for own, flag in zip(tracks, learned, strict=True) if flag))
        asked = frozenset[str]().union(*(own for own, flag in zip(tracks, tested, strict=True) if flag))
        assert not seen & asked
    assert (times == 1).all()


def test_most_of_what_was_said_is_learned_from() -> None:
    """With fifty tracks of their own every model learns from four fifths."""
    tracks = [frozenset({f"slug/{n}"}) for n in range(50)]
    shares = [learned.mean() for learned, _ in trials(tracks)]
    assert shares == pytest.approx([0.8] * 5)


@given(st.lists(st.integers(-1, 1), min_size=30, max_size=30))
def test_a_track_has_one_vote(gains: list[int]) -> None:
    """Ten tracks with three preferences each give ten votes at most, each for the side that was right more often."""
    told = [Preference(f"a{n}", f"b{n}") for n in range(30)]
    tracks = [frozenset({f"slug/{n // 3}"}) for n in range(30)]
    sums = [sum(gains[3 * n : 3 * n + 3]) for n in range(10)]
    assert votes(told, tracks, np.array(gains, float)) == [each for each in sums if each]


def test_a_preference_across_two_tracks_votes_for_both() -> None:
    """Four tracks, each against each other: two votes. Where a track has voted itself, its others are not counted."""
    names = ["p", "q", "r", "s"]
    told = [Preference(a, b) for a in names for b in names if a < b]
    tracks = [frozenset({each.better, each.worse}) for each in told]
    assert len(votes(told, tracks, np.ones(6))) == 2
    own = frozenset({"p"})
    assert sorted(votes([Preference("p", "p2"), *told], [own, *tracks], np.array([-1.0] + [1.0] * 6))) == [-1, 1]


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_sign_test_counts_coins(case: tuple[int, int]) -> None:
    """It gives what the binomial distribution does; without a coin there is no evidence."""
    heads, tosses = case
    assert by_chance(heads, tosses) == pytest.approx(binom.sf(heads - 1, tosses, 0.5))


def test_the_weights_are_the_likeliest() -> None:
    """A general minimiser finds the same ones from the definition."""
    chance = np.random.default_rng(5)
    gaps, weight = chance.normal(size=(40, 5)), chance.uniform(0.2, 2, 40)

    def unlikely(weights: np.ndarray) -> float:
        return float(RIDGE / 2 * (weights**2).sum() - (weight * log_expit(gaps @ weights)).sum())

    brute = minimize(unlikely, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    assert fitted(gaps, weight) == pytest.approx(brute, abs=1e-6)
    # Also where preferences can be met without exception, many times over, and the ridge alone holds the weights.
    sure = fitted(np.array([[1.0, 0.0]] * 1000), np.full(1000, 50.0))
    assert np.isfinite(sure).all() and sure[0] > 3 and sure[1] == 0


def test_the_median_take_has_a_half() -> None:
    """Scores lie from 0 to 1 around 0.5, and with nothing told all have it."""
    session = reviewed(warm_and_contrary)
    ranker = learn(*session)
    scores = [ranker.score(take) for take in session.takes]
    assert np.median(scores) == pytest.approx(0.5, abs=0.02)
    assert 0 <= min(scores) < 0.2 and 0.8 < max(scores) <= 1
    assert {learn(session.takes, []).score(take) for take in session.takes} == {0.5}
    assert learn([], []).score(session.takes[0]) == 0.5


def test_the_order_of_takes_and_preferences_does_not_matter() -> None:
    """Nor do takes and preferences that come twice or are unknown change who is liked."""
    takes, preferences = reviewed(warm_and_contrary, tracks=8, dimensions=16)
    ranker, other = learn(takes, preferences), learn(takes[::-1] + takes[:3], preferences[::-1])
    stranger = learn(takes, [*preferences, Preference("nobody", takes[1].key)])
    for take in takes:
        assert other.score(take) == pytest.approx(ranker.score(take), abs=1e-9)
        assert stranger.score(take) == pytest.approx(ranker.score(take), abs=1e-9)
    found = judge_ranker(takes, preferences)
    assert judge_ranker(takes[::-1], preferences[::-1]).model_dump() == pytest.approx(found.model_dump())
    assert (
        judge_ranker(takes, [*preferences, Preference("nobody", "x"), Preference(takes[0].key, takes[0].key)]) == found
    )
    assert learn([], preferences).score(takes[0]) == 0.5


HOSTILE = (math.nan, math.inf, -math.inf, -1.0, 1e308, 2.0)


@pytest.mark.parametrize("bad", HOSTILE)
def test_what_is_no_score_counts_as_missing(bad: float) -> None:
    """One part and one total that are no numbers from 0 to 1 do what missing ones do: nothing."""
    takes, preferences = reviewed(warm_and_contrary)
    first = takes[0]
    others = {name: score for name, score in first.scores.items() if name != "warmth"}
    missing = [replace(first, total=None, scores=others), *takes[1:]]
    spoilt = [replace(first, total=bad, scores={**others, "warmth": bad}), *takes[1:]]
    assert judge_ranker(spoilt, preferences) == judge_ranker(missing, preferences)
    ranker, plain = learn(spoilt, preferences), learn(missing, preferences)
    assert [ranker.score(take) for take in spoilt] == [plain.score(take) for take in missing]
    assert ranker.score(Heard("new", "new/1", bad, dict.fromkeys(PARTS, bad))) == ranker.score(
        Heard("new", "new/1", None, {})
    )


LARGE = pack(np.full(16, 65504, np.float32))


@pytest.mark.parametrize(
    "bad", ["", "?", "é", "AAA=", "AHwAfAB8AHw=", "AH4AfgB+AH4=", pack(np.zeros(16)), pack(np.ones(3)), "AAAAAAAA"]
)
def test_what_is_no_embedding_counts_as_none(bad: str) -> None:
    """Broken text, infinity, NaN, silence and another length do no harm, and say nothing."""
    takes, preferences = reviewed(warm_and_contrary, dimensions=16)
    none = [replace(takes[0], embedding=None), *takes[1:]]
    spoilt = [replace(takes[0], embedding=bad), *takes[1:]]
    assert judge_ranker(spoilt, preferences) == judge_ranker(none, preferences)
    assert learn(spoilt, preferences).score(spoilt[0]) == learn(none, preferences).score(none[0])


def test_a_loud_embedding_counts_no_more_than_another() -> None:
    """Only its direction does: a thousand times as long, it is the same."""
    takes, preferences = reviewed(warm_and_contrary, dimensions=16)
    small = [replace(takes[0], embedding=pack(np.full(16, 1.0))), *takes[1:]]
    large = [replace(takes[0], embedding=LARGE), *takes[1:]]
    assert learn(large, preferences).score(takes[1]) == pytest.approx(learn(small, preferences).score(takes[1]))


def test_a_take_without_embedding_is_judged_by_the_rest() -> None:
    """In a pair where one has none, the other's says nothing; scores still do."""
    takes, _ = reviewed(warm_and_contrary, dimensions=16)
    bare = [replace(take, embedding=None) if number % 2 else take for number, take in enumerate(takes)]
    table = learn(bare, []).features.of(bare)
    gaps, weight = differences(
        bare, table, [Preference(bare[0].key, bare[1].key), Preference(bare[0].key, bare[2].key)]
    )
    scores = 1 + len(PARTS)
    assert gaps.shape[1] > scores and weight.tolist() == [1, 1]
    assert (gaps[0, scores:] == 0).all() and (gaps[0, :scores] != 0).all() and (gaps[1] != 0).all()


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_preference_weighs_something(weight: float) -> None:
    """A weight that is no amount is refused."""
    with pytest.raises(ValueError, match="weighs"):
        Preference("a", "b", weight)


def test_weight_counts() -> None:
    """A preference of weight 3 says what three of weight 1 do."""
    takes, preferences = reviewed(warm_and_contrary, tracks=4)
    thrice = [replace(each, weight=3 * each.weight) for each in preferences]
    many, heavy = learn(takes, preferences * 3), learn(takes, thrice)
    assert heavy.weights == pytest.approx(many.weights, abs=1e-6)
    assert heavy.weights != pytest.approx(learn(takes, preferences).weights, abs=1e-3)


def test_every_approved_take_is_better_than_every_rejected_one_of_its_track() -> None:
    """Two against two are four; across tracks each counts a quarter; of two decisions on a take the last one counts."""
    decided = [("p", "s/1", False), ("p", "s/1", True), ("q", "s/1", True), ("r", "s/1", False), ("x", "s/1", False)]
    assert set(preferences_of(decided, [])) == {Preference(good, bad) for good in ("p", "q") for bad in ("r", "x")}
    across = preferences_of([("p", "s/1", True), ("q", "s/2", False), ("r", "s/2", False)], [])
    assert set(across) == {Preference("p", "q", ACROSS), Preference("p", "r", ACROSS)}
    assert set(preferences_of([("p", "s/1", False), ("q", "s/2", True), ("r", "s/2", True)], [])) == {
        Preference("q", "p", ACROSS),
        Preference("r", "p", ACROSS),
    }


def test_blind_comparisons_count_as_they_are_and_ties_nothing() -> None:
    """B may win; what was asked twice counts twice."""
    asked = preferences_of([], [("p", "q", "a"), ("p", "q", "b"), ("p", "q", "b"), ("p", "q", "tie"), ("p", "p", "a")])
    assert asked == [Preference("p", "q"), Preference("q", "p"), Preference("q", "p")]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.booleans()), max_size=80))
def test_no_take_is_set_against_many_of_other_tracks(said: list[tuple[int, int, bool]]) -> None:
    """At most three partners each, all of other tracks and of the other side, and the same ones in any order."""
    decided = [
        (f"k{key}", f"s/{group}", approved) for key, group, approved in {k: (k, g, a) for k, g, a in said}.values()
    ]
    found = preferences_of(decided, [])
    assert found == preferences_of(sorted(decided, reverse=True), [])
    sides = {key: (group, approved) for key, group, approved in decided}
    partners: Counter[str] = Counter()
    for each in found:
        (group, approved), (other, rejected) = sides[each.better], sides[each.worse]
        assert approved and not rejected
        assert each.weight == (1 if group == other else ACROSS)
        if group != other:
            partners.update((each.better, each.worse))
    assert all(count <= PARTNERS for count in partners.values())
    assert len(set(found)) == len(found)


def test_partners_are_the_same_on_every_day() -> None:
    """Which takes of other tracks one is set against depends on their names alone, in every process."""
    found = preferences_of([("k", "s/0", True), *((f"k{n}", f"s/{n}", False) for n in range(1, 9))], [])
    assert [each.worse for each in found] == ["k2", "k6", "k3"]


def test_weights_count_in_the_trial_too() -> None:
    """One choice of weight 9 for the warm take outweighs two of weight 1 for the cold one, so one of three is right."""
    takes = [Heard(f"{n}-{w}", f"s/{n}", 0.5, {"warmth": w}) for n in range(20) for w in (0.0, 1.0)]
    warm = [Preference(f"{n}-1.0", f"{n}-0.0", 9) for n in range(20)]
    cold = [Preference(f"{n}-0.0", f"{n}-1.0") for n in range(20)]
    assert judge_ranker(takes, warm + cold + cold).mine == pytest.approx(1 / 3)


def test_a_missing_score_is_the_mean() -> None:
    """A take without it lies between those that have more and those that have less."""
    takes = [Heard(f"{n}", "s/1", 0.5, {"warmth": n / 4}) for n in range(5)]
    ranker = learn(takes, [Preference(f"{n + 1}", f"{n}") for n in range(4)])
    assert ranker.score(Heard("new", "s/2", None, {})) == pytest.approx(0.5)
    told = learn([*takes, Heard("bare", "s/1", 0.5, {})], [Preference("4", "bare")])
    assert told.score(takes[4]) > 0.5 > told.score(takes[0])


def test_two_hundred_decisions_do_not_make_ten_thousand_pairs() -> None:
    """Half of 200 tracks approved: 300 pairs, in which everybody has three partners."""
    found = preferences_of([(f"k{n}", f"s/{n}", n % 2 == 0) for n in range(200)], [])
    assert len(found) == 300
    assert set(Counter(each.better for each in found).values()) == {3}
    assert set(Counter(each.worse for each in found).values()) == {3}


def test_the_judges_share_counts_what_it_cannot_tell_apart_as_half() -> None:
    """Right, wrong, equal and unjudged: (1 + 0 + 0.5 + 0.5) of 4."""
    totals = {"p": 0.9, "q": 0.1, "r": 0.9, "n": None}
    takes = [Heard(key, "s/1", total, {}) for key, total in totals.items()]
    told = [Preference("p", "q"), Preference("q", "p"), Preference("p", "r"), Preference("p", "n")]
    assert judge_ranker(takes, told).plain == 0.5
    assert judge_ranker(takes, told[:1]).plain == 1
    assert judge_ranker(takes, []).plain is None


def pairs_on(tracks: int, choices: int) -> Agreement:
    """Judge a ranker by so many choices, dealt to so many tracks."""
    takes = [Heard(f"{n}-{side}", f"s/{n}", 0.5, {}) for n in range(tracks) for side in "ab"]
    return judge_ranker(takes, [Preference(f"{n % tracks}-a", f"{n % tracks}-b") for n in range(choices)])


def test_too_few_choices_say_how_many_are_missing() -> None:
    """Both of choices and of tracks; with enough of both something else is said."""
    few = pairs_on(3, 10)
    assert (few.pairs, few.mine, few.used) == (10, None, False)
    assert few.said == (
        "You have made ten choices between takes, on three tracks. A ranking of your own needs 14 more choices and "
        "three more tracks; until then the judge's ranking stays."
    )
    assert "needs one more choice; until" in pairs_on(TRACKS, ENOUGH - 1).said
    assert "needs one more track; until" in pairs_on(TRACKS - 1, ENOUGH).said
    assert "needs" not in pairs_on(TRACKS, ENOUGH).said
    assert judge_ranker([], []).said == (
        "You have made no choices between takes. A ranking of your own needs 24 more choices and six more tracks; "
        "until then the judge's ranking stays."
    )


def test_what_is_said_is_what_was_found() -> None:
    """In use, no better, or maybe luck: with the shares of both and the number of choices."""
    session = reviewed(warm_and_contrary)
    found = session.agreement()
    assert found.pairs == len(session.preferences)
    assert found.said == (
        f"The judge's ranking agreed with you in {found.plain:.0%} of {found.pairs} choices, ".replace("%", " %", 1)
        + f"yours in {found.mine:.0%}".replace("%", " %")
        + ", on takes it had not been shown. Yours is in use."
    )
    assert pairs_on(8, 40).said == (
        "The judge's ranking agreed with you in 50 % of 40 choices, yours in 50 %, on takes it had not been shown. "
        "That is not better, so the judge's ranking stays."
    )
    for agreement in [reviewed(at_random, seed).agreement() for seed in range(30)]:
        assert agreement.plain is not None and agreement.mine is not None
        ending = "That may be luck" if agreement.mine > agreement.plain else "That is not better"
        assert agreement.used == agreement.said.endswith("Yours is in use.")
        assert agreement.used or agreement.said.endswith(f"{ending}, so the judge's ranking stays.")
