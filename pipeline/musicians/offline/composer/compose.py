"""A plan in, a score out: form, chords, drums, bass, chords' hands, melody, and the hands that play them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain import TrackPlan, derive_seed
from pipeline.musicians.offline.composer.band import Band, call_band
from pipeline.musicians.offline.composer.bass import play_bass, write_bass
from pipeline.musicians.offline.composer.chance import player
from pipeline.musicians.offline.composer.character import Character, character
from pipeline.musicians.offline.composer.chart import Chart, chart_of
from pipeline.musicians.offline.composer.comping import play_chords, play_pad, write_chords
from pipeline.musicians.offline.composer.counter import write_counter
from pipeline.musicians.offline.composer.drums import Stroke, play_drums, write_drums
from pipeline.musicians.offline.composer.form import Frame, Passage, fit, lay_out
from pipeline.musicians.offline.composer.groove import Pulse
from pipeline.musicians.offline.composer.harmony import harmonise
from pipeline.musicians.offline.composer.melody import Melody, SungNote, write_melody
from pipeline.musicians.offline.composer.soloist import play_line
from pipeline.musicians.offline.score import Note, Part, Score, Section


@dataclass(frozen=True)
class Sketch:
    """A piece on paper, before anyone has played it."""

    frame: Frame
    form: tuple[Passage, ...]
    band: Band
    mood: Character
    chart: Chart
    melody: Melody
    strokes: tuple[Stroke, ...]


def _own(track: TrackPlan, seed: int) -> int:
    """Another groove or mood makes another piece, not the same notes on another kit."""
    return derive_seed(seed, "composition", track.groove, track.mood)


def sketch(track: TrackPlan, seed: int) -> Sketch:
    """Decide what a piece is made of: the same for the same plan and seed."""
    mood = character(track.mood)
    seed = _own(track, seed)
    frame = fit(track.tempo, track.seconds)
    band = call_band(track, player(seed, "band"))
    form = lay_out(frame, track.energy, len(band.leads), player(seed, "form"))
    chart = chart_of(harmonise(track.key, frame, form, mood, player(seed, "harmony")))
    strokes = write_drums(form, frame, band.groove, track.energy, player(seed, "drums"))
    melody = write_melody(band, form, frame, chart, mood, track.energy, player(seed, "melody"))
    return Sketch(frame, form, band, mood, chart, melody, strokes)


def compose(track: TrackPlan, seed: int) -> Score:
    """Compose a track and play it.

    The score lasts within half a second of `track.seconds` wherever whole beats allow (see form.py for the rule), in
    the plan's key, groove and swing, at a tempo within 1.5 % of the plan's. Any plan composes: unknown names of
    instruments, grooves and moods stand for the nearest known ones.
    """
    piece = sketch(track, seed)
    seed = _own(track, seed)
    frame, band = piece.frame, piece.band
    pulse = Pulse(60.0 / frame.tempo, track.swing)
    parts = [*_chords(piece, pulse, seed), *_bass(piece, pulse, track.energy, seed), *_solos(piece, pulse, seed)]
    drums = play_drums(piece.strokes, pulse, player(seed, "drummer"))
    return Score(
        tempo=frame.tempo,
        length=frame.length,
        beat=pulse.beat,
        sections=_sections(piece, pulse),
        parts=tuple(part for part in parts if part.notes),
        kit=band.kit if drums else None,
        drums=drums,
        ambience=track.ambience,
        energy=track.energy,
    )


def _chords(piece: Sketch, pulse: Pulse, seed: int) -> list[Part]:
    band, frame, form, chart = piece.band, piece.frame, piece.form, piece.chart
    right, left = write_chords(band, form, frame, chart, piece.mood, player(seed, "chords"))
    hands = [*right, *left]
    notes = play_chords(hands, band.chords, pulse, frame.length, player(seed, "chords", "hand"))
    parts = [Part(band.chords, "pad" if band.chords == "warm pad" else "chords", _in_time(notes))]
    if band.pad:
        pad = play_pad(form, frame, chart, pulse, frame.length, player(seed, "pad"))
        parts.append(Part(band.pad, "pad", pad))
    return parts


def _bass(piece: Sketch, pulse: Pulse, energy: float, seed: int) -> list[Part]:
    band = piece.band
    if band.bass is None:
        return []
    tones = write_bass(band, piece.form, piece.frame, piece.chart, piece.strokes, player(seed, "bass"))
    sub = band.bass == "sub bass"
    notes = play_bass(tones, pulse, 0.86 + 0.2 * energy, sub, player(seed, "bass", "hand"))
    return [Part(band.bass, "bass", notes)]


def _solos(piece: Sketch, pulse: Pulse, seed: int) -> list[Part]:
    """The melody, instrument by instrument, and the second voice."""
    band, length = piece.band, piece.frame.length
    parts = []
    for name in dict.fromkeys(unit.instrument for unit in piece.melody.units):
        line = [note for unit in piece.melody.units if unit.instrument == name for note in unit.notes]
        notes = play_line(_alone(line), name, piece.chart, pulse, length, piece.mood, player(seed, "solo", name))
        parts.append(Part(name, "melody", _in_time(notes)))
    if band.counter:
        line = list(
            write_counter(band.counter, piece.form, piece.chart, piece.melody, piece.mood, player(seed, "second"))
        )
        hand = player(seed, "second", "hand")
        notes = play_line(_alone(line), band.counter, piece.chart, pulse, length, piece.mood, hand)
        parts.append(Part(band.counter, "counter", _in_time(notes)))
    return parts


def _alone(line: list[SungNote]) -> list[SungNote]:
    """Order a line and let no note reach over the next."""
    ordered = sorted(line, key=lambda note: note.beat)
    ends = [*(note.beat for note in ordered[1:]), float("inf")][: len(ordered)]
    return [
        SungNote(n.beat, min(n.beats, end - n.beat), n.pitch, n.loud, n.grace)
        for n, end in zip(ordered, ends, strict=True)
        if end - n.beat > 0.05
    ]


def _in_time(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))


def _sections(piece: Sketch, pulse: Pulse) -> tuple[Section, ...]:
    """Name the stretches of the form in seconds; the outro holds the last chord and its tail."""
    out = []
    for number, passage in enumerate(piece.form):
        start = pulse.at(4.0 * passage.bar)
        last = number == len(piece.form) - 1
        end = piece.frame.length if last else pulse.at(4.0 * (passage.bar + passage.bars))
        out.append(Section(passage.name, start, end - start))
    return tuple(out)
