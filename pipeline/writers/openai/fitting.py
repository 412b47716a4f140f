"""Makes what a language model wrote fit what the studio can play.

A word outside the vocabulary becomes the nearest word in it, a number outside its range the nearest number inside.
In order of trust: the very word; a vocabulary word that stands inside it ("old felt piano"); the word whose phrases
in prompts/music.toml say most of it ("Rhodes" is an electric piano, "ocean" the sea); a word spelt much like it.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain import Key
from pipeline.domain.line import one_line
from pipeline.prompts import Vocabulary, find_style, load_bank, load_sections, vocabulary, word_list

_LONGEST_WORD = 100
_ALIKE = 0.78
"""How alike (0 to 1) two spellings are that mean one word."""
_RARE = 0.5
"""How much of a word's meaning must be found: a word that two entries share counts half for each."""

Fraction = Annotated[float, Field(ge=0, le=1)]


class Ranges(BaseModel):
    """What a style in prompts/styles.toml allows, each (lowest, highest); `tempo` in beats a minute."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    summary: str
    tempo: tuple[Annotated[float, Field(ge=40)], Annotated[float, Field(le=200)]]
    swing: tuple[Annotated[float, Field(ge=0.5)], Annotated[float, Field(le=0.7)]]
    energy: tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Repertoire:
    """All that can be asked of the studio: words, styles with their ranges, scenes for a cover, and other names."""

    words: Vocabulary
    styles: Mapping[str, Ranges]
    scenes: tuple[str, ...]
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]

    @classmethod
    def read(cls, folder: Path | None = None) -> Repertoire:
        """Read it from a prompts folder (the shipped one when None). Raises PromptError."""
        styles, music = load_bank("styles.toml", folder), load_bank("music.toml", folder)
        covers = load_sections("covers.md", ("light", "palette"), (), folder)
        return cls(
            words=vocabulary(folder),
            styles={name: styles.read(Ranges, name) for name in styles.data},
            scenes=tuple(name for name in covers if not name.startswith(("light ", "palette ", "style"))),
            phrases={
                kind: {word: word_list(phrases) for word, phrases in music.table(kind).items()}
                for kind in ("instruments", "grooves", "ambiences", "moods")
            },
        )

    def described(self, asked: str | None) -> Iterable[str]:
        """Say each style, or the one asked for, with its ranges. Raises BadBrief on an unknown one."""
        for name in [find_style(asked, self.styles)] if asked is not None else self.styles:
            ranges = self.styles[name]
            spans = (f"{low:g} to {high:g}" for low, high in (ranges.tempo, ranges.swing, ranges.energy))
            yield '"{}" ({}: tempo {}, swing {}, energy {})'.format(name, ranges.summary, *spans)

    def style(self, said: object) -> str | None:
        """Return the style nearest to what was said, or None."""
        return nearest(said, {name: (ranges.summary,) for name, ranges in self.styles.items()})

    def mood(self, said: object) -> str | None:
        """Return the mood nearest to what was said, or None."""
        return nearest(said, self._known("moods", self.words.moods))

    def groove(self, said: object) -> str | None:
        """Return the groove nearest to what was said, or None."""
        return nearest(said, self._known("grooves", self.words.grooves))

    def ambience(self, said: object) -> str | None:
        """Return the background sound nearest to what was said; None also for "none" and for one there is not."""
        return nearest(said, self._known("ambiences", self.words.ambiences))

    def scene(self, said: object) -> str | None:
        """Return the cover scene nearest to what was said, or None."""
        return nearest(said, dict.fromkeys(self.scenes, ()))

    def instruments(self, said: object, spare: Sequence[str]) -> tuple[str, ...]:
        """Return three to six different instruments: those said, made up from `spare` where they are too few."""
        known = self._known("instruments", self.words.instruments)
        given = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else []
        found = [word for word in (nearest(name, known) for name in given[:20]) if word is not None]
        chosen = list(dict.fromkeys(found))
        for name in (*spare, *self.words.instruments):
            if len(chosen) >= 3:
                break
            if name not in chosen:
                chosen.append(name)
        return tuple(chosen[:6])

    def _known(self, kind: str, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return {word: self.phrases[kind].get(word, ()) for word in words}


def nearest(said: object, known: Mapping[str, Sequence[str]]) -> str | None:
    """Return the key of `known` that `said` most likely means, or None; the values are other ways to say it."""
    if not isinstance(said, str):
        return None
    text = _plain(said)
    if not text or text == "none":
        return None
    by_name = {_plain(word): word for word in known}
    if text in by_name:
        return by_name[text]
    spoken = f" {text} "
    if inside := [plain for plain in by_name if f" {plain} " in spoken]:
        return by_name[max(inside, key=len)]
    meanings = {word: _words((word, *phrases)) for word, phrases in known.items()}
    shared = Counter(part for parts in meanings.values() for part in parts)
    asked = _words((text,))
    scores = {word: sum(1 / shared[part] for part in asked & parts) for word, parts in meanings.items()}
    best = max(scores, key=lambda word: scores[word])
    if scores[best] >= _RARE:
        return best
    close = difflib.get_close_matches(text, by_name, n=1, cutoff=_ALIKE)
    return by_name[close[0]] if close else None


def number(said: object) -> float | None:
    """Return a finite number, also out of text such as "82 BPM"; None when there is none."""
    if isinstance(said, bool):
        return None
    if isinstance(said, str):
        match = re.search(r"-?\d{1,6}(?:\.\d{1,6})?", said[:_LONGEST_WORD])
        return float(match.group()) if match else None
    if not isinstance(said, int | float):
        return None
    try:
        value = float(said)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def inside(value: float, span: tuple[float, float]) -> float:
    """Return the number in `span` nearest to `value`."""
    return min(span[1], max(span[0], value))


def tempo(said: object, span: tuple[float, float]) -> float | None:
    """Return beats a minute inside `span`, double and half time folded into it first; None without a number."""
    value = number(said)
    if value is None or value <= 0:
        return None
    folds = [value * factor for factor in (1.0, 0.5, 2.0)]
    best = min(folds, key=lambda fold: abs(inside(fold, span) - fold))
    return round(inside(best, span), 1)


def swing(said: object, span: tuple[float, float]) -> float | None:
    """Return the place of the off-beat inside `span`; a number above 1 is per cent."""
    value = number(said)
    if value is None:
        return None
    return round(inside(value / 100 if value > 1 else value, span), 3)


def energy(said: object, span: tuple[float, float]) -> float | None:
    """Return the energy inside `span`, or None without a number."""
    value = number(said)
    return None if value is None else round(inside(value, span), 3)


_KEY = re.compile(r"([a-gA-G])[ -]?(#|♯|sharp|b|♭|flat)?[ -]?(major|maj|minor|min|m|ionian|lydian|mixolydian|"
                  r"aeolian|dorian|phrygian)?", re.IGNORECASE)  # fmt: skip
_MINOR = ("minor", "min", "m", "aeolian", "dorian", "phrygian")
_FLAT, _SHARP = ("b", "♭", "flat"), ("#", "♯", "sharp")


def key(said: object) -> Key | None:
    """Return a key out of "A minor", "Am", "F♯ min", "E-flat major" or "D dorian"; None for anything else."""
    match = _KEY.fullmatch(said.strip()) if isinstance(said, str) and len(said) < 30 else None
    if match is None:
        return None
    letter, sign, mode = match.group(1), (match.group(2) or "").lower(), match.group(3) or ""
    accidental = "b" if sign in _FLAT else "#" if sign in _SHARP else ""
    minor = mode.lower() in _MINOR and mode != "M"
    return Key.parse(f"{letter.upper()}{accidental} {'minor' if minor else 'major'}")


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", one_line(text[:_LONGEST_WORD]).casefold().replace("_", " ")))


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that carry a meaning: four letters or more, without the plural's s."""
    return frozenset(word.rstrip("s") for text in texts for word in _plain(text).split() if len(word) > 3)
