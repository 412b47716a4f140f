"""The last gain of all: gentle glue compression, a look-ahead ceiling, and a sane loudness.

The whole piece is described by a power and a peak for every hop of 64 frames and by a loudness estimated from short
spectra; from those a single smooth gain curve is made. Nothing here branches on a sample, so a last-bit difference in
the audio stays one.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, minimum_filter1d
from scipy.signal import lfilter

from pipeline.musicians.offline.synth.instrument import Sound
from pipeline.musicians.offline.synth.modes import RATE, Table

HOP = 64
TARGET = -18.0
"""Integrated loudness aimed at, in LUFS."""

CEILING = 10 ** (-3.2 / 20)
"""No sample is louder than this (-3.2 dBFS)."""

_WINDOW = 4096
_STRIDE = 8_192


def k_weight(frequencies: Table) -> Table:
    """Power gain of the K-weighting filter (the two 48 kHz biquads of ITU-R BS.1770-4) at frequencies in Hz."""
    z = np.exp(-2j * np.pi * frequencies / 48_000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.asarray(np.abs(shelf * high_pass) ** 2)


class Meter:
    """Listens to a mix block by block, each float32 [2, frames] at RATE with a length that is a multiple of _STRIDE."""

    def __init__(self) -> None:
        frequencies = np.arange(_WINDOW // 2 + 1) * (RATE / _WINDOW)
        self._taper = np.hanning(_WINDOW).astype(np.float32)
        self._weight = k_weight(frequencies) * (2.0 / (_WINDOW * float(np.sum(self._taper.astype(np.float64) ** 2))))
        self._power: list[NDArray[np.float32]] = []
        self._peak: list[NDArray[np.float32]] = []
        self._hops: list[int] = []
        self._loud: list[NDArray[np.float64]] = []

    def hear(self, block: Sound) -> None:
        """Take in the next block."""
        folded = block.reshape(2, -1, HOP)
        self._power.append(np.einsum("chf,chf->h", folded, folded) / np.float32(2 * HOP))
        self._peak.append(np.maximum(folded.max(axis=(0, 2)), -folded.min(axis=(0, 2))))
        windows = np.empty((2, block.shape[1] // _STRIDE, _WINDOW), np.float32)
        for index in range(windows.shape[1]):
            start = index * _STRIDE + self._offset(len(self._hops))
            self._hops.append((len(self._hops) * _STRIDE + self._offset(len(self._hops))) // HOP)
            np.multiply(block[:, start : start + _WINDOW], self._taper, out=windows[:, index])
        spectrum = scipy.fft.rfft(windows, axis=2)
        power = spectrum.real**2 + spectrum.imag**2
        self._loud.append(np.sum(power * self._weight, axis=(0, 2)))

    @staticmethod
    def _offset(number: int) -> int:
        """Where in its stride a window lies: golden-ratio steps, so the windows never fall in with the beat."""
        return number * 2531 % (_STRIDE - _WINDOW)

    def gains(self) -> NDArray[np.float32]:
        """Return the final gain at the start of every hop, and one more for the end: float32 [hops + 1]."""
        power, peak = np.concatenate(self._power).astype(np.float64), np.concatenate(self._peak).astype(np.float64)
        loud = np.concatenate(self._loud)
        glue = _glue(power)
        hops, held = np.array(self._hops), np.ones_like(glue)
        bell = np.hanning(43) / np.sum(np.hanning(43))
        for _ in range(3):  # the ceiling takes a little loudness, which the gain gives back
            curve = glue * held
            gain = 10 ** ((TARGET - _integrated(loud * curve[hops] ** 2)) / 20)
            # A soft piece may come up by 2 dB towards -6 dBFS.
            gain *= float(np.clip(0.5 / max(float(np.max(peak * glue)) * gain, 1e-9), 1.0, 1.26))
            ceiling = np.minimum(1.0, CEILING / np.maximum(peak * glue * gain, 1e-9))
            # The lowest ceiling within 34 ms, smoothed over 31 ms: it is always low enough in time.
            held = convolve1d(minimum_filter1d(ceiling, 47), bell, mode="nearest")
        curve = gain * glue * held
        return np.append(curve, curve[-1]).astype(np.float32)


def _integrated(loud: NDArray[np.float64]) -> float:
    """Mean loudness in LUFS, the quiet parts gated out (10 LU below the mean). Silence counts as -70."""
    smooth = np.convolve(loud, np.full(3, 1 / 3), "same") if len(loud) > 2 else loud  # about 400 ms
    mean = float(np.mean(smooth))
    # The gate opens over 2 LU instead of at one level, so no window is in or out by a rounding error.
    share = np.clip(5 * np.log10(np.maximum(smooth, 1e-12) / max(mean * 0.1, 1e-12)) + 0.5, 0, 1)
    gated = float(np.sum(smooth * share) / max(float(np.sum(share)), 1e-9))
    return float(max(-0.691 + 10 * np.log10(max(gated, 1e-12)), -45.0))


def _glue(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain of a slow 1.6 : 1 compressor with a wide knee, around the mean level of the piece."""
    hops = RATE / HOP

    def smooth(values: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
        pole = np.exp(-1.0 / (seconds * hops))
        return np.asarray(lfilter([1 - pole], [1.0, -pole], values))

    envelope = np.maximum(smooth(power, 0.02), smooth(power, 0.15))
    over = 10 * np.log10(np.maximum(envelope, 1e-9) / max(float(np.mean(power)), 1e-9))
    # The soft knee log(1 + e^x) turns from no reduction to the full slope over about 6 dB.
    reduction = 0.375 * 2.5 * np.logaddexp(0.0, (over - 1.0) / 2.5)
    return np.asarray(10 ** (-smooth(reduction, 0.012) / 20))


def apply(gains: NDArray[np.float32], block: NDArray[np.float32]) -> None:
    """Multiply `block` [frames, 2] in place by `gains` [hops + 1], moving linearly within each hop."""
    hops = -(-len(block) // HOP)
    ramp = np.arange(HOP, dtype=np.float32) / np.float32(HOP)
    curve = (gains[:hops, None] + np.diff(gains[: hops + 1])[:, None] * ramp).reshape(-1)[: len(block)]
    block *= curve[:, None]
