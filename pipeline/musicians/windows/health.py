"""Whether a window of a long take is worth keeping: finite, sounding, free of noise, and like the take's beginning.

Where a judge lends its ear, it must also be more like its prompt than sounds that are no music.

Music models fail in a few known ways once they go on from their own sound: they fall silent, end in noise, grow or
shrink in level, or slide into another timbre, a beat without its music for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import hear_rhythm

QUIET = -60.0
"""dBFS below which nothing is heard."""

LEVEL_DRIFT = 9.0
"""Decibels by which a window may be louder or softer than the first one; those takes stay within 4.5."""

TIMBRE_DRIFT = 8.0
"""Decibels RMS over the bands by which a window's colour may differ from the first one's.

Measured on five takes of the offline band, 18 s at a time: no window of a take differs from its first by more than 5.9,
its intro against its fullest chorus included; the same music without its treble or its bass by 14 and more.
"""

UNLIKE = 2.0
"""How bad it is to sound like anything but the prompt: worse than a little drift or noise, better than silence."""

_TENTH = 0.1  # seconds of one slot of levels
_SILENT_END = 2.0  # seconds of silence at the end that mean the music has stopped


@dataclass(frozen=True, eq=False)
class Profile:
    """What a window is compared by: `level` in dBFS of its louder half, `colour` in dB [bands] around its mean."""

    level: float
    colour: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Health:
    """`faults` in plain words, none for a good window; `badness` ranks bad ones, infinite for what cannot be kept."""

    faults: tuple[str, ...]
    badness: float
    profile: Profile | None


def examine(clip: Clip, first: Profile | None, ear: Callable[[Clip], str | None] = lambda _: None) -> Health:
    """Examine a window against the profile of the take's first one. Never raises on poor audio.

    `ear` is asked about a window that is good so far, and returns what is wrong with it as it hears it.
    """
    if not clip.frames or not np.isfinite(clip.samples).all():
        return Health(("it is not made of numbers",), np.inf, None)
    levels = _levels(clip)
    heard = hear_rhythm(clip)
    power = heard.bands.mean(axis=0).astype(np.float64)
    # 60 dB below its strongest band nothing colours the sound: what dithers down there is no drift.
    colour = 10 * np.log10(np.maximum(power, max(power.max() * 1e-6, 1e-14)))
    profile = Profile(float(np.median(levels)), colour - colour.mean())
    faults: list[tuple[str, float]] = []
    sounding = levels > QUIET
    if sounding.mean() < 0.5:
        faults.append(("most of it is silent", 4.0 + 4 * float(1 - sounding.mean())))
    elif not sounding[-round(_SILENT_END / _TENTH) :].any():
        faults.append(("it falls silent", 3.0))
    noise = _closing_noise(clip, levels)
    if noise > 6:
        faults.append((f"its end is noise, {noise:.0f} dB more than before", 1 + noise / 12))
    if first is not None and first.level > QUIET and not faults:
        drift = profile.level - first.level
        if abs(drift) > LEVEL_DRIFT:
            faults.append((f"its level has drifted by {drift:+.0f} dB", abs(drift) / LEVEL_DRIFT))
        distance = float(np.sqrt(np.mean((profile.colour - first.colour) ** 2)))
        if distance > TIMBRE_DRIFT:
            faults.append((f"its timbre has drifted by {distance:.0f} dB", distance / TIMBRE_DRIFT))
    unlike = None if faults else ear(clip)
    if unlike is not None:
        faults.append((unlike, UNLIKE))
    return Health(tuple(text for text, _ in faults), sum(weight for _, weight in faults), profile)


def _levels(clip: Clip) -> NDArray[np.float64]:
    """Return the RMS of every tenth of a second in dBFS, [slots]."""
    size = max(1, min(clip.frames, round(_TENTH * clip.rate)))
    count = clip.frames // size
    power = np.mean(clip.samples[: count * size].astype(np.float64).reshape(count, -1) ** 2, axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def _closing_noise(clip: Clip, levels: NDArray[np.float64]) -> float:
    """Return by how many dB the last second hisses more than any second before; 0 where it is no noise.

    The change from sample to sample is as loud as the sound itself in noise, and far softer in music. Hats are over
    soon and noise stays, so what three quarters of a second exceed is compared.
    """
    second = round(1 / _TENTH)
    if len(levels) < 4 * second:
        return 0.0
    hiss = _levels(Clip(np.diff(clip.samples, axis=0, prepend=clip.samples[:1]), clip.rate))
    count = len(hiss) // second * second
    steady = np.percentile(hiss[-count:].reshape(-1, second), 25, axis=1)
    share = float(np.median(hiss[-second:]) - np.median(levels[-second:]))
    noisy = share > -6 and steady[-1] > np.median(levels) - 30
    return max(0.0, float(steady[-1] - steady[:-1].max())) if noisy else 0.0
