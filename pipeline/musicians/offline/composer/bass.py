"""The bass: roots under the chords, fifths and octaves between, and a step into the next one; locked to the kick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.musicians.offline.composer.band import RANGES, Band
from pipeline.musicians.offline.composer.bass_cells import CELLS, SUB_CELLS
from pipeline.musicians.offline.composer.chance import Rng, between, chance, pick
from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.drums import Stroke
from pipeline.musicians.offline.composer.form import Frame, Passage
from pipeline.musicians.offline.composer.groove import Pulse, hand
from pipeline.musicians.offline.composer.theory import chord_scale
from pipeline.musicians.offline.score import Note

_TOUCH = {"R": 0.74, "5": 0.64, "8": 0.68, "3": 0.6, "w": 0.6, "a": 0.56, "g": 0.3}


@dataclass(frozen=True, slots=True)
class _Tone:
    """A bass note on paper, in beats. `mark` says what it is: see bass_cells.py."""

    beat: float
    beats: float
    pitch: int
    mark: str
    loud: float = 1.0


def _roots(chart: Chart, low: int, high: int, home: int) -> list[int]:
    """Choose the octave of every chord's bass note: near the one before, and near `home`."""
    out: list[int] = []
    last = home
    for span in chart.spans:
        choices = [pitch for pitch in range(low, high + 1) if pitch % 12 == span.chord.bass]
        best = min(choices, key=lambda pitch: abs(pitch - last) + 0.6 * abs(pitch - home))
        out.append(best)
        last = best
    return out


def _near(pitch_class: int, near: int, low: int, high: int) -> int:
    choices = [pitch for pitch in range(low, high + 1) if pitch % 12 == pitch_class]
    return min(choices, key=lambda pitch: (abs(pitch - near), pitch))


def _approach(target: int, before: int, scale: frozenset[int], rng: Rng, low: int) -> int:
    """Step to the target from a semitone or a scale step away, on the side the line comes from."""
    below = [target - 1, *(target - step for step in (2,) if (target - step) % 12 in scale)]
    above = [target + 1, *(target + step for step in (2,) if (target + step) % 12 in scale)]
    sides = (below, above) if before < target else (above, below) if before > target else (below, below)
    side = sides[0] if chance(rng, 0.8) else sides[1]
    pitch = pick(rng, side)
    return pitch if pitch >= low and pitch != before else target + 1


def _cell(bank: Sequence[str], kicks: set[int], density: float, rng: Rng) -> str:
    """Choose a figure whose notes meet the kick's, as busy as the passage."""

    def weight(cell: str) -> float:
        starts = {slot for slot, mark in enumerate(cell) if mark not in "-."}
        meet = len(starts & kicks) - 0.4 * len(starts - kicks) if kicks else 0.0
        return float(2.0 ** (meet - 0.8 * abs(len(starts) - density)))

    return pick(rng, bank, [weight(cell) for cell in bank])


def _bar(cell: str, at: float, chart: Chart, roots: list[int], rng: Rng, limits: tuple[int, int]) -> list[_Tone]:
    """Read one bar of a figure over the chords it crosses."""
    low, high = limits
    marks = list(cell)
    for index in chart.within(at, at + 4.0):
        slot = round((chart.starts[index] - at) * 4)
        if 0 < slot < 16:
            marks[slot] = "R"
            if slot >= 2 and marks[slot - 1] == "a":
                marks[slot - 1] = "-"
    starts = [slot for slot, mark in enumerate(marks) if mark not in "-."]
    out: list[_Tone] = []
    for slot in starts:
        beat = at + slot / 4
        end = next((s for s in range(slot + 1, 16) if marks[s] != "-"), 16)
        index = chart.index(beat)
        chord, root = chart.spans[index].chord, roots[index]
        mark = marks[slot]
        before = out[-1].pitch if out else root
        slashed = chord.bass != chord.root
        pitch = root
        nearly = index + 1 < len(roots) and chart.starts[index + 1] <= at + end / 4 + 1e-6
        if mark == "a" and nearly and roots[index + 1] != root:
            scale = chord_scale(chart.spans[index].chord, chart.spans[index].key)
            pitch = _approach(roots[index + 1], before, scale, rng, low)
        elif mark in "5aw" and not slashed:
            pitch = _near(chord.fifth, root + (7 if chance(rng, 0.6) else -5), low, high)
            if mark == "w":
                pitch = root + (3 if chord.kind.minor else 4) if root + 4 <= high else pitch
            mark = "5" if mark == "a" else mark
        elif mark == "3" and not slashed:
            pitch = root + (3 if chord.kind.minor else 4)
        elif mark == "8" and root + 12 <= high:
            pitch = root + 12
        out.append(_Tone(beat, (end - slot) / 4, min(pitch, high), mark))
    return out


