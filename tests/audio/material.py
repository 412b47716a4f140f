"""Sounds with known facts for the tests of loudness, effects, master and mix."""

from __future__ import annotations

import numpy as np

from pipeline.audio.clip import Clip

RATE = 44_100


def noise(seconds: float, level: float = 0.1, seed: int = 0, channels: int = 2, rate: int = RATE) -> Clip:
    """Make white noise of an RMS amplitude; another seed is unrelated noise."""
    rng = np.random.default_rng(seed)
    return Clip((rng.standard_normal((round(seconds * rate), channels)) * level).astype(np.float32), rate)


def tone(hertz: float, seconds: float, amplitude: float = 0.5, rate: int = RATE) -> Clip:
    """Make a sine on both channels that starts and ends gently."""
    time = np.arange(round(seconds * rate)) / rate
    sine = amplitude * np.sin(2 * np.pi * hertz * time) * np.clip(np.minimum(time, seconds - time) / 0.05, 0, 1)
    return Clip(np.stack([sine, sine], axis=1).astype(np.float32), rate)


def piano(seconds: float, rate: int = RATE) -> Clip:
    """Make single struck notes with long decays and air between them."""
    rng = np.random.default_rng(1)
    out = np.zeros((round(seconds * rate), 2), np.float32)
    for second in np.arange(0, seconds - 2, 2.0):
        hertz, start = 220 * 2 ** (rng.integers(0, 24) / 12), round(second * rate)
        time = np.arange(len(out) - start) / rate
        sound = sum(np.sin(2 * np.pi * hertz * h * time) * np.exp(-time * (2 + h)) / h for h in range(1, 8))
        out[start:] += (0.2 * sound)[:, None]
    return Clip(out * np.clip((seconds - np.arange(len(out)) / rate) / 1.0, 0, 1)[:, None].astype(np.float32), rate)


def beat(seconds: float, rate: int = RATE) -> Clip:
    """Make drums over a held chord: hard peaks, soft body, a faded end."""
    rng = np.random.default_rng(2)
    time = np.arange(round(seconds * rate)) / rate
    out = np.stack(
        [sum(np.sin(2 * np.pi * f * time + f * side) for f in (110, 164.8, 196, 246.9)) for side in (0, 1)], 1
    )
    out *= 0.05
    for count, second in enumerate(np.arange(0, seconds - 0.5, 0.4)):
        start = round(second * rate)
        hit = time[: rate // 3]
        low = np.sin(2 * np.pi * 55 * hit) * np.exp(-hit * 14) * 0.7
        high = rng.standard_normal(len(hit)) * np.exp(-hit * 30) * 0.25
        length = len(out[start : start + len(hit)])
        out[start : start + length] += (low if count % 2 == 0 else high)[:length, None]
    return Clip((out * np.clip((seconds - time) / 1.5, 0, 1)[:, None]).astype(np.float32), rate)


def scaled(clip: Clip, gain: float) -> Clip:
    """Return the clip times an amplitude."""
    return Clip(clip.samples * np.float32(gain), clip.rate)


def strength(clip: Clip, hertz: float) -> float:
    """Return the level in dB near a frequency, wobble included: the summed spectrum within 4 %."""
    window = np.hanning(clip.frames)
    spectrum = np.abs(np.fft.rfft(clip.samples[:, 0] * window)) ** 2
    axis = np.fft.rfftfreq(clip.frames, 1 / clip.rate)
    near = spectrum[(axis > hertz * 0.96) & (axis < hertz * 1.04)].sum()
    return float(10 * np.log10(near / (window**2).sum() / clip.frames * 4 + 1e-20))
