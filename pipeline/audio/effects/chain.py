"""What makes it lo-fi: the chain a take runs through after it was judged and before it is mastered.

    noise and crackle -> high-pass, head bump, low-pass, narrow bass -> tape saturation -> wow and flutter

The record is sampled onto tape, so the tape colours the record's noise as well. The low-pass comes before the
saturation: harmonics of what is left fold back far below the music.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.audio.clip import Clip
from pipeline.audio.effects.tape import Tape
from pipeline.audio.effects.vinyl import surface
from pipeline.audio.effects.wow import waver
from pipeline.domain.noun import Noun
from pipeline.domain.units import derive_seed

Preset = Literal["none", "tape", "vinyl", "night", "worn"]


class Effects(Noun):
    """How much of everything. The default is clean tape; see PRESETS."""

    low_pass: Annotated[float, Field(ge=2000, le=20000)] | None = 9500.0
    """Hz, 24 dB an octave."""
    high_pass: Annotated[float, Field(ge=10, le=200)] | None = 40.0
    """Hz, 12 dB an octave."""
    head_bump: Annotated[float, Field(ge=0, le=6)] = 3.0
    """dB around 60 Hz, where a tape head resonates."""
    saturation: Annotated[float, Field(ge=0, le=0.5)] = 0.14
    """Share of saturated tape in the sum."""
    wobble: Annotated[float, Field(ge=0, le=1)] = 0.12
    """Wow and flutter together, per cent weighted RMS (IEC 60386); clean decks have 0.1 to 0.15, tired ones 0.4."""
    noise: Annotated[float, Field(ge=-90, le=-30)] | None = -56.0
    """RMS of hiss and rumble in dBFS once the music stands at -14 LUFS."""
    crackle: Annotated[float, Field(ge=0, le=1)] = 0.0
    """From a clean pressing to a much loved one; heard only with noise."""
    width: Annotated[float, Field(ge=0, le=1)] = 0.95
    """1 leaves the stereo picture, 0 is mono."""

    def gently(self) -> Effects:
        """Return the same with about half of everything, for takes that sound of tape by themselves.

        A music model has learnt from finished records, and its renders have no more than 16 kHz: the full amounts on
        top of that are mud. What is left is at the mild end of what such machines do, and "none" stays none.
        """
        if self == PRESETS["none"]:
            return self
        return self.but(
            low_pass=None if self.low_pass is None else (self.low_pass * _OPEN) ** 0.5,
            head_bump=min(self.head_bump, max(2.0, 0.5 * self.head_bump)),
            saturation=min(self.saturation, max(0.05, 0.5 * self.saturation)),
            wobble=min(self.wobble, max(0.1, 0.5 * self.wobble)),
            noise=None if self.noise is None else min(self.noise, max(_FAINT, self.noise - 6)),
            crackle=0.5 * self.crackle,
            width=0.5 * (self.width + 1),
        )


PRESETS: dict[Preset, Effects] = {
    "none": Effects(low_pass=None, high_pass=None, head_bump=0, saturation=0, wobble=0, noise=None, crackle=0, width=1),
    "tape": Effects(),
    "vinyl": Effects(
        low_pass=11000, high_pass=35, head_bump=2, saturation=0.08, wobble=0.1, noise=-48, crackle=0.5, width=1
    ),
    "night": Effects(
        low_pass=7800, high_pass=45, head_bump=3.5, saturation=0.18, wobble=0.15, noise=-52, crackle=0.2, width=0.85
    ),
    "worn": Effects(
        low_pass=8200, high_pass=70, head_bump=4, saturation=0.2, wobble=0.36, noise=-44, crackle=0.8, width=0.8
    ),
}

_OPEN = 12_000.0
"""Hz: the highest low-pass that is still lo-fi."""

_FAINT = -56.0
"""dBFS: the least noise that is heard as any."""

_REFERENCE = -17.0
"""RMS in dBFS of music that measures -14 LUFS, within a decibel or two: what `noise` is relative to."""


def apply(clip: Clip, effects: Effects, seed: int) -> Clip:
    """Return the clip with the effects on it: same length, rate and channels, and the same bytes for a seed.

    Levels follow the music's own level, so a quiet clip gets the same sound as a loud one. Where the music has
    ended the noise has faded out with it.
    """
    if effects == PRESETS["none"] or clip.frames == 0:
        return clip
    level = programme_level(clip)
    if level == 0:
        return clip
    tape = Tape(
        clip.rate,
        low_pass=effects.low_pass,
        high_pass=effects.high_pass,
        head_bump=effects.head_bump,
        saturation=effects.saturation,
        width=effects.width,
        level=level,
    )
    bed = None
    if effects.noise is not None:
        rng = np.random.default_rng(derive_seed(seed, "surface"))
        bed = surface(clip.channels, clip.frames, clip.rate, rng, effects.crackle)
        loud = level * 10 ** ((effects.noise - _REFERENCE) / 20)
        bed *= np.float32(loud / tape.passes(bed))
        _fade(bed, clip, level)
    planes = tape.play(clip.samples, bed)
    if effects.wobble:
        rng = np.random.default_rng(derive_seed(seed, "wobble"))
        return Clip(waver(planes, clip.rate, rng, effects.wobble), clip.rate)
    return Clip(np.ascontiguousarray(planes.T), clip.rate)


def programme_level(clip: Clip) -> float:
    """Return the RMS amplitude of the louder passages: the half seconds within 10 dB of the mean; 0 for silence."""
    if clip.frames == 0:
        return 0.0
    size = min(clip.rate // 2, clip.frames)
    whole = clip.samples[: clip.frames // size * size].reshape(-1, size * clip.channels)
    power = np.einsum("bf,bf->b", whole, whole) / (size * clip.channels)
    mean = float(power.mean())
    return float(np.sqrt(power[power >= mean / 10].mean())) if mean > 1e-14 else 0.0


def _fade(bed: NDArray[np.float32], clip: Clip, level: float) -> None:
    """Fade the noise in over 0.2 s, and out over the last 3 s of the music; after it there is none."""
    size = max(1, clip.rate // 100)
    threshold = level * 10 ** (-40 / 20)
    end = clip.frames
    while end > 0 and np.abs(clip.samples[max(0, end - size) : end]).max() <= threshold:
        end = max(0, end - size)
    rise, fall = min(clip.rate // 5, end // 2), min(3 * clip.rate, end // 2)
    bed[:, :rise] *= np.sin(np.linspace(0, np.pi / 2, rise, endpoint=False, dtype=np.float32)) ** 2
    bed[:, end - fall : end] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32)) ** 2
    bed[:, end:] = 0