def write_bass(
    band: Band, form: Sequence[Passage], frame: Frame, chart: Chart, strokes: Sequence[Stroke], rng: Rng
) -> list[_Tone]:
    """Write the bass part on paper: a figure for each kind of passage, varied from bar to bar, tied now and then."""
    assert band.bass is not None
    sub = band.bass == "sub bass"
    bank = SUB_CELLS if sub and band.groove != "beatless" else CELLS[band.groove]
    low, high = RANGES[band.bass]
    roots = _roots(chart, low, low + 16, 34 if sub else 36)
    kicks: dict[int, set[int]] = {}
    for stroke in strokes:
        if stroke.drum == "kick":
            kicks.setdefault(int(stroke.beat // 4), set()).add(round((stroke.beat % 4) * 4))
    out: list[_Tone] = []
    cells: dict[str, tuple[str, ...]] = {}
    for passage in form:
        if "bass" not in passage.layers:
            continue
        quiet = not passage.letter
        density = (1.5 if quiet else 2.6) + 2.4 * passage.intensity - (1.0 if sub else 0.0)
        kind = f"{passage.letter or passage.name}{passage.visit % 2}"
        if kind not in cells:
            here = kicks.get(passage.bar, set())
            main, busy = _cell(bank, here, density, rng), _cell(bank, here, density + 0.8, rng)
            second = _cell(bank, kicks.get(passage.bar + 1, set()), density, rng) if chance(rng, 0.6) else main
            cells[kind] = (main, second, main, busy)
        for bar in range(passage.bars):
            cell = cells[kind][bar % 4]
            if ("bass", bar) in passage.staging:
                continue
            if ("stop", bar) in passage.staging:
                cell = "R---------......"
            elif bar == passage.bars - 1 and chance(rng, 0.5) and passage.bars > 2:
                cell = cell[:12] + pick(rng, ("..a-", "a---", "....", "5-a-"))
            loud = 0.84 + 0.24 * passage.intensity
            tones = _bar(cell, 4.0 * (passage.bar + bar), chart, roots, rng, (low, high))
            out += [replace(tone, loud=loud) for tone in tones]
    if "bass" in form[-1].layers:
        out.append(_Tone(4.0 * frame.bars, frame.tail * 0.8, roots[-1], "R"))
    return _tied(out, band.groove, rng)


def _tied(tones: list[_Tone], groove: str, rng: Rng) -> list[_Tone]:
    """Pull some downbeats an eighth forward and tie them over the bar line; never the last one."""
    share = {"boom bap": 0.12, "half time": 0.1, "shuffle": 0.06, "bossa": 0.15}.get(groove, 0.0)
    out: list[_Tone] = []
    for index, tone in enumerate(tones):
        early = tone.beat - 0.5
        due = tone.mark == "R" and tone.beat % 4 == 0 and tone.beat >= 4 and index + 1 < len(tones)
        if due and out and out[-1].beat < early - 0.2 and chance(rng, share):
            last = out[-1]
            out[-1] = replace(last, beats=min(last.beats, early - last.beat))
            tone = replace(tone, beat=early, beats=tone.beats + 0.5)  # noqa: PLW2901
        out.append(tone)
    return out


def play_bass(tones: Sequence[_Tone], pulse: Pulse, loud: float, sub: bool, rng: Rng) -> tuple[Note, ...]:
    """Play the part: a little behind the kick, notes let go just before the next."""
    player = hand(rng, between(rng, 0.004, 0.010), drift=0.003, shake=0.0015)
    notes = []
    for tone in tones:
        due, over = pulse.at(tone.beat), pulse.at(tone.beat + tone.beats)
        length = (over - due) * (0.96 if sub or tone.mark != "g" else 0.5)
        length = min(length, 0.09) if tone.mark == "g" else max(0.08, length - 0.02)
        start = player.place(due)
        notes.append(Note(start, length, tone.pitch, player.touch(_TOUCH[tone.mark] * loud * tone.loud, due)))
    return tuple(notes)
