"""What an instrument is: something that turns one stroke into one tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.musicians.offline.synth.modes import TONE_RATE
from pipeline.musicians.offline.synth.noise import Shape, flat

Sound = NDArray[np.float32]
"""float32 [1 or 2, frames]: one row when it is the same left and right."""


def wide(middle: NDArray[np.float32], side: NDArray[np.float32]) -> Sound:
    """Return a stereo sound, float32 [2, frames]; `side` vanishes when it is heard in mono."""
    return np.stack((middle + side, middle - side))


@dataclass(frozen=True)
class Stroke:
    """One way of sounding one note.

    `strength` 0 to 1 is how hard, and decides the timbre; loudness is set where the tone is placed. `seconds` is the
    longest the tone will be needed. `chance` makes this stroke a little different from the next one. `colour` is the
    equaliser of the mixing desk, applied partial by partial, and `slide` the semitones from which the pitch glides.
    """

    pitch: int
    strength: float
    seconds: float
    chance: np.random.Generator
    colour: Shape = flat
    slide: int = 0

    @property
    def frames(self) -> int:
        """Length in frames at TONE_RATE."""
        return max(64, round(self.seconds * TONE_RATE))


@dataclass(frozen=True)
class Tremolo:
    """A slow swing of the level: `rate` in Hz, `depth` 0 to 1; `panned` swings from side to side instead."""

    rate: float
    depth: float
    panned: bool


class Instrument(Protocol):
    """A pitched instrument of the band."""

    @property
    def release(self) -> float:
        """Seconds a tone takes to stop once its note is over."""
        ...

    @property
    def glides(self) -> bool:
        """Whether a tone starts from the pitch of the one before it."""
        ...

    @property
    def tremolo(self) -> Tremolo | None:
        """The swing applied to everything it plays, if any."""
        ...

    def sustain(self, pitch: int) -> float:
        """Seconds until a held note has decayed to nothing (or the longest it can be held)."""
        ...

    def tone(self, stroke: Stroke) -> Sound:
        """Sound one stroke at TONE_RATE, starting and ending at zero. Its level is arbitrary."""
        ...
