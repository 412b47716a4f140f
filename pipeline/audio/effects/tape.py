"""The tape: tone, head bump, bass in the middle, and soft saturation."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, sosfreqz

from pipeline.audio.clip import Samples

_BLOCK = 1 << 15  # frames: small enough to stay in the cache between the steps
_BUMP = 60.0  # Hz
_MONO_BELOW = 120.0  # Hz: below it the sides are left out, as on a lacquer
_DRIVE = 2.0  # how far above the programme level the tape is half saturated: 6 dB


class Tape:
    """A tape machine set up for one clip. `level` is the programme's RMS amplitude, which sets the drive."""

    def __init__(
        self,
        rate: int,
        *,
        low_pass: float | None,
        high_pass: float | None,
        head_bump: float,
        saturation: float,
        width: float,
        level: float,
    ) -> None:
        sections: list[NDArray[np.float64]] = []
        if high_pass:
            sections.append(butter(2, high_pass, "highpass", fs=rate, output="sos"))
        if head_bump:
            sections.append(_peak(_BUMP, head_bump, 1.1, rate))
        if low_pass and low_pass < 0.49 * rate:
            sections.append(butter(4, low_pass, fs=rate, output="sos"))
        self._tone = np.concatenate(sections) if sections else None
        self._width = width
        self._saturation = np.float32(saturation)
        self._square = np.float32(1 / (_DRIVE * level) ** 2)
        self._bass_out = butter(2, _MONO_BELOW, "highpass", fs=rate, output="sos")

    def passes(self, noise: NDArray[np.float32]) -> float:
        """Return the RMS amplitude that `noise` [channels, frames] has after the tone filters, from its spectrum."""
        mono = noise[0, : 1 << 17]
        power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2
        if self._tone is not None:
            _, response = sosfreqz(self._tone, len(power))
            power *= np.abs(response) ** 2
        # Parseval; a Hann window keeps 3/8 of the power.
        return math.sqrt(2 * float(power.sum()) / (0.375 * len(mono) ** 2)) or 1.0

    def play(self, samples: Samples, bed: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """Record [frames, channels] with the noise `bed` [channels, frames], and return [channels, frames]."""
        frames, channels = samples.shape
        planes = np.empty((channels, frames), np.float32)
        # Two channels are filtered as middle and side, so that the bass of the side can be left out.
        filters = [self._tone]
        if channels == 2:
            filters.append(self._bass_out if self._tone is None else np.concatenate((self._bass_out, self._tone)))
        states = [None if sos is None else np.zeros((len(sos), 2)) for sos in filters]
        for start in range(0, frames, _BLOCK):
            block = samples[start : start + _BLOCK].T
            if bed is not None:
                block = block + bed[:, start : start + _BLOCK]
            voices = [block[0]]
            if channels == 2:
                half, side = np.float32(0.5), np.float32(0.5 * self._width)
                voices = [(block[0] + block[1]) * half, (block[0] - block[1]) * side]
            for index, (sos, state) in enumerate(zip(filters, states, strict=True)):
                if sos is not None:
                    filtered, states[index] = sosfilt(sos, voices[index], zi=state)
                    voices[index] = filtered.astype(np.float32)
            target = planes[:, start : start + _BLOCK]
            target[0] = voices[0]
            if channels == 2:
                target[0] += voices[1]
                np.subtract(voices[0], voices[1], out=target[1])
            self._saturate(target)
        return planes

    def _saturate(self, block: NDArray[np.float32]) -> None:
        """Blend in x / sqrt(1 + x^2): odd harmonics that fall off fast, as tape gives; unity for small signals."""
        if self._saturation:
            bent = block * block
            bent *= self._square
            bent += 1
            np.sqrt(bent, out=bent)
            np.divide(self._saturation, bent, out=bent)
            bent += 1 - self._saturation
            block *= bent


def _peak(centre: float, gain: float, q: float, rate: int) -> NDArray[np.float64]:
    """Return a peaking equaliser as one section (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, w = 10 ** (gain / 40), 2 * math.pi * centre / rate
    alpha, cos = math.sin(w) / (2 * q), math.cos(w)
    b = [1 + alpha * a, -2 * cos, 1 - alpha * a]
    return np.array([[*b, 1 + alpha / a, -2 * cos, 1 - alpha / a]]) / (1 + alpha / a)
