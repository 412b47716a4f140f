"""True peaks: how high a waveform swings between its samples, by four-fold oversampling (BS.1770-4, annex 2).

A point between samples can never exceed the largest sample that decides it times the interpolator's absolute
sum. Only the spans that could pass a threshold are therefore interpolated: the answer is the one that
interpolating everything would give, at a small part of the cost.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin

SPAN = 16
"""Frames that share one peak."""

REACH = 12
"""Samples on either side that decide a point between two samples."""

_OVERSAMPLING = 4
_MARGIN = 16  # frames of context on either side of the spans asked for: REACH, rounded up to whole spans
_BATCH = 128  # spans interpolated at once: so few that BLAS keeps to one thread, and its answer never varies


def span_peaks(planes: NDArray[np.float32], above: float) -> NDArray[np.float32]:
    """Return the true peak of each span of SPAN frames over all channels, as amplitudes [spans].

    `planes` is float32 [channels, SPAN + spans * SPAN + SPAN]: the spans with one span of context on either
    side (zeros at the ends of a piece). A span that cannot exceed `above` may return its sample peak instead.
    """
    channels = len(planes)
    spans = planes.shape[1] // SPAN - 2
    levels: NDArray[np.float32] = np.abs(planes)
    while levels.shape[1] > spans + 2:  # by halves: far quicker than many maxima over sixteen
        levels = np.maximum(levels[:, ::2], levels[:, 1::2])
    peaks: NDArray[np.float32] = levels[:, 1:-1].max(axis=0)
    matrix, bound = _interpolator()
    reached = np.maximum(np.maximum(levels[:, :-2], levels[:, 2:]), levels[:, 1:-1])
    for channel in range(channels):
        open_spans = np.flatnonzero(reached[channel] * bound > above)
        windows = np.lib.stride_tricks.sliding_window_view(planes[channel], matrix.shape[1])[
            _MARGIN - REACH + 1 :: SPAN
        ]
        for start in range(0, len(open_spans), _BATCH):
            batch = open_spans[start : start + _BATCH]
            between = matrix @ windows[batch].T
            peaks[batch] = np.maximum(peaks[batch], np.maximum(between.max(axis=0), -between.min(axis=0)))
    return peaks


@cache
def _interpolator() -> tuple[NDArray[np.float32], float]:
    """Return the matrix [SPAN * 3, SPAN + 2 REACH - 1] from samples to the points between them, and its bound.

    The three phases between two samples come from a Kaiser-windowed sinc; laid out as a banded matrix, a whole
    span is one product. The bound is the largest absolute sum of a phase, and at least 1.
    """
    taps = firwin(2 * REACH * _OVERSAMPLING + 1, 1 / _OVERSAMPLING, window=("kaiser", 7.0)) * _OVERSAMPLING
    # taps[k * 4 + phase] weighs the sample k - REACH places away; the middle tap (phase 0) is the sample itself.
    phases = [taps[phase : 2 * REACH * _OVERSAMPLING : _OVERSAMPLING][::-1] for phase in (1, 2, 3)]
    matrix = np.zeros((SPAN, len(phases), SPAN + 2 * REACH - 1), np.float32)
    for frame in range(SPAN):
        matrix[frame, :, frame : frame + 2 * REACH] = phases
    bound = max(1.0, *(float(np.abs(phase).sum()) for phase in phases))
    return matrix.reshape(-1, matrix.shape[2]), bound * 1.0001
