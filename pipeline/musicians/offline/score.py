"""What the composer hands the synthesiser: a score in seconds, already played by human hands.

Swing, late snares and humanised velocities are in the times and velocities here, so the synthesiser only has
to make sound. All times are seconds from the start of the clip.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One pitched note: `start` and `length` in seconds, `pitch` as a MIDI number, `velocity` 0 to 1."""

    start: float
    length: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One stroke of a drum kit: `drum` is "kick", "snare", "rim", "ghost", "hat", "open hat", "shaker", "brush",
    "tom", "ride", "crash" or "swell" (a reversed cymbal, which does not begin but arrive at `start`)."""

    start: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Part:
    """The notes of one instrument, by its name in prompts/vocabulary.toml, and its `role` in the arrangement.

    The role ("chords", "bass", "melody", "counter", "pad") decides level, place in the stereo picture and sends.
    """

    instrument: str
    role: str
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Section:
    """A stretch of the form: `name` is "intro", "A", "A'", "B", "breakdown" or "outro"; times in seconds."""

    name: str
    start: float
    length: float


@dataclass(frozen=True)
class Score:
    """A whole piece. `length` is the clip's duration in seconds: the last notes have decayed by then."""

    tempo: float
    length: float
    beat: float
    """Seconds of a quarter note."""
    sections: tuple[Section, ...]
    parts: tuple[Part, ...]
    kit: str | None
    """"dusty kit", "brush kit" or None for a beatless piece."""
    drums: tuple[Hit, ...]
    ambience: str | None
    energy: float
