"""One pass over a clip that gathers all the measurements need: bands for rhythm, peaks for pitch, averages for colour.

A spectrogram of ten minutes would not fit the memory a worker has, and five measurements would each compute it
again. So a clip is heard once, block by block, and only small features are kept; tempo, key, spectrum, form and
fingerprint all work on the same `Heard`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import firwin, resample_poly

from pipeline.audio.clip import Clip

Floats = NDArray[np.float32]

BANDS = 24
"""Bands on the mel scale between 30 Hz and 11 kHz: about a third of an octave where the drums are."""

BAND_RATE = 100.0
"""Frames of `Heard.bands` a second, nearly: the exact rate is `Heard.band_rate`."""

PITCH_RATE = 8.0
"""Frames of `Heard.peaks` a second, nearly: the exact rate is `Peaks.rate`."""

_BLOCK = 1024
_LOWEST, _HIGHEST = 30.0, 11_000.0


@dataclass(frozen=True, eq=False)
class Peaks:
    """The partials heard: for each its `frame`, `pitch` (MIDI number with its fraction, A4 = 440 Hz = 69) and `level`
    (amplitude; a full-scale sine gives 1). There are `frames` frames, `rate` a second, in a clip of `seconds`."""

    frame: NDArray[np.int32]
    pitch: Floats
    level: Floats
    frames: int
    rate: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Heard:
    """What is left of a clip after listening once.

    `bands` is power [frames, BANDS] at `band_rate` frames a second, frame 0 centred on the first sample;
    `centres` their middle frequencies in Hz. `peaks` holds the partials.
    `mid` and `side` are average power spectra over `frequencies` in Hz (side is None for mono).
    Bands and spectra are of the mid channel, (left + right) / 2.
    """

    seconds: float
    band_rate: float
    bands: Floats
    centres: Floats
    peaks: Peaks
    frequencies: Floats
    mid: Floats
    side: Floats | None


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The part of `Heard` that tells the beat: the fields of the same names there."""

    band_rate: float
    bands: Floats
    centres: Floats


