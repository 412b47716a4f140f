"""One crossfade, laid over by pydub."""

from __future__ import annotations

import warnings

import numpy as np

from pipeline.audio.clip import Samples

with warnings.catch_warnings():
    # On import pydub looks for an ffmpeg it is never asked to run here, and loads modules old enough to warn.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

_HEADROOM = 4.0
"""Two tracks at full scale add up to less than this; the sum is brought down by the limiter, not cut off."""

_FULL = float(1 << 31)


def join(leaving: Samples, coming: Samples, rate: int) -> Samples:
    """Return the crossfade of two pieces of equal length, [frames, 2].

    The gains are a quarter of a cosine and of a sine. Their squares add up to one, so the power of two
    unrelated tracks stays level; pydub's own fade is linear in amplitude and dips by 3 dB in the middle.
    """
    frames = len(leaving)
    angle = ((np.arange(frames) + 0.5) / frames * (np.pi / 2))[:, None]
    one, other = _segment(leaving * np.cos(angle), rate), _segment(coming * np.sin(angle), rate)
    data = np.frombuffer(one.overlay(other).raw_data, "<i4").reshape(-1, 2)
    return np.asarray(data[:frames] * (_HEADROOM / _FULL), dtype=np.float32)


def _segment(samples: Samples, rate: int) -> AudioSegment:
    """Return 32-bit PCM for pydub, filled up to whole seconds: it counts in milliseconds and would drop the rest."""
    frames = -(-len(samples) // rate) * rate
    data = np.zeros((frames, 2), "<i4")
    data[: len(samples)] = np.rint(samples * (_FULL / _HEADROOM))
    return AudioSegment(data=data.tobytes(), sample_width=4, frame_rate=rate, channels=2)
