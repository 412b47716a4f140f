"""What a reviewer's decisions and blind comparisons say of their taste: which take they like more than which."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.review.ratings import Result

ACROSS = 0.25
"""What it counts that a take of one track was approved and one of another rejected: the tracks differ too."""
PARTNERS = 3
"""Takes of other tracks that one take is set against, at most."""


@dataclass(frozen=True)
class Preference:
    """A reviewer likes the take `better` more than the take `worse`. Raises ValueError for a weight not above 0."""

    better: str
    worse: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"a preference that weighs {self.weight}")


def preferences_of(decided: Sequence[tuple[str, str, bool]], comparisons: Sequence[Result]) -> list[Preference]:
    """Return what decisions, (take, track, approved), and blind comparisons say of a reviewer's taste.

    Every approved take is better than every rejected one of its track. Against the rejected ones of other tracks it
    counts less, and no take is set against more than PARTNERS of them, which its hash picks: 200 decisions would make
    10,000 such pairs. Of several decisions on a take the last one counts. A tie says nothing.
    """
    last = {key: (group, approved) for key, group, approved in decided}
    sides: dict[bool, list[str]] = {True: [], False: []}
    for key in sorted(last, key=stirred):
        sides[last[key][1]].append(key)
    within = [(a, r) for a in sides[True] for r in sides[False] if last[a][0] == last[r][0]]
    few, many = sorted(sides.values(), key=len)
    across = _across(few, many, {key: group for key, (group, _) in last.items()})
    return [
        *(Preference(better, worse) for better, worse in within),
        *(Preference(*pair, weight=ACROSS) if last[pair[0]][1] else Preference(*pair[::-1], ACROSS) for pair in across),
        *(
            Preference(*((a, b) if winner == "a" else (b, a)))
            for a, b, winner in comparisons
            if winner != "tie" and a != b
        ),
    ]


def _across(few: Sequence[str], many: Sequence[str], groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of takes of different tracks, one of each side, so that none is in more than PARTNERS pairs."""
    busy = dict.fromkeys(many, 0)
    for number, key in enumerate(few):
        # Every one begins where the last one's partners end, so that all of the other side have a turn.
        ring = (many[(number * PARTNERS + step) % len(many)] for step in range(len(many)))
        free = (other for other in ring if busy[other] < PARTNERS and groups[other] != groups[key])
        for other, _ in zip(free, range(PARTNERS), strict=False):
            busy[other] += 1
            yield key, other


def stirred(text: str) -> bytes:
    """Return bytes that order texts as good as at random, and always in the same way."""
    return hashlib.sha256(text.encode()).digest()
