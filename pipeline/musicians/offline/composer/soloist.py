"""How a soloist plays a line: laid back, breathing, with grace notes, and now and then a third below a long note."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.musicians.offline.composer.chance import Rng, between, chance
from pipeline.musicians.offline.composer.character import Character
from pipeline.musicians.offline.composer.chart import Chart
from pipeline.musicians.offline.composer.groove import Pulse, hand
from pipeline.musicians.offline.composer.melody import SungNote
from pipeline.musicians.offline.score import Note

_RINGING = {"vibraphone", "music box", "felt piano", "electric piano", "nylon guitar"}
_SINGLE = {"flute", "soft lead", "muted guitar"}
"""Instruments that play one note at a time."""


def play_line(
    notes: Sequence[SungNote], instrument: str, chart: Chart, pulse: Pulse, length: float, mood: Character, rng: Rng
) -> tuple[Note, ...]:
    """Play a line on paper. Ringing instruments let long notes sound on into a rest; wind and leads take breath."""
    player = hand(rng, between(rng, 0.008, 0.018), drift=0.006, shake=0.002)
    out: list[Note] = []
    for place, note in enumerate(notes):
        due, over = pulse.at(note.beat), pulse.at(note.beat + note.beats)
        start = player.place(due)
        span = (over - due) * mood.legato
        following = pulse.at(notes[place + 1].beat) if place + 1 < len(notes) else length
        if instrument in _RINGING:
            span = max(span, min(over - due + 0.5 * pulse.beat, following - due - 0.02))
        elif following - over < 0.05 * pulse.beat and mood.legato > 0.9:
            span = following - due + 0.015  # slurred
        ends = min(start + max(0.07, span), length - 0.35)
        velocity = player.touch(0.7 * note.loud, due)
        free = place == 0 or pulse.at(notes[place - 1].beat + notes[place - 1].beats) < start - 0.15
        if note.grace and free and start > 0.1:
            out.append(Note(start - 0.075, 0.09, note.pitch + note.grace, velocity * 0.62))
        out.append(Note(start, max(0.05, ends - start), note.pitch, velocity))
        if instrument not in _SINGLE and note.beats >= 1.5 and chance(rng, 0.22):
            below = _below(note, chart)
            if below is not None:
                out.append(Note(start + 0.012, max(0.05, ends - start - 0.012), below, velocity * 0.7))
    return tuple(out)


def _below(note: SungNote, chart: Chart) -> int | None:
    """Return a chord tone a third to a sixth below, or None."""
    landing = chart.at(note.beat).chord.landing
    return next((note.pitch - step for step in (3, 4, 8, 9, 5) if (note.pitch - step) % 12 in landing), None)
