"""From a dry take to a finished track: effects, trimmed ends, the label's loudness and a safe true peak."""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip
from pipeline.audio.effects.chain import Effects, apply, programme_level
from pipeline.audio.limiter import limit
from pipeline.audio.loudness import FLOOR, amplitude, loudness
from pipeline.domain import Lufs

RATE = 44_100
"""The rate of every finished track and mix."""

LOSSY_ROOM = 0.5
"""Decibels kept free below the ceiling: a lossy decoder overshoots by a few tenths."""

_TOLERANCE = 0.1  # LU
_FADE_IN = 0.005  # seconds
_FADE_OUT = 0.4  # seconds, only for a clip that has not died away by itself
_LEAD = 0.01  # seconds kept before the first sound
_QUIET = -45.0  # dB below the programme: where a beginning starts to be heard, and where an end needs no fade
_MOST = 70.0  # dB of gain at most: beyond it there is only noise


def master(clip: Clip, effects: Effects, seed: int, target: Lufs = -14.0, ceiling: float = -1.0) -> Clip:
    """Return the finished track: 44.1 kHz stereo at `target` LUFS with its true peak under `ceiling` dBTP.

    The peak is kept LOSSY_ROOM lower still, so that lossy copies stay under the ceiling too. The same clip,
    effects and seed give the same samples. Silence stays silence.
    """
    clip = trim(to_stereo(clip))
    return level(soften_ends(apply(clip, effects, seed)), target, ceiling - LOSSY_ROOM)


def to_stereo(clip: Clip, rate: int = RATE) -> Clip:
    """Return the clip as stereo at `rate`; a single channel goes to both sides."""
    samples = clip.samples
    if clip.rate != rate and clip.frames:
        common = math.gcd(clip.rate, rate)
        planes = np.ascontiguousarray(samples.T)
        planes = resample_poly(planes, rate // common, clip.rate // common, axis=1)
        samples = np.ascontiguousarray(planes.T, dtype=np.float32)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    return Clip(samples, rate)


def trim(clip: Clip) -> Clip:
    """Return the clip without the silence before its first sound; what rings at the end stays."""
    quiet = np.float32(programme_level(clip) * amplitude(_QUIET))
    size = max(1, clip.rate // 100)
    for start in range(0, clip.frames, size):
        heard = np.flatnonzero(np.abs(clip.samples[start : start + size]).max(axis=1) > quiet)
        if quiet and len(heard):
            first = max(0, start + int(heard[0]) - round(_LEAD * clip.rate))
            return Clip(clip.samples[first:], clip.rate) if first else clip
    return clip


def soften_ends(clip: Clip) -> Clip:
    """Return the clip starting from nothing within 5 ms, and faded out if it would break off."""
    samples = clip.samples.copy()
    rise = min(round(_FADE_IN * clip.rate), clip.frames)
    samples[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, endpoint=False, dtype=np.float32))[:, None] ** 2
    last = np.abs(samples[-max(1, clip.rate // 50) :])
    if last.max(initial=0.0) > programme_level(clip) * amplitude(_QUIET):
        fall = min(round(_FADE_OUT * clip.rate), clip.frames // 2)
        samples[clip.frames - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32))[:, None] ** 2
    return Clip(samples, clip.rate)


def level(clip: Clip, target: Lufs, ceiling: float) -> Clip:
    """Return the clip at `target` LUFS within 0.1, its true peak at or under `ceiling` dBTP.

    Limiting takes loudness away, so the gain is raised by what is missing and the limiter run again. Material
    with towering peaks needs a few rounds; what cannot be reached by then stays a little quieter.
    """
    measured = loudness(clip)
    if measured <= FLOOR:
        return clip
    gain = min(target - measured, _MOST)
    reached: list[tuple[float, Lufs]] = []
    for _ in range(6):
        limited = limit(Clip(clip.samples * np.float32(amplitude(gain)), clip.rate), ceiling)
        reached.append((gain, loudness(limited)))
        missing = target - reached[-1][1]
        if abs(missing) <= _TOLERANCE or gain >= _MOST:
            break
        gain = min(gain + missing * _steepness(reached), _MOST)
    return limited


def _steepness(reached: list[tuple[float, Lufs]]) -> float:
    """Return the decibels of gain that one more LU costs, from the last two tries: 1 until the limiter works."""
    if len(reached) < 2:
        return 1.3
    (gain, loud), (gain_now, loud_now) = reached[-2:]
    return float(np.clip((gain_now - gain) / (loud_now - loud), 1.0, 6.0)) if loud_now != loud else 6.0
