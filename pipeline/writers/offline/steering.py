"""Steering a radio: what a listener's sentence changes about what is played.

A sentence is read with the lexicon of prompts/lexicon/, in any of its eight languages. What it names is added, what it
does not want ("no rain") is taken away, and where two ideas exclude each other the newer one counts: one style, one
sound around the music, one mood. "Start over" takes all of that back. What comes of it, and what is said of it, is
written in the lexicon's own words, so that a sentence of a stranger goes no further than this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.brief import THEME_LIMIT
from pipeline.domain.course import Course, Turned
from pipeline.domain.line import one_line
from pipeline.prompts import load_bank, word_list
from pipeline.writers.offline.concept import LANGUAGES, Concept, Facet, StandIn
from pipeline.writers.offline.lexicon import Lexicon
from pipeline.writers.offline.matching import Matcher, Sense, fold

MOST = 8
"""Ideas that a course holds: the oldest gives way."""
SOON = "You hear it within two tracks."
_EXCLUSIVE: tuple[Facet, ...] = ("styles", "ambience", "moods")
_FACETS: tuple[Facet, ...] = (*_EXCLUSIVE, "instruments", "scene", "grooves")
_STEPS = {"slower": -1, "faster": 1}
_FURTHEST = 2
_NOTHING = ("lofi",)
"""What is left where a sentence takes everything away: a radio has to play something."""


class Steering:
    """Reads the sentences of listeners."""

    def __init__(self, prompts: Path | None = None) -> None:
        """Read the lexicon in `prompts` (the shipped folder when None). Raises PromptError."""
        self._lexicon = Lexicon(prompts)
        self._called = {name: concept.called for name, concept in self._lexicon.concepts.items()}
        self._named = {called: name for name, called in self._called.items()}
        over = load_bank("languages.toml", prompts).table("over")
        self._over = Matcher([(word, Sense("over", code)) for code in LANGUAGES for word in word_list(over.get(code))])

    def begin(self, theme: str) -> Course:
        """Return the course that a theme of the radio's owner asks for, in the owner's own words."""
        understood = list(self._lexicon.read(theme).concepts)[:MOST]
        words = tuple(self._called[name] for name in understood if name not in _STEPS)
        return Course(theme=one_line(theme), words=words, pace=_pace(0, understood))

    def turn(self, course: Course, sentence: str, own: Course) -> Turned | None:
        """Return where a sentence turns a course; None where nothing of it is understood.

        `own` is the course of the radio's owner, where "start over" leads.
        """
        wanted = list(self._lexicon.read(sentence).concepts)
        unwanted = self._lexicon.denied(sentence)
        needless, given_up = self._lexicon.needless(sentence), self._lexicon.given_up(sentence)
        found = self._over.find(text := fold(sentence))
        over = bool(self._lexicon.without_denied(text, found))
        if not (wanted or unwanted or needless or given_up or found):
            return None
        before = own if over else course
        held = [self._named[word] for word in before.words if word in self._named]
        new = [name for name in wanted if name not in held and name not in _STEPS]
        kept = [old for old in held if old not in unwanted and not any(self._excludes(name, old) for name in new)]
        pace = _pace(before.pace, wanted)
        now = [*kept, *new][-MOST:]
        turned = self._heading(before, held, new, now, pace)
        said = self._changes(held, new, kept, now, unwanted) + _changed_pace(before.pace, pace)
        told = [f"Heard: {', '.join(said)}."] if said else []
        if over:
            told.insert(0, "It plays its theme already." if course == own and not said else "Back to the theme.")
        elif not said:
            told += self._nothing(held, wanted, unwanted, before.pace)
        if _STEPS.keys() <= set(wanted):
            told.append("Slower and faster cancel each other out.")
        if gone := [self._called[name] for name in [*kept, *new][:-MOST]]:
            told.append(f"It holds {MOST} ideas at most, so {_and(gone)} {'give' if len(gone) > 1 else 'gives'} way.")
        told += [self._instead(stand_in) for stand_in in self._lexicon.replaced(sentence)]
        told += [self._neither(stand_in) for stand_in in given_up]
        told += [f"{self._has_no(stand_in)} anyway." for stand_in in needless]
        if not told:
            told.append("It goes on as it is.")
        return Turned(course=turned, said=" ".join([*told, *([SOON] if turned != course else [])]))

    def _heading(self, before: Course, held: list[str], new: list[str], now: list[str], pace: int) -> Course:
        added = f"{before.theme}, {', '.join(self._called[name] for name in new)}" if new else before.theme
        if now == [*held, *new] and len(added) <= THEME_LIMIT:
            # Nothing is taken back: what the owner asked for goes on to count, also what nobody here understood.
            words = before.words if not new else tuple(self._called[name] for name in now)
            return Course(theme=added, words=words, pace=pace)
        words = tuple(self._called[name] for name in now or _NOTHING)
        return Course(theme=", ".join(words), words=words, pace=pace)

    def _changes(
        self, held: list[str], new: list[str], kept: list[str], now: list[str], unwanted: frozenset[str]
    ) -> list[str]:
        """Return what came, what came in the place of what, and what went, in a few words each."""
        said, left = [], [old for old in held if old not in kept and old not in unwanted]
        for name in (name for name in new if name in now):
            out = [old for old in left if self._excludes(name, old)]
            left = [old for old in left if old not in out]
            instead = f" instead of {_and([self._called[old] for old in out])}" if out else ""
            said.append(f"{self._called[name]}{instead}")
        return said + [f"no {self._called[old]}" for old in held if old in unwanted and old not in kept]

    def _nothing(self, held: list[str], wanted: list[str], unwanted: frozenset[str], pace: int) -> list[str]:
        """Return why a sentence that was understood changes nothing."""
        there = [self._called[name] for name in wanted if name in held]
        away = sorted(self._called[name] for name in unwanted if name not in held and name not in _STEPS)
        said = [f"It plays {_and(there)} already."] if there else []
        said += [f"There is no {' and no '.join(away)} in it."] if away else []
        steps = sum(_STEPS.get(name, 0) for name in wanted)
        return said + ([f"It is as {'slow' if pace < 0 else 'fast'} as it gets."] if steps else [])

    def _instead(self, stand_in: StandIn) -> str:
        """Return what is said where the label has not what was asked for."""
        plays = self._called[stand_in.plays]
        nearest = f"a {plays} plays instead" if self._is_instrument(stand_in) else f"{plays} comes nearest"
        return f"{self._has_no(stand_in)}: {nearest}."

    def _neither(self, stand_in: StandIn) -> str:
        """Return what is said where what would be played in its place is not wanted."""
        plays = f"{self._called[stand_in.plays]}{' plays' if self._is_instrument(stand_in) else ''}"
        return f"{self._has_no(stand_in)}, and no {plays} instead."

    def _has_no(self, stand_in: StandIn) -> str:
        return f"The band {'has' if self._is_instrument(stand_in) else 'plays'} no {stand_in.called}"

    def _is_instrument(self, stand_in: StandIn) -> bool:
        return _mostly(self._lexicon.concepts[stand_in.plays]) == "instruments"

    def _excludes(self, newer: str, older: str) -> bool:
        mostly = _mostly(self._lexicon.concepts[newer])
        return mostly in _EXCLUSIVE and mostly == _mostly(self._lexicon.concepts[older])


def _pace(before: int, wanted: list[str]) -> int:
    steps = before + sum(_STEPS.get(name, 0) for name in wanted)
    return max(-_FURTHEST, min(_FURTHEST, steps))


def _changed_pace(before: int, after: int) -> list[str]:
    return [] if before == after else ["slower" if after < before else "faster"]


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _mostly(concept: Concept) -> Facet | None:
    """Return what an idea is mostly about: a style, an instrument, a sound around the music."""
    weights = {facet: max(getattr(concept, facet).values(), default=0.0) for facet in _FACETS}
    best = max(weights, key=lambda facet: weights[facet])
    return best if weights[best] else None
