"""Titles: drawn from shapes and word banks, read by a strict editor, and never given twice.

A title is no pair of nouns. It is a question, a note, something said, something left behind: one of the shapes in
prompts/titles.toml, filled with words that suit the theme.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

import numpy as np

from pipeline.prompts import Template
from pipeline.writers.offline.chance import one_of, pick, strongest
from pipeline.writers.offline.english import headline, words
from pipeline.writers.offline.titlebank import Shape, TitleBook, content_words

LONGEST = 60
"""Characters a title may have."""
LONGEST_ALBUM = 40
"""Characters an album title may have: it must be readable on a thumbnail."""

_FEWEST_WORDS, _MOST_WORDS = 3, 8
# Words that may stand twice in one title.
_FREE = frozenset(("a", "an", "the", "of", "and", "in", "on", "to", "i", "is", "for"))
_YOU = frozenset(("me", "my", "your", "you", "yours"))
_WE = frozenset(("i", "i'll", "we", "let's"))
_SHARE_OF_OWN_WORDS = 0.8
_NEAR = 12
"""How many titles back a word must not come again."""
_TRIES = 80


class TitleDesk:
    """Gives out titles for one album. It remembers what it gave; `taken` holds titles it must not give."""

    def __init__(
        self,
        book: TitleBook,
        families: Mapping[str, float],
        part: str,
        taken: Collection[str],
        rng: np.random.Generator,
    ) -> None:
        self._book = book
        self._families = {name: weight for name, weight in families.items() if name in book.families} or {
            "everyday": 1.0
        }
        self._common = book.common[part]
        self._taken = {title.casefold() for title in taken}
        self._rng = rng
        self._recent: deque[frozenset[str]] = deque(maxlen=_NEAR)
        self._bag: list[Shape] = []
        self._last: Shape | None = None
        self._dry: set[str] = set()

    def album(self) -> str:
        """Return a title for the album itself, in the words of its strongest theme."""
        shapes = {shape: shape.often for shape in self._book.shapes if shape.album}
        families = {strongest(self._families): 1.0}
        for attempt in range(2 * _TRIES):
            frame = one_of(pick(shapes, self._rng).album, self._rng)
            title = self._fill(frame, pick(families, self._rng), own=1.0)
            if title is not None and len(title) <= LONGEST_ALBUM:
                return self._note(title)
            if attempt == _TRIES:
                families = dict.fromkeys(self._book.families, 1.0)
        return self._note(self._numbered(LONGEST_ALBUM))

    def track(self) -> str:
        """Return a title for the next track, of another shape than the one before."""
        shape = self._next_shape()
        title = self._draw(shape, self._families, fresh=True) or self._draw(shape, self._families)
        if title is None:
            # This shape is used up for this theme: the other shapes go on, at the end with every bank there is.
            self._dry.add(shape.name)
            self._bag = [other for other in self._bag if other is not shape]
            everything = dict.fromkeys(self._book.families, 1.0)
            left = [other for other in self._book.shapes if other.name not in self._dry]
            drawn = (self._draw(other, words) for words in (self._families, everything) for other in left)
            title = next((found for found in drawn if found), None) or self._draw(shape, everything)
        return self._note(title or self._numbered(LONGEST))

    def _next_shape(self) -> Shape:
        if not self._bag:
            wet = [shape for shape in self._book.shapes if shape.name not in self._dry] or list(self._book.shapes)
            pool = [shape for shape in wet for _ in range(max(1, round(shape.often)))]
            self._bag = [pool[i] for i in self._rng.permutation(len(pool))]
        # The first in the bag that differs from the last; if all are alike, any.
        at = next((i for i, shape in enumerate(self._bag) if shape is not self._last), 0)
        self._last = self._bag.pop(at)
        return self._last

    def _draw(self, shape: Shape, families: Mapping[str, float], fresh: bool = False) -> str | None:
        """Return a title of one shape that nobody has; `fresh` also asks for words not used lately."""
        recent = frozenset[str]().union(*self._recent) if fresh else frozenset[str]()
        for _ in range(_TRIES):
            title = self._fill(one_of(shape.lines, self._rng), pick(families, self._rng), _SHARE_OF_OWN_WORDS)
            if title is None or len(title) > LONGEST:
                continue
            if not fresh or recent.isdisjoint(content_words(title, self._book.common_words)):
                return title
        return None

    def _note(self, title: str) -> str:
        self._taken.add(title.casefold())
        self._recent.append(content_words(title, self._book.common_words))
        return title

    def _fill(self, frame: Template, family: str, own: float) -> str | None:
        """Fill a frame and read it as an editor would: None when it is taken or does not pass."""
        fillings = [self._filling(gap, family, own) for gap in frame.gaps]
        line = frame.render_each(fillings)
        if line.casefold() in self._taken:
            return None
        used = words(line)
        if not _FEWEST_WORDS <= len(used) <= _MOST_WORDS or not self._book.banned.isdisjoint(used):
            return None
        counted = [word.rstrip("s") for word in used if word not in _FREE]  # an icicle is like icicles
        if len(counted) != len(set(counted)) or line.count("'s ") > 1:
            return None
        # "I meant to show me your ticket": a frame with its own speaker takes no filling with another.
        if not _YOU.isdisjoint(words(" ".join(fillings))) and (
            "name" in frame.gaps or not _WE.isdisjoint(words(frame.text))
        ):
            return None
        return headline(line)

    def _filling(self, gap: str, family: str, own: float) -> str:
        if gap in self._common:
            return one_of(self._common[gap], self._rng)
        if self._rng.random() > own:
            family = pick({**self._families, "everyday": max(self._families.values())}, self._rng)
        return one_of(self._book.families[family][gap], self._rng)

    def _numbered(self, longest: int) -> str:
        """Return a numbered title: only for a label that has used up every sentence it knows."""
        frame = one_of(self._book.shapes[0].lines, self._rng)
        stem = headline(frame.render_each([self._filling(gap, "everyday", own=1.0) for gap in frame.gaps]))
        stem = stem[: longest - 12].rstrip(" ,")
        number = 2
        while f"{stem}, No. {number}".casefold() in self._taken:
            number += 1
        return f"{stem}, No. {number}"
