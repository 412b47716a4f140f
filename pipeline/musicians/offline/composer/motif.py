"""A motif, a rhythm and a contour worth remembering, and what can be done with it.

Two bars long, on a grid of eighths; heights are scale steps over its first note, so that it can be set over any chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.musicians.offline.composer.chance import Rng, between, chance, pick
from pipeline.musicians.offline.composer.character import Character

BEATS = 8.0
"""The length of a motif with its breath, in beats."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One note of a motif: `onset` and `beats` in beats, `step` in scale steps from the motif's first note."""

    onset: float
    beats: float
    step: int

    @property
    def end(self) -> float:
        """When it is let go, in beats."""
        return self.onset + self.beats


Motif = tuple[Tone, ...]

RHYTHMS = (
    "x--x--x-x-----..", "..xxx-x-x-----..", "x-x-x--x-----...", ".xx-x-x---......", "x---x-xxx-----..",
    "..x-x-xx-x----..", "x--xx---x-......", "....x-x-x--x----", ".x-x-x-xx-----..", "x-xx-x--x---....",
    "x-----x-xx-x----", "..x---x-x-x---..", "x--x-x--........", "xx-x----..x-----", "..x-xx-x----....",
    ".xxx-x-x-x----..", "x---..x-x---....", "......x-x-x-x---", "x-x-x-x-..x---..", ".x--x--x--x---..",
    "x-x-xxx-x-----..", "..x-xxx-x-x---..", "xx-x-xx-x-----..", ".xx-x-x-x-x---..", "x-xxx-x-..x---..",
    "x--xx-x-x-x---..", "..xxx-xxx-----..", "x-x-..x-x-x---..",
    "x--x--x--xx---..", "....xx-x-x----..", "x-..x-..x-x---..", "x-----..x-----..",
)  # fmt: skip
"""Two bars of eighths: "x" a note begins, "-" it is held, "." silence."""


def read_rhythm(row: str) -> list[tuple[float, float]]:
    """Return (onset, beats) pairs of a row of eighths."""
    starts = [slot for slot, mark in enumerate(row) if mark == "x"]
    ends = [next((s for s in range(start + 1, len(row)) if row[s] != "-"), len(row)) for start in starts]
    return [(start / 2, (end - start) / 2) for start, end in zip(starts, ends, strict=True)]


def _bend(row: str, mood: Character, rng: Rng) -> str:
    """Change a rhythm a little, so that two pieces seldom share one: leave out, split or pull forward a note."""
    slots = list(row)
    onsets = [slot for slot, mark in enumerate(slots) if mark == "x"]
    if len(onsets) > 4 and chance(rng, 0.6 if mood.density < 0.9 else 0.2):
        gone = pick(rng, onsets[1:-1])
        slots[gone] = "-" if slots[gone - 1] != "." else "."
        onsets.remove(gone)
    if chance(rng, 0.25 * mood.density):
        long = [s for s in onsets[:-1] if slots[s + 1 : s + 3] == ["-", "-"]]
        if long:
            slots[pick(rng, long) + 2] = "x"
    if chance(rng, 0.35 + 0.4 * mood.syncopation):
        movable = [s for s in onsets[1:] if s % 2 == 0 and slots[s - 1] in "-." and s >= 2]
        if movable:
            slot = pick(rng, movable)
            slots[slot - 1], slots[slot] = "x", "-"
    return "".join(slots)


def _contour(count: int, mood: Character, rng: Rng) -> list[int]:
    """Draw a line of scale steps: mostly stepwise, a leap or two that turn back."""
    shape = pick(rng, ("arch", "valley", "fall", "rise", "turn", "gap"),
                 (2.0, 1.2, 1.0 - 0.7 * mood.tilt, 1.0 + 0.7 * mood.tilt, 1.2, 1.6))  # fmt: skip
    peak = max(1, round((count - 1) * between(rng, 0.35, 0.7)))
    heights = [0]
    for place in range(1, count):
        rising = {
            "arch": place <= peak, "valley": place > peak, "fall": False, "rise": True,
            "turn": place % 3 != 2, "gap": place == 1,
        }[shape]  # fmt: skip
        size = pick(rng, (0, 1, 2, 3, 4), (0.5, 6.0, 1.1, 0.35, 0.15))
        if shape == "gap":
            size = pick(rng, (2, 3, 4, 5), (1.0, 2.0, 1.0, 0.5)) if place == 1 else pick(rng, (0, 1, 2), (0.4, 4, 0.7))
        if chance(rng, 0.16):
            rising = not rising
        heights.append(heights[-1] + (size if rising else -size))
    return heights


