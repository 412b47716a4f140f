"""What a mood means to the composer, in numbers and in harmonic colours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Character:
    """How a mood plays.

    `density` scales how many notes are played (1 ordinary), `register` moves the melody in semitones, `tilt` leans
    the contour (1 rises, -1 falls), `syncopation` runs from 0 to 1, `colours` are the harmonic tags it favours (see
    progressions.py), `legato` is the share of its slot a melody note fills, `swell` how far a phrase's dynamics arch.
    """

    density: float
    register: int
    tilt: float
    syncopation: float
    colours: tuple[str, ...]
    legato: float
    swell: float


_CHARACTERS = {
    "calm": Character(0.75, 0, 0.0, 0.25, ("plain", "vamp"), 0.95, 0.16),
    "wistful": Character(0.9, 0, -0.4, 0.45, ("borrowed", "cliche"), 0.92, 0.24),
    "warm": Character(1.0, -2, 0.0, 0.5, ("turnaround", "plain"), 0.9, 0.2),
    "dreamy": Character(0.8, 4, 0.2, 0.35, ("vamp", "lydian", "borrowed"), 1.0, 0.26),
    "hopeful": Character(1.0, 2, 0.9, 0.45, ("rising", "plain"), 0.9, 0.28),
    "playful": Character(1.3, 3, 0.3, 0.8, ("chromatic", "turnaround"), 0.7, 0.2),
    "nocturnal": Character(0.85, -4, -0.2, 0.6, ("chromatic", "vamp", "cliche"), 0.9, 0.18),
    "melancholy": Character(0.75, -2, -0.9, 0.3, ("cliche", "falling", "borrowed"), 0.96, 0.26),
}
_KIN = {
    "sad": "melancholy", "blue": "melancholy", "lonely": "melancholy", "nostalgi": "wistful", "tender": "wistful",
    "bright": "hopeful", "sunny": "hopeful", "happy": "playful", "jazzy": "playful", "bounc": "playful",
    "night": "nocturnal", "dark": "nocturnal", "sleep": "dreamy", "float": "dreamy", "hazy": "dreamy",
    "cozy": "warm", "cosy": "warm", "soft": "calm", "peace": "calm", "relax": "calm", "focus": "calm",
}  # fmt: skip


def character(mood: str) -> Character:
    """Return the character of a mood: by its name, else by a word in it that is near one, else calm."""
    folded = mood.casefold()
    for name, found in _CHARACTERS.items():
        if name in folded:
            return found
    return next((_CHARACTERS[name] for word, name in _KIN.items() if word in folded), _CHARACTERS["calm"])
