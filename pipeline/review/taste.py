"""What a reviewer likes, learned from all that was decided and compared, and how every take fares by it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence

from pipeline.catalogue import Catalogue
from pipeline.catalogue.comparisons import Comparison
from pipeline.catalogue.listing import HeardTake
from pipeline.catalogue.meaning import words_of
from pipeline.catalogue.review import Key
from pipeline.domain import Sha256
from pipeline.review.features import Heard
from pipeline.review.preferences import preferences_of
from pipeline.review.ranker import judge_ranker, learn
from pipeline.review.ratings import Result, rate
from pipeline.review.views import Agreement, Rating

KEPT = 32
"""Reviewers remembered at once: of each, a number for every take of the library."""


def results_of(compared: Sequence[Comparison]) -> list[Result]:
    """Return what blind comparisons came to, by the hashes of the takes."""
    return [(one.a.version, one.b.version, one.winner) for one in compared if one.winner is not None]


class Taste:
    """Learns when it is asked how well it does, not while somebody decides; until then it says what it said last."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._learning = threading.Lock()
        self._learned_from: tuple[object, ...] = ()
        self._agreement: dict[str | None, Agreement] = {}
        self._scores: dict[str, Mapping[Key, float]] = {}

    def ratings(self) -> Mapping[Sha256, Rating]:
        """Return how the takes fared that were compared, whoever compared them."""
        return rate(results_of(self._catalogue.review.compared()))

    def agreement(self, author: str) -> Agreement:
        """Return how often the rankings agreed with a reviewer, and put theirs to use where it is better."""
        with self._learning:
            review = self._catalogue.review
            decided, compared = review.all_decisions(), review.compared()
            takes = review.heard()
            now = (
                len(takes),
                max((made.id for each in decided.values() for made in each), default=0),
                len(compared),  # an earlier question may be answered after a later one
            )
            if now != self._learned_from:
                self._agreement, self._scores, self._learned_from = {}, {}, now
            said = [
                (made.version, f"{slug}/{track}", made.decision == "approved")
                for slug, each in decided.items()
                for (track, _), made in words_of([made for made in each if made.author == author]).items()
            ]
            mine = results_of([one for one in compared if one.author == author])
            # Whoever said nothing yet shares what is said to all of them, however many names are asked for.
            known = author if said or mine else None
            if known not in self._agreement:
                heard = [_heard(row) for row in takes]
                preferences = preferences_of(said, mine)
                found = judge_ranker(heard, preferences)
                self._make_room()
                self._agreement[known] = found
                if found.used:
                    ranker = learn(heard, preferences)
                    self._scores[author] = {_key(row): ranker.score(one) for row, one in zip(takes, heard, strict=True)}
            return self._agreement[known]

    def _make_room(self) -> None:
        """Forget whom it learned from first, where they are many."""
        while len(self._agreement) >= KEPT:
            first = next(iter(self._agreement))
            del self._agreement[first]
            self._scores.pop(first or "", None)

    def scores(self, author: str) -> Mapping[Key, float]:
        """Return what the reviewer's own ranker says of every take, where it is in use."""
        return self._scores.get(author, {})


def _key(row: HeardTake) -> Key:
    return row.album, row.track, row.take


def _heard(row: HeardTake) -> Heard:
    return Heard(
        key=row.sha256,
        group=f"{row.album}/{row.track}",
        total=row.total,
        scores=json.loads(row.scores or "{}"),
        embedding=row.embedding,
        embedder=row.embedder,
    )
