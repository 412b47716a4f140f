"""Chords and scales: what a Roman numeral means in a key, which notes sound it, and which a melody may land on.

Numerals count from the major scale in both modes (the minor key's sixth is bVI). Upper case is a major third,
lower case a minor one: "ii9" is a minor ninth, "V13" a dominant, "Imaj9/3" stands on its third.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.domain.units import Key

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_BASSES = {"1": 0, "2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 11}


@dataclass(frozen=True, slots=True)
class Quality:
    """A kind of chord, in semitones over its root.

    `voices` are the four tones of its rootless voicing (guide tones first), `landing` the tones a melody may rest
    on, `fifth` what the bass plays for a fifth.
    """

    voices: tuple[int, int, int, int]
    landing: tuple[int, ...]
    fifth: int = 7
    minor: bool = False


QUALITIES = {
    "maj7": Quality((4, 11, 7, 0), (4, 7, 11, 0)),
    "maj9": Quality((4, 11, 7, 2), (4, 7, 11, 2)),
    "maj13": Quality((4, 11, 2, 9), (4, 7, 11, 2, 9)),
    "maj7#11": Quality((4, 11, 2, 6), (4, 7, 11, 2, 6)),
    "6/9": Quality((4, 9, 7, 2), (4, 7, 9, 2, 0)),
    "add9": Quality((4, 0, 7, 2), (0, 4, 7, 2)),
    "m7": Quality((3, 10, 7, 0), (3, 7, 10, 0), minor=True),
    "m9": Quality((3, 10, 7, 2), (3, 7, 10, 2, 0), minor=True),
    "m11": Quality((3, 10, 5, 2), (3, 7, 10, 5, 0), minor=True),
    "m6": Quality((3, 9, 7, 0), (3, 7, 0, 9), minor=True),
    "m6/9": Quality((3, 9, 7, 2), (3, 7, 0, 2), minor=True),
    "mmaj7": Quality((3, 11, 7, 2), (3, 7, 2, 0), minor=True),
    "madd9": Quality((3, 0, 7, 2), (0, 3, 7, 2), minor=True),
    "7": Quality((4, 10, 7, 0), (4, 7, 10, 0)),
    "9": Quality((4, 10, 7, 2), (4, 7, 10, 2)),
    "13": Quality((4, 10, 2, 9), (4, 7, 10, 2, 9)),
    "7b9": Quality((4, 10, 7, 1), (4, 7, 10, 1)),
    "13b9": Quality((4, 10, 1, 9), (4, 10, 1, 9)),
    "7alt": Quality((4, 10, 3, 8), (4, 10, 3, 8), fifth=0),
    "7#11": Quality((4, 10, 2, 6), (4, 10, 2, 6)),
    "9sus": Quality((5, 10, 7, 2), (7, 10, 2, 0)),
    "13sus": Quality((5, 10, 2, 9), (7, 10, 2, 9, 0)),
    "ø": Quality((3, 10, 6, 0), (3, 6, 10, 0), fifth=6, minor=True),
    "dim7": Quality((3, 9, 6, 0), (3, 6, 9, 0), fifth=6, minor=True),
}
_LOWER = {"6": "m6", "6/9": "m6/9", "7": "m7", "9": "m9", "11": "m11", "maj7": "mmaj7", "add9": "madd9"}
_NUMERAL = re.compile(r"([b#]?)(vii|vi|v|iv|iii|ii|i|VII|VI|V|IV|III|II|I)(.*)")


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord in a key: `degree` in semitones over the tonic, pitch classes for `root` and `bass`."""

    degree: int
    quality: str
    root: int
    bass: int

    @property
    def kind(self) -> Quality:
        """What its quality sounds like."""
        return QUALITIES[self.quality]

    @property
    def voices(self) -> tuple[int, ...]:
        """Pitch classes of the voicing, guide tones first: rootless, but for the tonic chord.

        Home gives up its fifth for its root: without it a tonic ninth is heard as the chord on its third or fifth.
        """
        steps: tuple[int, ...] = self.kind.voices
        if self.degree == 0 and not self.dominant and 0 not in steps:
            steps = (*steps[:2], *(0 if step == 7 else step for step in steps[2:]))
            if 0 not in steps:
                steps = (*steps[:3], 0)
        return tuple((self.root + step) % 12 for step in steps)

    @property
    def landing(self) -> frozenset[int]:
        """Pitch classes a melody may rest on."""
        return frozenset((self.root + step) % 12 for step in self.kind.landing)

    @property
    def fifth(self) -> int:
        """The pitch class the bass plays for a fifth."""
        return (self.root + self.kind.fifth) % 12

    @property
    def dominant(self) -> bool:
        """Whether it wants to resolve."""
        return self.kind.voices[:2] == (4, 10) or self.quality in {"9sus", "13sus"}

    def to(self, quality: str) -> Chord:
        """Return the chord on the same root with another quality."""
        return Chord(self.degree, quality, self.root, self.bass)

    def __str__(self) -> str:
        slash = "" if self.bass == self.root else f"/{(self.bass - self.root) % 12}"
        return f"{self.degree}:{self.quality}{slash}"


def chord_on(degree: int, quality: str, tonic: int, over: int | None = None) -> Chord:
    """Return the chord `degree` semitones over `tonic`; `over` is the degree in the bass when not the root."""
    root = (tonic + degree) % 12
    return Chord(degree % 12, quality, root, root if over is None else (tonic + over) % 12)


@lru_cache(maxsize=4096)
def numeral(text: str, tonic: int) -> Chord:
    """Read one Roman numeral such as "bII7#11" or "i9/b7"; ValueError when it is not one."""
    head, slash, bass = text.partition("/")
    if slash and bass == "9":  # 6/9 is a quality, not a bass
        head, slash, bass = text, "", ""
    match = _NUMERAL.fullmatch(head)
    if match is None:
        raise ValueError(f"{text!r} is not a Roman numeral")
    accidental, roman, suffix = match.groups()
    degree = _DEGREES[roman.lower()] + {"": 0, "b": -1, "#": 1}[accidental]
    quality = _LOWER.get(suffix, suffix) if roman.islower() else suffix
    if quality not in QUALITIES:
        raise ValueError(f"{text!r} has no known quality")
    over = None
    if slash:
        over = _BASSES[bass[-1]] - (1 if bass.startswith("b") else 0)
    return chord_on(degree, quality, tonic, over)


def roman_of(text: str) -> str:
    """Return the accidental and Roman part of a numeral: "bVI" of "bVImaj9/1"."""
    match = _NUMERAL.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a Roman numeral")
    return match.group(1) + match.group(2)


def key_scale(key: Key) -> tuple[int, ...]:
    """Return the seven pitch classes of the key (natural minor for minor keys), from the tonic up."""
    return tuple((key.tonic + step) % 12 for step in (MAJOR if key.mode == "major" else MINOR))


@lru_cache(maxsize=4096)
def chord_scale(chord: Chord, key: Key) -> frozenset[int]:
    """Return the pitch classes that move smoothly over a chord: the key's, bent to hold the chord's own.

    A foreign third raises its neighbour, every other foreign tone lowers one, as an arranger would spell it.
    """
    own = {(chord.root + step) % 12 for step in (*chord.kind.voices, *chord.kind.landing)} | {chord.root}
    scale = set(key_scale(key))
    for tone in sorted(own - scale):
        raised = (tone - chord.root) % 12 in {4, 11, 6} and not chord.kind.minor
        bent = (tone - 1) % 12 if raised else (tone + 1) % 12
        if bent not in own:
            scale.discard(bent)
        scale.add(tone)
    return frozenset(scale)
