"""The melody: a motif stated, left to breathe, answered, varied and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.musicians.offline.composer import motif as ways
from pipeline.musicians.offline.composer.band import RANGES, Band
from pipeline.musicians.offline.composer.chance import Rng, chance, pick
from pipeline.musicians.offline.composer.character import Character
from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.form import Frame, Passage
from pipeline.musicians.offline.composer.motif import Motif, Tone
from pipeline.musicians.offline.composer.setting import set_over

# Two-bar units of a phrase: M motif, O ornamented, S moved along the scale, I inverted, D displaced, F fragments,
# E an echo of its tail, L broadened, C its head and a close, "-" rest.
_SCHEMES = {
    "A": ("M-SC", "MEMC", "MESC", "MF-C", "M-MC", "MIEC", "MO-C", "MSEC"),
    "A'": ("OEIC", "D-SC", "MIDC", "O-FC", "IEMC", "SEOC", "M-IC", "ODEC"),
    "B": ("M-S-", "MSSE", "L-LC", "MI-F", "-M-S", "LEL-", "F-MC", "M--C"),
    "breakdown": ("L---", "-L--", "E---", "--F-", "-E-E"),
}


@dataclass(frozen=True, slots=True)
class SungNote:
    """A melody note on paper: `beat` and `beats`, the pitch, how loud it is within its phrase, and whether it has a
    grace note."""

    beat: float
    beats: float
    pitch: int
    loud: float
    grace: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """Two bars of melody on paper: where they begin, what was done to which motif, who plays, and the notes."""

    beat: float
    beats: float
    way: str
    letter: str
    instrument: str
    notes: tuple[SungNote, ...]


@dataclass(frozen=True)
class Melody:
    """The melody on paper, with the motifs it is made of."""

    motif: Motif
    second: Motif
    third: Motif
    units: tuple[Unit, ...]


def _shape(way: str, motif: Motif, turn: int, rng: Rng) -> Motif:
    """Do to a motif what the scheme's letter asks."""
    steps = pick(rng, (-2, -1, 1, 2, 3))
    if way == "M" and turn and len(motif) > 2:
        return ways.turned(motif, pick(rng, (-2, -1, 0, 1, 2)))
    if way == "O":
        return ways.ornamented(motif, rng)
    if way == "S":
        return ways.shifted(motif, steps)
    if way == "I":
        return ways.inverted(motif)
    if way == "D":
        return ways.displaced(motif, pick(rng, (0.5, 1.0, 1.0, 2.0)))
    if way == "F":
        return ways.fragments(motif)
    if way == "E":
        return ways.shifted(ways.tail(motif), -1 if turn % 2 else 0)
    if way == "L":
        return ways.broadened(motif)
    if way == "C":
        first = [t for t in ways.head(motif) if t.onset < 3.6]
        last = first[-1] if first else Tone(0.0, 1.0, 0)
        long = 4.0 if last.onset < 3.5 else 4.5
        return (*(Tone(t.onset, min(t.beats, long - t.onset), t.step) for t in first), Tone(long, 2.5, last.step - 1))
    return motif


def centre_of(instrument: str, mood: Character) -> tuple[float, tuple[int, int]]:
    """Return where an instrument's melody lies for a mood, and the range it must stay in."""
    low, high = RANGES[instrument]
    centre = low + 0.46 * (high - low) + 0.6 * mood.register
    return min(max(centre, low + 5), high - 5), (low, high)


def _voiced(sung: Sequence[tuple[Tone, int]], start: float, mood: Character, soft: float, rng: Rng) -> list[SungNote]:
    """Give a line its dynamics, grace notes and breath."""
    if not sung:
        return []
    end = max(tone.end for tone, _ in sung)
    peak = max(pitch for _, pitch in sung)
    notes: list[SungNote] = []
    for place, (tone, pitch) in enumerate(sung):
        along = tone.onset / max(end, 1.0)
        loud = soft * (1.0 - 0.5 * mood.swell + mood.swell * (1 - abs(along - 0.6) / 0.6))
        loud *= 1.06 if pitch == peak else 0.9 if tone.beats < 0.6 and tone.onset % 1 else 1.0
        after_rest = place == 0 or sung[place - 1][0].end < tone.onset - 0.4
        grace = pick(rng, (-1, -2, 2)) if after_rest and tone.beats >= 1 and chance(rng, 0.16 * mood.density) else 0
        notes.append(SungNote(start + tone.onset, tone.beats, pitch, loud, grace))
    return notes