def hear(sound: Clip | Heard) -> Heard:
    """Listen to a clip; what was heard before is returned as it is.

    Never raises on poor audio: samples that are not finite count as silence, and an empty clip has no frames.
    """
    if isinstance(sound, Heard):
        return sound
    mid = _mid(sound)
    centres, bands, band_rate = _bands(mid, sound.rate)
    size = _power_of_two(sound.rate * 0.09)
    hop = max(1, sound.rate // 3)
    side = None
    if sound.channels == 2:
        # Only the average is wanted, so three frames a second are plenty and the side is never held whole.
        side = _mean_power((_cut(_difference(sound, start, size), size) for start in range(0, sound.frames, hop)), size)
    return Heard(
        seconds=sound.seconds,
        band_rate=band_rate,
        bands=bands,
        centres=centres,
        peaks=_peaks(mid, sound.rate),
        frequencies=np.arange(size // 2 + 1, dtype=np.float32) * np.float32(sound.rate / size),
        mid=_mean_power((_cut(mid[start : start + size], size) for start in range(0, len(mid), hop)), size),
        side=side,
    )


def hear_rhythm(sound: Clip | Heard | Rhythm) -> Heard | Rhythm:
    """Return what tells the beat, for what needs no more: about half the work of `hear`."""
    if isinstance(sound, (Heard, Rhythm)):
        return sound
    centres, bands, band_rate = _bands(_mid(sound), sound.rate)
    return Rhythm(band_rate, bands, centres)


def hear_peaks(sound: Clip | Heard | Peaks) -> Peaks:
    """Return the partials alone, for what needs no more: a third of the work of `hear`."""
    if isinstance(sound, Peaks):
        return sound
    return sound.peaks if isinstance(sound, Heard) else _peaks(_mid(sound), sound.rate)


def _mid(clip: Clip) -> Floats:
    """Return the mean of the channels, finite, [frames]."""
    if clip.channels == 0:
        return np.zeros(0, np.float32)
    mid = clip.samples[:, 0] * np.float32(1 / clip.channels)
    with np.errstate(invalid="ignore", over="ignore"):
        for channel in range(1, clip.channels):
            mid += clip.samples[:, channel] * np.float32(1 / clip.channels)
    # Values that cannot be sound (1e30, NaN) would only overflow the powers: the judge's gates name them.
    np.nan_to_num(mid, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(np.clip(mid, -8, 8, out=mid))


def _difference(clip: Clip, start: int, size: int) -> Floats:
    with np.errstate(invalid="ignore", over="ignore"):
        part = (clip.samples[start : start + size, 0] - clip.samples[start : start + size, 1]) * np.float32(0.5)
    return np.asarray(np.clip(np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0), -8, 8))


def _power_of_two(frames: float) -> int:
    return int(2 ** np.round(np.log2(max(frames, 16.0))))


def _cut(part: Floats, size: int) -> Floats:
    return part if len(part) == size else np.pad(part, (0, size - len(part)))


def _window(size: int) -> Floats:
    """Return a periodic Hann window scaled so that a full-scale sine has amplitude 1 in its bin."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    return np.asarray(hann * 2 / hann.sum(), np.float32)


def _powers(signal: Floats, size: int, hop: int) -> Iterator[tuple[int, Floats]]:
    """Yield (index of the first frame, power [frames, size / 2 + 1]) for blocks of centred frames."""
    count = 1 + (len(signal) - 1) // hop if len(signal) else 0
    window = _window(size)
    half = size // 2
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        start, stop = first * hop - half, (last - 1) * hop + half
        part = signal[max(0, start) : stop]
        part = np.pad(part, (max(0, -start), max(0, stop - len(signal))))
        frames = np.lib.stride_tricks.sliding_window_view(part, size)[::hop]
        yield first, _power(frames * window)


def _power(frames: Floats) -> Floats:
    spectrum: NDArray[np.complex64] = rfft(frames, axis=-1, overwrite_x=True)
    power: Floats = spectrum.real**2
    power += spectrum.imag**2
    return power


def _mean_power(parts: Iterator[Floats], size: int) -> Floats:
    window, total, count = _window(size), np.zeros(size // 2 + 1), 0
    for part in parts:
        total += _power(part * window)
        count += 1
    return (total / max(count, 1)).astype(np.float32)


def _mel(frequency: float | NDArray[Any]) -> Any:
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def _bands(mid: Floats, rate: int) -> tuple[Floats, Floats, float]:
    """Return (centres in Hz, band powers [frames, BANDS], frames a second)."""
    size, hop = _power_of_two(rate * 0.023), max(1, round(rate / BAND_RATE))
    top = min(_HIGHEST, rate * 0.49)
    mels = np.linspace(_mel(_LOWEST), _mel(top), BANDS + 1)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = np.round(edges * size / rate).astype(int)
    # At least one bin to a band: the lowest bands are narrower than a bin, and would be empty.
    for index in range(1, len(bins)):
        bins[index] = max(bins[index], bins[index - 1] + 1)
    bins = np.minimum(bins, size // 2)
    rows = [np.add.reduceat(power, bins[:-1], axis=1) for _, power in _powers(mid, size, hop)]
    bands = np.concatenate(rows) if rows else np.zeros((0, BANDS), np.float32)
    centres = np.sqrt(np.maximum(bins[:-1], 0.5) * np.maximum(bins[1:], 1)) * rate / size
    return centres.astype(np.float32), bands, rate / hop


def _peaks(mid: Floats, rate: int) -> Peaks:
    """Return the partials between 40 Hz and 2.5 kHz."""
    factor = max(1, round(rate / 11_025))
    low = mid
    if factor > 1 and len(mid):
        # A short filter does: what folds back lands above the 2.5 kHz looked at.
        taps = firwin(8 * factor + 1, 1 / factor, window=("kaiser", 6.0)).astype(np.float32)
        low = np.asarray(resample_poly(mid, 1, factor, window=taps), np.float32)  # type: ignore[call-overload]
    low_rate = rate / factor
    size, hop = _power_of_two(low_rate * 0.37), max(1, round(low_rate / PITCH_RATE))
    bottom, top = int(40 * size / low_rate), int(min(2500.0, low_rate * 0.45) * size / low_rate)
    found: list[tuple[NDArray[Any], ...]] = []
    count = 0
    for first, power in _powers(low, size, hop):
        count = first + len(power)
        here, left, right = (power[:, bottom + shift : top + shift] for shift in (0, -1, 1))
        # 50 dB under the strongest partial of its frame nothing is heard as a note.
        floor = np.maximum(here.max(axis=1, keepdims=True) * np.float32(1e-5), np.float32(1e-11))
        frame, column = np.nonzero((here > left) & (here >= right) & (here > floor))
        middle, below, above = (np.log(part[frame, column] + np.float32(1e-20)) for part in (here, left, right))
        # The crown of a parabola through three log powers (J. O. Smith, Spectral Audio Signal Processing).
        bend = np.minimum(below - 2 * middle + above, np.float32(-1e-6))
        offset = np.clip(0.5 * (below - above) / bend, -0.5, 0.5)
        frequency = (column + bottom + offset) * np.float32(low_rate / size)
        level = np.exp(0.5 * (middle - 0.25 * (below - above) * offset))
        pitch = 69 + 12 * np.log2(frequency / 440)
        found.append(((frame + first).astype(np.int32), pitch.astype(np.float32), level.astype(np.float32)))
    if not found:
        empty = np.zeros(0, np.float32)
        return Peaks(np.zeros(0, np.int32), empty, empty, frames=0, rate=low_rate / hop, seconds=len(mid) / rate)
    frames, pitches, levels = (np.concatenate(column) for column in zip(*found, strict=True))
    return Peaks(frames, pitches, levels, frames=count, rate=low_rate / hop, seconds=len(mid) / rate)