def _worth(heights: Sequence[int], mood: Character) -> float:
    """Return how singable a contour is: an octave at most, few repeats, leaps that turn back, leaning with the mood."""
    moves = [b - a for a, b in pairwise(heights)]
    span = max(heights) - min(heights)
    worth = -1.2 * max(0, span - 7) - 1.2 * max(0, 3 - span)
    worth -= 0.9 * max(0, sum(move == 0 for move in moves) - 1)
    leaps = [i for i, move in enumerate(moves) if abs(move) > 2]
    worth += 0.9 * (1 <= len(leaps) <= 2) - 0.8 * max(0, len(leaps) - 2)
    worth -= 0.8 * sum(moves[i] * moves[i + 1] > 0 for i in leaps if i + 1 < len(moves))
    worth += 2.5 * sum(abs(move) <= 1 for move in moves) / max(1, len(moves))
    worth += 0.35 * len(set(heights)) + 0.14 * mood.tilt * (heights[-1] - heights[0])
    turns = sum(a * b < 0 for a, b in pairwise(moves))
    worth -= 1.5 * (turns == 0)
    return worth + 0.5 * min(turns, 2) - 0.5 * max(0, turns - 3)


def invent_motif(mood: Character, rng: Rng, unlike: Motif | None = None) -> Motif:
    """Draw a rhythm, then the most singable of several contours. `unlike` is a motif to stand apart from."""
    rows = [row for row in RHYTHMS if unlike is None or abs(row.count("x") - len(unlike)) >= 1]
    fit = [2.0 ** -abs(row.count("x") - 6.8 * mood.density) for row in rows]
    slots = read_rhythm(_bend(pick(rng, rows, fit), mood, rng))
    lines = [_contour(len(slots), mood, rng) for _ in range(7)]
    best = max(lines, key=lambda line: _worth(line, mood))
    return tuple(Tone(onset, beats, step) for (onset, beats), step in zip(slots, best, strict=True))


def inverted(motif: Motif) -> Motif:
    """Turn it upside down."""
    return tuple(Tone(tone.onset, tone.beats, -tone.step) for tone in motif)


def shifted(motif: Motif, steps: int) -> Motif:
    """Move it up or down the scale."""
    return tuple(Tone(tone.onset, tone.beats, tone.step + steps) for tone in motif)


def displaced(motif: Motif, beats: float) -> Motif:
    """Play it later; what would pass its end is left out."""
    moved = [Tone(tone.onset + beats, min(tone.beats, BEATS - tone.onset - beats), tone.step) for tone in motif]
    return tuple(tone for tone in moved if tone.onset < BEATS - 0.4 and tone.beats > 0.2)


def head(motif: Motif) -> Motif:
    """Return its first half, at least two notes."""
    return motif[: max(2, (len(motif) + 1) // 2)]


def tail(motif: Motif) -> Motif:
    """Return its last notes, moved to begin within the first two beats."""
    part = motif[-max(2, len(motif) // 2) :]
    back = 2.0 * (part[0].onset // 2.0)
    return tuple(Tone(tone.onset - back, tone.beats, tone.step) for tone in part)


def broadened(motif: Motif) -> Motif:
    """Keep every other note and let it ring: the motif in long values."""
    kept = motif[::2]
    ends = [tone.onset for tone in kept[1:]] + [BEATS - 1.0]
    return tuple(Tone(t.onset, max(t.beats, end - t.onset), t.step) for t, end in zip(kept, ends, strict=True))


def turned(motif: Motif, steps: int) -> Motif:
    """Keep it but for its last note, which goes elsewhere: a question becomes another question."""
    last = motif[-1]
    return (*motif[:-1], Tone(last.onset, last.beats, last.step + steps))


def ornamented(motif: Motif, rng: Rng) -> Motif:
    """Split some longer notes into the note, a neighbour and the note again or a step on."""
    out: list[Tone] = []
    for tone in motif:
        if tone.beats >= 1.0 and chance(rng, 0.55):
            side = pick(rng, (1, -1))
            out.append(Tone(tone.onset, 0.5, tone.step))
            out.append(Tone(tone.onset + 0.5, 0.5, tone.step + side))
            if tone.beats > 1.0:
                out.append(Tone(tone.onset + 1.0, tone.beats - 1.0, tone.step))
        else:
            out.append(tone)
    return tuple(out)


def fragments(motif: Motif) -> Motif:
    """Say its first notes twice, the second time a step lower."""
    first = [tone for tone in head(motif)[:3] if tone.onset < 3.5]
    if not first:
        first = [Tone(0.0, 1.0, motif[0].step)]
    first = [Tone(t.onset, min(t.beats, 4.0 - t.onset), t.step) for t in first]
    return (*first, *(Tone(t.onset + 4.0, min(t.beats, 1.5), t.step - 1) for t in first))
