"""How fast a piece is and where its beats fall.

Onsets are rises of band energy. Their autocorrelation, looked at over one to eight beats at once, names the tempo: a
bar repeats exactly however its eighths swing and however late its snare is played, so neither bends the figure. The
whole length then sharpens it, and the kick drum says where the beat is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import Floats, Heard, Rhythm, hear_rhythm
from pipeline.domain import Bpm, Seconds

SLOWEST, FASTEST = 60.0, 120.0
"""Without an expected tempo the answer is folded between these, where lo-fi is counted."""

SURE = 0.35
"""Confidence from which the tempo is worth mixing by; music without a beat stays below it."""

_WINDOW = 12.0
"""Seconds that one autocorrelation sees: three or four bars, so that a slow drift does not blur it."""

_LATENESS = 0.011
"""Seconds from a stroke to the frame where its rise is largest, as measured on scores with known beats."""

_REGISTERS = ((0.0, 110.0, 1.0), (110.0, 500.0, 0.7), (500.0, 2000.0, 0.8), (2000.0, 5000.0, 0.8), (5000.0, 2e4, 0.7))
"""Ranges in Hz heard as voices of their own (kick and bass, chords, tune, snare, hats) and their say."""


@dataclass(frozen=True)
class TempoEstimate:
    """`bpm` is None when no beat was found; `confidence` runs from 0 to 1 (see SURE).

    `first_beat` is when the first beat of the grid falls, in seconds from the start of the clip: beats are at
    `first_beat + n * 60 / bpm`. It lies within the first beat, and is None when there is no beat.
    """

    bpm: Bpm | None
    confidence: float
    first_beat: Seconds | None


def tempo(sound: Clip | Heard | Rhythm, expected: Bpm | None = None) -> TempoEstimate:
    """Estimate the tempo, to about 0.1 % for a steady pulse of half a minute or more.

    `expected` only chooses between half and double time (the answer nearest to it by octaves); it never pulls the
    figure. Never raises on poor audio.
    """
    heard = hear_rhythm(sound)
    rate = heard.band_rate
    voices = _onsets(heard)
    if len(voices) < 4 * rate or not voices.any():
        return TempoEstimate(None, 0.0, None)
    likeness = _autocorrelation(voices, rate)
    coarse, confidence = _pulse(likeness, rate, expected)
    confidence *= min(1.0, float(np.sqrt(np.mean(voices**2, axis=0).sum())))
    if confidence < 0.05:
        return TempoEstimate(None, 0.0, None)
    beat = _sharpen(voices, rate, coarse)
    if expected is None:
        # A little slack at the edges: 59.95 is a 60 that was measured, not a 119.9.
        beat *= 0.5 if beat > 60 / (SLOWEST * 0.998) else 2.0 if beat < 60 / (FASTEST * 1.002) else 1.0
    return TempoEstimate(60 / beat, confidence, _phase(heard, voices, beat))


def _onsets(heard: Heard | Rhythm) -> Floats:
    """Return how strongly something starts [frames, voices], each voice with a mean square of its say."""
    power = heard.bands
    if len(power) < 8:
        return np.zeros((0, len(_REGISTERS)), np.float32)
    # 50 dB below the loud passages counts as silence, else noise between notes would have onsets of its own.
    floor = np.percentile(power, 95, axis=0) * 1e-4 + power.max() * 1e-7 + 1e-12
    level = np.log1p(power / floor.astype(np.float32))
    # Compared with the loudest neighbour of 30 ms before, a vibrato or a wow is no onset (Boeck and Widmer,
    # "Maximum filter vibrato suppression for onset detection", DAFx 2013).
    before = level[:-3].copy()
    np.maximum(before[:, 1:], level[:-3, :-1], out=before[:, 1:])
    np.maximum(before[:, :-1], level[:-3, 1:], out=before[:, :-1])
    rise = np.zeros_like(level)
    rise[3:] = np.maximum(level[3:] - before, 0)
    voices = np.zeros((len(level), len(_REGISTERS)), np.float32)
    for index, (low, high, say) in enumerate(_REGISTERS):
        inside = (heard.centres >= low) & (heard.centres < high)
        if not inside.any():
            continue
        # Square root: one loud stroke among many must not own the correlation.
        voice = np.sqrt(rise[:, inside].mean(axis=1))
        voice = _smooth(voice, 3) - _smooth(voice, round(heard.band_rate) | 1)
        size = float(np.sqrt(np.mean(voice**2)))
        # Steady tones that beat against each other rise a little too: a faint voice keeps its faintness.
        if size > 0.04:
            voices[:, index] = voice * np.float32(say / max(size, 0.1))
    return voices


def _smooth(values: Floats, size: int) -> Floats:
    """Return a running mean over `size` (odd) frames, of the same length."""
    total = np.cumsum(np.pad(values.astype(np.float64), (size // 2 + 1, size // 2)))
    return ((total[size:] - total[:-size]) / size).astype(np.float32)


def _autocorrelation(voices: Floats, rate: float) -> NDArray[np.float64]:
    """Return the mean likeness [lags] of the onsets with themselves, 1 at lag 0, over windows of twelve seconds."""
    size = min(len(voices), round(_WINDOW * rate))
    padded = next_fast_len(2 * size, real=True)
    total, weight = np.zeros(size), 0.0
    for start in range(0, len(voices) - size + 1, max(1, size // 2)):
        spectrum = rfft(voices[start : start + size], padded, axis=0)
        likeness = irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=1), padded)[:size].astype(np.float64)
        total += likeness
        weight += float(likeness[0])
    # Fewer frames overlap at longer lags: without this long bars would seem less alike than beats.
    return np.asarray(total / max(weight, 1e-12) * (size / (size - np.arange(size)).clip(size // 4)))


def _pulse(likeness: NDArray[np.float64], rate: float, expected: Bpm | None) -> tuple[Seconds, float]:
    """Return (the beat in seconds, the confidence) of the comb that fits the likeness best."""
    centre = expected or np.sqrt(SLOWEST * FASTEST)
    # Somewhat over an octave, so that a true 60 or 120 is a peak and not an edge.
    bpms = centre * 2 ** np.linspace(-0.58, 0.58, 700)
    beats = 60 / bpms * rate
    lags = np.arange(len(likeness))

    def at(multiple: float) -> NDArray[np.float64]:
        # Human timing scatters by a frame or two: the best within 1 % of the lag counts.
        near = [np.interp(beats * multiple * spread, lags, likeness, right=0.0) for spread in (0.994, 1.0, 1.006)]
        return np.asarray(np.max(near, axis=0))

    comb = 0.8 * at(1) + 1.0 * at(2) + 1.3 * at(4) + 0.7 * at(8) + 0.5 * at(0.5)
    # Three beats alike but not four speak of a waltz or of a wrong pulse of two thirds.
    rival = np.maximum(at(1.5), at(3)) * 0.5
    prior = np.exp(-0.5 * (np.log2(bpms / (expected or 82.0)) / (0.9 if expected is None else 0.6)) ** 2)
    score = (comb - rival) * prior
    best = int(np.argmax(score))
    strength = (0.8 * at(1)[best] + at(2)[best] + 1.3 * at(4)[best]) / 3.1
    return float(beats[best] / rate), float(np.clip(strength / 0.6, 0, 1))


def _sharpen(voices: Floats, rate: float, beat: Seconds) -> Seconds:
    """Return the beat sharpened over stretches of half a minute and more.

    The onsets of a steady pulse have a line at the beat's frequency and its multiples, one over the length wide. The
    search narrows as the stretch grows, so a drifting tempo keeps its average.
    """
    onsets = voices.sum(axis=1)
    length = 8.0
    while True:
        size = min(len(onsets), round(length * rate))
        padded = next_fast_len(16 * size, real=True)
        window = np.hanning(size).astype(np.float32)
        line = np.zeros(padded // 2 + 1)
        for start in range(0, len(onsets) - size + 1, max(1, size // 2)):
            spectrum = rfft(onsets[start : start + size] * window, padded)
            line += spectrum.real**2 + spectrum.imag**2
        candidates = beat * (1 + np.linspace(-0.3, 0.3, 61) * beat * rate / size)
        spots = padded / rate / candidates
        fit = sum(
            say * np.interp(multiple * spots, np.arange(len(line)), line)
            for multiple, say in ((0.25, 0.6), (0.5, 1.0), (1.0, 1.5), (2.0, 1.0), (4.0, 0.3))
        )
        beat = _crown(candidates, np.asarray(fit))
        if size == len(onsets):
            return beat
        length *= 2.5


def _crown(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> float:
    """Return where a parabola through the highest of evenly spaced points has its crown."""
    best = int(np.argmax(ys))
    if best in (0, len(xs) - 1):
        return float(xs[best])
    below, middle, above = ys[best - 1 : best + 2]
    bend = below - 2 * middle + above
    shift = 0.5 * (below - above) / bend if bend < 0 else 0.0
    return float(xs[best] + shift * (xs[1] - xs[0]))


def _phase(heard: Heard | Rhythm, voices: Floats, beat: Seconds) -> Seconds:
    """Return when the first beat falls: where the onsets gather once all beats are laid on one another.

    Lazy snares pull that place later by some 10 ms, so the kick and the bass, told by their energy, have the last
    word on it when they play near there.
    """
    slots = 128
    times = np.arange(len(voices)) / heard.band_rate
    place = (times / beat % 1 * slots).astype(int) % slots

    def folded(onsets: Floats, width: Seconds) -> NDArray[np.float64]:
        curve = np.bincount(place, onsets, slots) / np.maximum(np.bincount(place, minlength=slots), 1)
        distance = np.minimum(np.arange(slots), slots - np.arange(slots)) / slots * beat
        kernel = np.exp(-0.5 * (distance / width) ** 2)
        return np.asarray(irfft(rfft(curve) * rfft(kernel / kernel.sum()), slots))

    whole = folded((np.maximum(voices, 0) * np.array([1.0, 0.5, 0.4, 0.8, 0.3], np.float32)).sum(axis=1), 0.02)
    deep = np.sqrt(heard.bands[:, heard.centres < 130].sum(axis=1))
    # The rise in decibels is sharp in time; what it has grown to 40 ms later tells a kick from the foot of a snare.
    grown = np.pad(deep, (0, 4), mode="edge")[4:] ** 2
    low = folded(np.maximum(voices[:, 0], 0) * grown, 0.01)
    best = int(np.argmax(whole))
    reach = round(0.04 / beat * slots)
    near = (best + np.arange(-reach, reach + 1)) % slots
    if low[near].max() > 0.5 * low.max() > 0:
        best = int(near[np.argmax(low[near])])
    return float(((best + 0.5) / slots * beat - _LATENESS) % beat)
