"""The chord player: rolled, broken or stabbed chords, another figure in each part of the form; and the pad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.musicians.offline.composer.band import Band
from pipeline.musicians.offline.composer.chance import Rng, between, chance, pick
from pipeline.musicians.offline.composer.character import Character
from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.comping_figures import figures
from pipeline.musicians.offline.composer.form import Frame, Passage
from pipeline.musicians.offline.composer.groove import Pulse, arc, hand
from pipeline.musicians.offline.score import Note

_STRUM = {"nylon guitar": 0.016, "muted guitar": 0.011}
"""Seconds from string to string; keyboards roll less."""
_LEFT_HAND = (40, 51)
"""Where a root goes when no bass plays it: E2 to Eb3, alone, so that it stays clear."""


@dataclass(frozen=True, slots=True)
class _Touch:
    """A chord or part of one on paper: `pitches` low to high, each for its `beats`; `mark` as in comping_figures.py."""

    beat: float
    beats: tuple[float, ...]
    pitches: tuple[int, ...]
    mark: str
    loud: float


def _voices(mark: str) -> tuple[int, ...]:
    """Return which voices a mark plays, counted from the bottom."""
    if mark.isdigit():
        return (int(mark),)
    return {"u": (2, 3), "l": (0, 1)}.get(mark, (0, 1, 2, 3))


def _let_go(marks: list[str], slot: int, voice: int, changes: set[int]) -> int:
    """Return the slot at which a voice struck at `slot` ends: struck again, hand lifted, or the chord changed.

    Voices that a later touch leaves alone ring on, as under a pedal.
    """
    for later in range(slot + 1, 16):
        mark = marks[later]
        if mark == "." or later in changes or (mark != "-" and voice in _voices(mark)):
            return later
    return 16


def _bar(figure: str, at: float, chart: Chart, held: bool, loud: float) -> tuple[list[_Touch], bool]:
    """Read one bar of a figure; `held` when the last bar ended on a chord struck early for this one."""
    marks = list(figure)
    if held:
        marks[0] = "-"
    changes = {round((chart.starts[i] - at) * 4) for i in chart.within(at, at + 4.0)} & set(range(16))
    for slot in sorted(changes):
        # A chord that changes under a held one is struck anew; an empty slot nearby stays empty.
        if marks[slot] == "-" and not (slot == 0 and held):
            marks[slot] = "C" if slot == 0 else "u" if figure[0] in "lu" else "C"
    starts = [slot for slot, mark in enumerate(marks) if mark not in "-."]
    out = []
    for slot in starts:
        mark = marks[slot]
        beat = at + slot / 4
        early = mark == "P"
        voicing = chart.voicing(at + 4.0 if early else beat)
        played = _voices(mark)
        beats = tuple((_let_go(marks, slot, v, changes) - slot) / 4 + (1.5 if early else 0.0) for v in played)
        out.append(_Touch(beat, beats, tuple(voicing[v] for v in played), mark, loud))
    return out, bool(starts) and marks[starts[-1]] == "P"


def write_chords(
    band: Band, form: Sequence[Passage], frame: Frame, chart: Chart, mood: Character, rng: Rng
) -> tuple[list[_Touch], list[_Touch]]:
    """Write the chord part and, for passages without a bass, the left hand under it."""
    chosen: dict[str, tuple[str, ...]] = {}
    right: list[_Touch] = []
    left: list[_Touch] = []
    used: set[str] = set()
    held = False
    for passage in form:
        if "chords" not in passage.layers:
            held = False
            continue
        quiet = not passage.letter or passage.intensity < 0.35
        bank = figures(band.chords, band.groove, quiet)
        kind = passage.letter + str(passage.visit if passage.letter == "A" else passage.visit % 2) or passage.name
        if kind not in chosen:
            fresh = [figure for figure in bank if figure not in used] or list(bank)
            busy = [2.0 ** -abs(_strikes(f) - (1.5 + 3.2 * mood.density * passage.intensity)) for f in fresh]
            first = pick(rng, fresh, busy)
            second = pick(rng, [f for f in bank if f != first] or bank)
            chosen[kind] = (first, second) * 2 if chance(rng, 0.35) else (first, first, first, second)
            used.add(first)
        for bar in range(passage.bars):
            figure = chosen[kind][bar % 4]
            at = 4.0 * (passage.bar + bar)
            place = (bar % 4 + 0.5) / 4
            loud = (0.56 + 0.42 * passage.intensity) * arc(place, 0.12)
            if not passage.layers & {"drums", "bass"}:
                loud *= 1.25  # alone, a player plays out
            if ("stop", bar) in passage.staging:
                figure = "R---------------"
            touches, held = _bar(figure, at, chart, held, loud)
            right += touches
            if band.bass is None or "bass" not in passage.layers:
                left += _roots(at, chart, loud, rng)
    end = 4.0 * frame.bars
    last = chart.voicings[-1]
    right = [touch for touch in right if touch.beat < end - 0.6]
    right.append(_Touch(end, (frame.tail * 0.86,) * len(last), last, "R", 0.62))
    if band.bass is None or "bass" not in form[-1].layers:
        left.append(_Touch(end, (frame.tail * 0.86,), (_low(chart.spans[-1].chord.root),), "R", 0.6))
    return right, left


def _strikes(figure: str) -> int:
    return sum(mark not in "-." for mark in figure)


def _low(pitch_class: int) -> int:
    return next(p for p in range(_LEFT_HAND[0], _LEFT_HAND[1] + 1) if p % 12 == pitch_class)


def _roots(at: float, chart: Chart, loud: float, rng: Rng) -> list[_Touch]:
    out = []
    for index in chart.within(at, at + 4.0):
        start, end = max(at, chart.starts[index]), min(at + 4.0, chart.spans[index].end)
        low = _low(chart.spans[index].chord.bass)
        fifth = chart.spans[index].chord.fifth
        out.append(_Touch(start, (end - start,), (low,), "C", loud * 0.85))
        if end - start >= 4 and chance(rng, 0.4):
            above = next(p for p in range(low + 5, low + 18) if p % 12 == fifth)
            out[-1] = _Touch(start, (end - start,), (low,), "C", loud * 0.85)
            out.append(_Touch(start + 2.0, (end - start - 2.0,), (above,), "C", loud * 0.7))
    return out


def play_chords(touches: Sequence[_Touch], instrument: str, pulse: Pulse, length: float, rng: Rng) -> tuple[Note, ...]:
    """Play the part: chords roll from the bottom by some milliseconds, guitars strum, the top voice sings a little."""
    player = hand(rng, between(rng, 0.002, 0.009), drift=0.005, shake=0.002)
    octave = 12 if instrument == "music box" else 0
    gap = _STRUM.get(instrument, 0.007) * between(rng, 0.85, 1.2)
    notes: list[Note] = []
    for count, touch in enumerate(touches):
        due = pulse.at(touch.beat)
        start = player.place(due)
        wide = gap * {"R": 3.4, "s": 0.5}.get(touch.mark, 1.0) * between(rng, 0.75, 1.25)
        strings = list(zip(touch.pitches, touch.beats, strict=True))
        if instrument in _STRUM and touch.mark in "su" and count % 2:
            strings.reverse()  # up-strokes start from the top string
        for place, (pitch, beats) in enumerate(strings):
            span = max(0.06, pulse.at(touch.beat + beats) - due - 0.03)
            if touch.mark == "s":
                span = min(span, 0.42 * pulse.beat)
            begins = start + place * wide
            weight = 1.08 if pitch == max(touch.pitches) else 0.92 if 0 < place < len(strings) - 1 else 1.0
            weight *= 0.86 if touch.mark == "s" else 1.0
            ends = min(due + span, length - 0.3)
            velocity = player.touch(0.66 * touch.loud * weight, due)
            notes.append(Note(begins, max(0.05, ends - begins), pitch + octave, velocity))
    return tuple(notes)


def play_pad(
    form: Sequence[Passage], frame: Frame, chart: Chart, pulse: Pulse, length: float, rng: Rng
) -> tuple[Note, ...]:
    """Hold the three lowest voices of every chord where the pad plays; tones that chords share are not struck again."""
    player = hand(rng, 0.0, drift=0.01, shake=0.004)
    notes: list[Note] = []
    for number, passage in enumerate(form):
        last = number == len(form) - 1
        if "pad" not in passage.layers:
            continue
        begin, end = 4.0 * passage.bar, float(frame.beats) if last else 4.0 * (passage.bar + passage.bars)
        sounding: dict[int, float] = {}
        indices = chart.within(begin, end) if end > begin else range(0)
        loud = 0.42 + 0.2 * passage.intensity
        for index in [*indices, -1]:
            wanted = set(chart.voicings[index][:3]) if index >= 0 else set()
            at = max(begin, chart.starts[index]) if index >= 0 else end
            for pitch in sorted(set(sounding) - wanted):
                since = sounding.pop(pitch)
                start = player.place(max(0.0, pulse.at(since) - 0.02))
                over = min(pulse.at(at) + 0.12, length - min(2.0, 0.32 * frame.tail * pulse.beat))
                if over - start > 0.1:
                    notes.append(Note(start, over - start, pitch, player.touch(loud, start)))
            for pitch in sorted(wanted - set(sounding)):
                sounding[pitch] = at
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))
