"""Where the bars of four begin, on a grid of beats that is known.

Harmony moves on the first beat of a bar, the bass with it, and the kick is strongest there: three signs that are
heard apart and agree on most music of this kind. On tracks of the offline band the answer was right on all that were
tried, cut into at any beat; where the signs disagree the answer is None.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.hearing import Floats, Heard
from pipeline.audio.key import LOWEST, fold, pitch_map
from pipeline.domain import Bpm, Seconds

Times = NDArray[np.float64]
"""Seconds."""

SURE = 0.8
"""By how much the first beat has to lead over the next best, as a sum of three standard deviations."""

_BEATS = 4
_FEWEST = 6
"""Bars from which their sum says anything."""

_DEEP = 120.0
_BASS = 52
_FEET = (-0.02, 0.1)
"""Seconds around a beat in which its kick sounds."""


def first_bar(heard: Heard, bpm: Bpm, first_beat: Seconds) -> Seconds | None:
    """Return when the first whole bar begins, in seconds from the start; None where that is not sure.

    Beats fall at `first_beat + n * 60 / bpm`. It lies within the first four of them.
    """
    beat = 60 / bpm
    beats: Times = first_beat + beat * np.arange(int((heard.seconds - first_beat) / beat), dtype=np.float64)
    if len(beats) < _FEWEST * _BEATS:
        return None
    notes, rate = pitch_map(heard), heard.peaks.rate
    deep = np.sqrt(heard.bands[:, heard.centres < _DEEP].sum(axis=1))[:, None]
    signs = (
        _news(fold(notes), rate, beats, beat),
        _news(fold(notes[:, : _BASS - LOWEST]), rate, beats, beat),
        _means(deep, heard.band_rate, beats + _FEET[0], beats + _FEET[1])[:, 0],
    )
    bars = len(beats) // _BEATS * _BEATS
    strength = sum(_standard(sign[:bars]).reshape(-1, _BEATS).mean(axis=0) for sign in signs)
    best, rival = np.argsort(strength)[::-1][:2]
    if strength[best] - strength[rival] < SURE:
        return None
    return float(beats[best])


def _news(rows: Floats, rate: float, beats: Times, beat: Seconds) -> NDArray[np.float64]:
    """Return how unlike the beat before each beat is, 0 to 1."""
    edges = np.append(beats, beats[-1] + beat)
    now = _means(rows, rate, edges[:-1], edges[:-1] + 0.9 * beat)
    then = _means(rows, rate, edges[:-1] - 0.9 * beat, edges[:-1])
    sizes = np.linalg.norm(now, axis=1) * np.linalg.norm(then, axis=1)
    return np.asarray(1 - np.einsum("bn,bn->b", now, then) / np.maximum(sizes, 1e-9))


def _means(rows: Floats, rate: float, starts: Times, stops: Times) -> NDArray[np.float64]:
    """Return the mean of the rows between each start and stop in seconds, [starts, columns]."""
    total = np.pad(np.cumsum(rows, axis=0, dtype=np.float64), ((1, 0), (0, 0)))
    low = np.clip((starts * rate).astype(int), 0, len(rows))
    high = np.clip(np.maximum((stops * rate).astype(int), low + 1), 0, len(rows))
    return np.asarray((total[high] - total[low]) / np.maximum(high - low, 1)[:, None])


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9))