def _scheme(passage: Passage, kept: dict[str, str], energy: float, rng: Rng) -> str:
    """Choose a passage's phrase scheme; a return of A keeps the first one's, so that it is known again."""
    if passage.name in {"intro", "outro"}:
        return ""
    key = passage.letter or passage.name
    kind = passage.name if passage.name in _SCHEMES else "A"
    if kind == "A" and "A" in kept:
        known = kept["A"]
        return known if passage.visit % 2 == 0 or len(known) < 4 else known[0] + "O" + known[2:]
    scheme = pick(rng, _SCHEMES[kind])
    if kind == "A":
        if passage.bars >= 8 and chance(rng, 0.22 - 0.15 * energy):
            scheme = "-" + "M-C"  # the melody keeps silent until the groove has settled
        kept["A"] = scheme
    elif kind == "B" and passage.bars >= 8 and chance(rng, 0.1):
        scheme = "----"
    elif key not in kept:
        kept[key] = scheme
    return scheme


def write_melody(
    band: Band, form: Sequence[Passage], frame: Frame, chart: Chart, mood: Character, energy: float, rng: Rng
) -> Melody:
    """Write the melody of a whole piece on paper."""
    motif = ways.invent_motif(mood, rng)
    second = ways.invent_motif(mood, rng, unlike=motif)
    third = ways.inverted(ways.invent_motif(mood, rng))
    subjects = {"A": motif, "B": second, "C": third}
    kept: dict[str, str] = {}
    units: list[Unit] = []
    for passage in form:
        start, bars = 4.0 * passage.bar, passage.bars
        instrument = band.leads[passage.lead % len(band.leads)]
        if "teaser" in passage.layers and "melody" not in passage.layers:
            # Intro: the motif's head before the curtain; outro: what is left of it.
            if bars >= 2:
                at = start + 4.0 * (bars - 2 if passage.name == "intro" else 0)
                way = pick(rng, ("F", "E")) if passage.name == "intro" else pick(rng, ("L", "E", "M"))
                units.append(_unit(way, motif, at, 8.0, "A", instrument, chart, mood, 0.8, frozenset(), 0, rng))
            continue
        if "melody" not in passage.layers:
            continue
        scheme = _scheme(passage, kept, energy, rng)
        subject = subjects.get(passage.letter, motif)
        count = -(-bars // 2)
        if count == 2 and len(scheme) == 4:  # four bars: statement and close
            first = scheme[0] if scheme[0] != "-" else "M"
            scheme = first + (scheme[-1] if passage.letter != "B" else scheme[2])
        elif count == 1:
            scheme = "M"
        for number in range(count):
            way = scheme[number % len(scheme)] if scheme else "-"
            at = start + 8.0 * number
            room = min(8.0, start + 4.0 * bars - at)
            soft = 0.66 + 0.34 * passage.intensity
            goal: frozenset[int] = frozenset()
            if way == "C":
                key = chart.at(at).key
                third_up = 4 if key.mode == "major" else 3
                goal = frozenset({key.tonic, (key.tonic + 7) % 12, (key.tonic + third_up) % 12})
            letter = passage.letter or "A"
            units.append(_unit(way, subject, at, room, letter, instrument, chart, mood, soft, goal, number, rng))
    if form[-1].layers & {"teaser", "melody"} or len(form) == 2:
        units.append(_farewell(band.leads[0], frame, chart, mood, rng))
    return Melody(motif, second, third, tuple(unit for unit in units if unit.notes))


def _unit(
    way: str, subject: Motif, at: float, room: float, letter: str, instrument: str, chart: Chart, mood: Character,
    soft: float, goal: frozenset[int], turn: int, rng: Rng,
) -> Unit:  # fmt: skip
    if way == "-":
        return Unit(at, room, way, letter, instrument, ())
    shape = tuple(
        Tone(tone.onset, min(tone.beats, max(0.5, room - _BREATH - tone.onset)), tone.step)
        for tone in _shape(way, subject, turn, rng)
        if tone.onset < room - 0.45
    )
    centre, limits = centre_of(instrument, mood)
    sung = set_over(shape, at, chart, centre + (2 if letter in {"B", "C"} else 0), limits, goal)
    return Unit(at, room, way, letter, instrument, tuple(_voiced(sung, at, mood, soft * _WEIGHT.get(way, 1.0), rng)))


_BREATH = 1.5
"""Beats of rest that end every unit: a singer has to breathe."""
_WEIGHT = {"E": 0.82, "F": 0.92, "L": 0.95}
"""Echoes are softer."""


def _farewell(instrument: str, frame: Frame, chart: Chart, mood: Character, rng: Rng) -> Unit:
    """End on a note of the tonic, with the last chord or just after it."""
    at = 4.0 * frame.bars
    key = chart.spans[-1].key
    centre, limits = centre_of(instrument, mood)
    later = pick(rng, (0.0, 0.5, 1.0))
    shape = (Tone(later, frame.tail * 0.8 - later, 0),)
    goal = frozenset(pick(rng, ({key.tonic}, {key.tonic}, {(key.tonic + 7) % 12})))
    sung = set_over(shape, at, chart, centre, limits, goal)
    return Unit(at, float(frame.tail), "C", "", instrument, tuple(_voiced(sung, at, mood, 0.7, rng)))
