"""Setting a motif over chords: its contour kept where it can be, long notes on chord tones, passing ones resolved.

The path through the candidate pitches is found by dynamic programming (Viterbi).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.motif import Motif, Tone
from pipeline.musicians.offline.composer.theory import chord_scale, key_scale

_REACH = 4
"""How far from its target a tone may be set, in semitones."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one tone may fall: what each pitch costs whatever the target, and which pitch classes are at rest."""

    costs: dict[int, float]
    landing: frozenset[int]


def _place(tone: Tone, beat: float, chart: Chart, limits: tuple[int, int], goal: frozenset[int], final: bool) -> _Place:
    span = chart.at(beat)
    if span.end - beat <= 0.5 and tone.beats > span.end - beat:  # an anticipation belongs to the next chord
        span = chart.at(beat + 0.5)
    strong = (tone.onset % 1 == 0 and tone.beats >= 1) or tone.beats >= 1.5 or final
    home = goal if final and span.chord.degree == 0 else frozenset()
    landing, voices = span.chord.landing | home, frozenset(span.chord.voices)
    kinds: dict[int, float] = {}
    for kind in chord_scale(span.chord, span.key):
        cost = 0.0
        if strong and kind not in landing:
            cost += 2.0 + 2.5 * min(tone.beats, 3.0)
        if strong and kind == span.key.tonic and kind in landing:
            cost -= 1.0  # lines lean towards home
        if tone.beats >= 1 and (kind - 1) % 12 in voices and kind not in voices:
            cost += 5.0  # a minor ninth over a sounding voice
        if final and goal and kind not in goal:
            cost += 9.0
        kinds[kind] = cost
    costs = {pitch: kinds[pitch % 12] for pitch in range(limits[0], limits[1] + 1) if pitch % 12 in kinds}
    return _Place(costs, landing)


def _targets(shape: Motif, scale: tuple[int, ...], centre: float, limits: tuple[int, int]) -> list[list[int]]:
    """Return where the contour lies on the key's scale: with its middle at `centre`, a step above, a step below."""
    ladder = [pitch for pitch in range(limits[0] - 14, limits[1] + 15) if pitch % 12 in scale]
    middle = sum(tone.step for tone in shape) / len(shape)
    anchor = min(range(len(ladder)), key=lambda i: abs(ladder[i] - centre)) - round(middle)
    top = len(ladder) - 1
    low, high = limits
    return [
        [max(low, min(high, ladder[max(0, min(top, anchor + off + tone.step))])) for tone in shape]
        for off in (0, 1, -1)
    ]


def _smoothest(targets: list[int], places: list[_Place]) -> tuple[float, list[int]]:
    """Return the cheapest line near the targets, and its cost."""
    totals: dict[int, float] = {}
    paths: list[dict[int, int]] = []
    for number, (target, place) in enumerate(zip(targets, places, strict=True)):
        near = {p: c + 0.6 * abs(p - target) for p, c in place.costs.items() if -_REACH <= p - target <= _REACH}
        if number == 0:
            totals = near
            continue
        asked = target - targets[number - 1]
        resting = places[number - 1].landing
        reached: dict[int, float] = {}
        came: dict[int, int] = {}
        for pitch, own in near.items():
            best, source = 1e9, pitch
            for before, total in totals.items():
                move = pitch - before
                width = abs(move)
                cost = total + 0.9 * abs(move - asked)
                if width > 4:
                    cost += 0.5 * (width - 4) + (6.0 if width > 9 else 0.0)
                if move * asked < 0 or (move == 0) != (asked == 0):
                    cost += 2.5
                if width > 2 and before % 12 not in resting:
                    cost += 3.0  # a tension must resolve by step
                if cost < best:
                    best, source = cost, before
            reached[pitch], came[pitch] = own + best, source
        totals = reached
        paths.append(came)
    pitch = min(totals, key=lambda p: (totals[p], p))
    cost, line = totals[pitch], [pitch]
    for came in reversed(paths):
        pitch = came[pitch]
        line.append(pitch)
    return cost, line[::-1]


def set_over(
    shape: Motif, start: float, chart: Chart, centre: float, limits: tuple[int, int], goal: frozenset[int]
) -> list[tuple[Tone, int]]:
    """Return the tones of a motif with pitches for the chords from `start` (in beats) on, around `centre`.

    The line stays within `limits` and ends on a pitch class of `goal` unless that is empty. The whole motif moves a
    step up or down the scale where its contour can then be kept better.
    """
    if not shape:
        return []
    last = len(shape) - 1
    places = [_place(tone, start + tone.onset, chart, limits, goal, n == last) for n, tone in enumerate(shape)]
    tries = _targets(shape, key_scale(chart.at(start).key), centre, limits)
    lines = [_smoothest(targets, places) for targets in tries]
    best = min(range(len(lines)), key=lambda n: lines[n][0] + (0.6 if n else 0.0))
    return list(zip(shape, lines[best][1], strict=True))
