"""How loud: integrated loudness and true peak after ITU-R BS.1770-4, whole or block by block, and RMS.

Both meters keep a few kilobytes whatever the length, so a five-hour mix is measured while it is being written.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.peaks import SPAN, span_peaks
from pipeline.domain import Lufs

FLOOR: Lufs = -70.0
"""What silence measures: the absolute gate of BS.1770-4. No figure here is ever lower."""

_SLICE = 1 << 17  # frames worked on at once: an hour handed over whole needs no second hour of memory


def decibels(amplitude: float, floor: float = FLOOR) -> float:
    """Return 20 log10 of an amplitude (full scale 1), never below `floor`."""
    return max(floor, 20 * math.log10(amplitude)) if amplitude > 0 else floor


def amplitude(level: float) -> float:
    """Return the amplitude of a level in dB."""
    return float(10 ** (level / 20))


def loudness(clip: Clip) -> Lufs:
    """Return the integrated loudness, FLOOR for silence; a clip under 0.4 s is measured ungated."""
    meter = LoudnessMeter(clip.rate, clip.channels)
    meter.add(clip.samples)
    return meter.integrated()


def true_peak(clip: Clip) -> float:
    """Return the highest true peak of any channel in dBTP, by four-fold oversampling; FLOOR for silence."""
    meter = PeakMeter(clip.channels)
    meter.add(clip.samples)
    return meter.peak()


def rms(samples: Samples) -> float:
    """Return the RMS over all channels in dBFS, where a full-scale square wave is 0; FLOOR for silence."""
    if samples.size == 0:
        return FLOOR
    flat = samples.reshape(-1)
    return decibels(math.sqrt(float(np.einsum("i,i->", flat, flat, dtype=np.float64)) / samples.size))


class LoudnessMeter:
    """Integrated loudness of a stream. BS.1770-4: K-weighting, 400 ms blocks every 100 ms, two gates."""

    def __init__(self, rate: int, channels: int = 2) -> None:
        self._weighting = k_weighting(rate)
        self._state = np.zeros((len(self._weighting), channels, 2))
        self._hop = round(rate / 10)
        self._pending = np.zeros((channels, 0))
        self._hops: list[NDArray[np.float64]] = []

    def add(self, block: Samples) -> None:
        """Take in the next frames, float32 [frames, channels]."""
        for start in range(0, len(block), _SLICE):
            planes = np.ascontiguousarray(block[start : start + _SLICE].T, dtype=np.float64)
            weighted, self._state = sosfilt(self._weighting, planes, axis=1, zi=self._state)
            pending = np.concatenate((self._pending, weighted), axis=1) if self._pending.size else weighted
            whole = pending.shape[1] // self._hop * self._hop
            hops = pending[:, :whole].reshape(len(pending), -1, self._hop)
            self._hops.append(np.einsum("chf,chf->h", hops, hops))
            self._pending = pending[:, whole:].copy()

    def integrated(self) -> Lufs:
        """Return the gated loudness of everything added so far."""
        hops = np.concatenate(self._hops) if self._hops else np.zeros(0)
        if len(hops) < 4:
            frames = len(hops) * self._hop + self._pending.shape[1]
            energy = float(hops.sum() + np.einsum("cf,cf->", self._pending, self._pending))
            return _lufs(energy / frames) if frames else FLOOR
        blocks = (hops[:-3] + hops[1:-2] + hops[2:-1] + hops[3:]) / (4 * self._hop)
        loud = blocks[blocks > _power(FLOOR)]
        if not loud.size:
            return FLOOR
        # The relative gate lies 10 LU below the mean of what passed the absolute one.
        return _lufs(float(loud[loud > loud.mean() / 10].mean()))


class PeakMeter:
    """True peak of a stream, in dBTP. See pipeline/audio/peaks.py for how."""

    def __init__(self, channels: int = 2) -> None:
        self._pending = np.zeros((channels, SPAN), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        """Take in the next frames, float32 [frames, channels]."""
        for start in range(0, len(block), _SLICE):
            pending = np.concatenate((self._pending, block[start : start + _SLICE].T), axis=1)
            # One span stays behind as context; the rest waits until its right neighbour is known.
            whole = max(0, pending.shape[1] // SPAN - 2) * SPAN
            self._pending = pending[:, whole:].copy()
            self._scan(pending[:, : whole + 2 * SPAN])

    def peak(self) -> float:
        """Return the highest true peak of everything added so far."""
        padding = np.zeros((len(self._pending), 3 * SPAN - self._pending.shape[1] % SPAN), np.float32)
        self._scan(np.concatenate((self._pending, padding), axis=1))
        return decibels(self._peak)

    def _scan(self, planes: NDArray[np.float32]) -> None:
        if planes.shape[1] >= 3 * SPAN:
            self._peak = max(self._peak, float(np.abs(planes).max()))
            self._peak = max(self._peak, float(span_peaks(planes, self._peak).max()))


def k_weighting(rate: int) -> NDArray[np.float64]:
    """Return the two filters of BS.1770-4 as second-order sections at any rate.

    The recommendation tabulates them at 48 kHz only; centre, Q and gain behind that table are from B. De Man,
    "Evaluation of implementations of the EBU R128 loudness measurement" (AES 145, 2018).
    """
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    mid = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = [high + mid * k / q + k * k, 2 * (k * k - high), high - mid * k / q + k * k]
    shelf = [value / norm for value in (*shelf, norm, 2 * (k * k - 1), 1 - k / q + k * k)]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    return np.array([shelf, [1, -2, 1, 1, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]])


def _lufs(power: float) -> Lufs:
    return max(FLOOR, -0.691 + 10 * math.log10(power)) if power > 0 else FLOOR


def _power(level: Lufs) -> float:
    return float(10 ** ((level + 0.691) / 10))
