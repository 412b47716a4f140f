"""The second voice: it answers in the melody's rests with scraps of the motif, or threads guide tones under it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.musicians.offline.composer import motif as ways
from pipeline.musicians.offline.composer.chance import Rng, chance
from pipeline.musicians.offline.composer.character import Character
from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.form import Passage
from pipeline.musicians.offline.composer.melody import Melody, SungNote, centre_of
from pipeline.musicians.offline.composer.setting import set_over


def _busy(melody: Melody) -> list[tuple[float, float]]:
    return [(note.beat, note.beat + note.beats) for unit in melody.units for note in unit.notes]


def write_counter(
    instrument: str, form: Sequence[Passage], chart: Chart, melody: Melody, mood: Character, rng: Rng
) -> tuple[SungNote, ...]:
    """Write the second voice on paper for the passages that have one."""
    busy = _busy(melody)
    out: list[SungNote] = []
    for passage in form:
        if "counter" not in passage.layers or not passage.bars:
            continue
        if chance(rng, 0.55):
            out += _answers(instrument, passage, chart, melody, mood, busy)
        else:
            out += _guide(instrument, passage, chart, mood)
    return tuple(sorted(out, key=lambda note: note.beat))


def _answers(
    instrument: str, passage: Passage, chart: Chart, melody: Melody, mood: Character, busy: list[tuple[float, float]]
) -> list[SungNote]:
    """Fill gaps of three beats or more, every other one, with the motif's tail."""
    centre, limits = centre_of(instrument, mood)
    begin, end = 4.0 * passage.bar, 4.0 * (passage.bar + passage.bars)
    marks = sorted((max(a, begin), min(b, end)) for a, b in busy if b > begin and a < end)
    gaps, at = [], begin
    for start, stop in [*marks, (end, end)]:
        if start - at >= 3.0:
            gaps.append((at, start))
        at = max(at, stop)
    out: list[SungNote] = []
    scrap = ways.tail(melody.motif)
    for start, stop in gaps[::2]:
        first = float(int(start + 0.99))
        shape = tuple(
            ways.Tone(t.onset, min(t.beats, stop - first - t.onset), t.step)
            for t in scrap
            if first + t.onset < stop - 0.6
        )
        sung = set_over(shape, first, chart, centre - 3, limits, frozenset())
        out += [SungNote(first + tone.onset, tone.beats, pitch, 0.62) for tone, pitch in sung]
    return out


def _guide(instrument: str, passage: Passage, chart: Chart, mood: Character) -> list[SungNote]:
    """Hold a third or seventh of every chord, the one nearest to the last."""
    centre, (low, high) = centre_of(instrument, mood)
    last = centre - 5
    begin, end = 4.0 * passage.bar, 4.0 * (passage.bar + passage.bars)
    out: list[SungNote] = []
    for index in chart.within(begin, end):
        span = chart.spans[index]
        guides = span.chord.voices[:2]
        choices = [pitch for pitch in range(low, high + 1) if pitch % 12 in guides]
        pitch = min(choices, key=lambda p: abs(p - last) + 0.25 * abs(p - (centre - 5)))
        start, stop = max(begin, span.start), min(end, span.end)
        if out and out[-1].pitch == pitch and abs(out[-1].beat + out[-1].beats - start) < 0.01 and out[-1].beats < 6:
            out[-1] = SungNote(out[-1].beat, stop - out[-1].beat, pitch, 0.56)
        else:
            out.append(SungNote(start, stop - start, pitch, 0.56))
        last = float(pitch)
    return out
