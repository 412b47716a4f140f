"""A short text that tells a piece of music by its notes, and how alike two pieces are by it.

Four times a second the fingerprint keeps, for twelve pitch classes of the bass and twelve of the upper voices,
whether each sounds more than around that moment, less, or neither. That follows which notes start and stop when: two
takes of one plan share tempo, key, instruments and perhaps chords, and still differ in it, while gain, equalisation,
a lossy codec or rain on top change almost nothing.

A fingerprint is "1." and base64 text: 24 values of two bits for each quarter of a second, 3,844 characters for 120 s.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import Floats, Heard, Peaks, hear_peaks
from pipeline.audio.key import LOWEST, fold, pitch_map

NEAR_DUPLICATE = 0.6
"""Similarity from which two pieces count as the same music.

Calibrated on 48 takes of the offline band, two seeds of 24 plans: copies that were re-encoded, equalised by 6 dB, sunk
into noise, shifted by an awkward eighth of a second or wavering like a tape, or all at once, lie above 0.84; another
seed of the same plan below 0.35; different plans below 0.15. The same accompaniment under another tune reaches 0.75 and
is meant to be caught.
"""

RATE = 4.0
"""Rows of a fingerprint a second."""

REACH = 3.0
"""Seconds by which two clips may be shifted against each other and still be compared."""

_SPLIT = 55
"""MIDI number below which a note belongs to the bass."""

_COLUMNS = 24
_BYTES = _COLUMNS // 4
_VERSION = "1."

# Two bits a value: every byte stands for four values of -1, 0 or 1 (3 is never written and reads as 0).
_UNPACK = np.array([[(0, 1, -1, 0)[byte >> shift & 3] for shift in (0, 2, 4, 6)] for byte in range(256)], np.float32)
_COUNT = np.abs(_UNPACK).sum(axis=1).astype(np.uint8)


def fingerprint(sound: Clip | Heard) -> str:
    """Return the fingerprint of a clip; that of silence or of an empty clip is like nothing else.

    Never raises on poor audio. The same samples give the same text.
    """
    peaks = hear_peaks(sound)
    notes = pitch_map(peaks)
    voices = [fold(notes[:, : _SPLIT - LOWEST]), _fold_from(notes, _SPLIT)]
    strength = _resampled(np.concatenate(voices, axis=1), peaks)
    # A fade moves every pitch at once and is no note: what counts is each one's part in what sounds. A tenth of the
    # usual level keeps near silence from counting as much as music.
    level = strength.sum(axis=1, keepdims=True)
    if level.any():
        strength = strength / (level + 0.1 * level.mean())
    contrast = strength - _around(strength, round(3 * RATE))
    # A fifth of the usual contrast is no news: without this the bits of silent pitches would be noise.
    threshold = 0.6 * contrast.std(axis=0, keepdims=True).mean() if len(contrast) else 0.0
    values = (contrast > threshold).astype(np.uint8) + 2 * (contrast < -threshold).astype(np.uint8)
    packed = values[:, 0::4] | values[:, 1::4] << 2 | values[:, 2::4] << 4 | values[:, 3::4] << 6
    return _VERSION + base64.b64encode(packed.tobytes()).decode()


def similarity(a: str, b: str) -> float:
    """Return how alike two fingerprints are, from 0 (unrelated) to 1 (the same).

    Raises ValueError for a text that is no fingerprint.
    """
    return nearest(a, [b])[1]


def nearest(mine: str, others: Sequence[str]) -> tuple[int, float]:
    """Return (index, similarity) of the fingerprint most like `mine`; (-1, 0.0) when there is none to compare.

    Raises ValueError for a text that is no fingerprint.
    """
    found = similarities(mine, others)
    if not len(found):
        return -1, 0.0
    best = int(np.argmax(found))
    return best, float(found[best])


def similarities(mine: str, others: Sequence[str]) -> NDArray[np.float64]:
    """Return how alike `mine` is to each of `others`, [len(others)]: the best over shifts up to REACH either way.

    The measure is the cosine of the two where they overlap. The products are sums of -1, 0 and 1 and therefore
    exact, whatever the order in which they are added.
    """
    here = _packed(mine)
    result = np.zeros(len(others))
    for first in range(0, len(others), 256):
        batch = [_packed(text) for text in others[first : first + 256]]
        table = np.zeros((len(batch), max(len(rows) for rows in batch), _BYTES), np.uint8)
        for index, rows in enumerate(batch):
            table[index, : len(rows)] = rows
        result[first : first + len(batch)] = _best_cosine(here, table)
    return result


def _best_cosine(here: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the best cosine of packed rows [rows, 6] with each of a table [count, rows, 6], over all shifts."""
    count, length, _ = table.shape
    reach = round(REACH * RATE)
    mine = _UNPACK[here].reshape(len(here), _COLUMNS)
    moved = np.zeros((2 * reach + 1, length, _COLUMNS), np.float32)
    present = np.zeros((2 * reach + 1, length), np.float32)
    for index, shift in enumerate(range(-reach, reach + 1)):
        source, target = max(0, -shift), max(0, shift)
        size = max(0, min(len(here) - source, length - target))
        moved[index, target : target + size] = mine[source : source + size]
        present[index, target : target + size] = 1
    products = _UNPACK[table].reshape(count, -1) @ moved.reshape(len(moved), -1).T
    # Values are -1, 0 or 1, so a square sum is a count. Each is counted only where the other is there too: a
    # longer piece is not punished for being longer. (What is zero from end to end is padding or silence.)
    theirs = _COUNT[table].sum(axis=2, dtype=np.float32)
    ours = np.abs(moved).sum(axis=2)
    fair = np.sqrt((theirs @ present.T) * ((theirs > 0).astype(np.float32) @ ours.T))
    # An overlap of less than half of the shorter one proves nothing.
    least = 0.5 * np.minimum(theirs.sum(axis=1), np.float32(np.abs(mine).sum()))[:, None]
    return np.asarray(np.clip(products / np.maximum(np.maximum(fair, least), 1), 0, 1).max(axis=1), np.float64)


def _packed(text: str) -> NDArray[np.uint8]:
    """Return the bytes of a fingerprint [rows, 6]."""
    try:
        packed = base64.b64decode(text.removeprefix(_VERSION), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not a fingerprint: {text[:20]!r}") from error
    if not text.startswith(_VERSION) or len(packed) % _BYTES:
        raise ValueError(f"not a fingerprint of version 1: {text[:20]!r}")
    return np.frombuffer(packed, np.uint8).reshape(-1, _BYTES)


def _fold_from(notes: Floats, lowest: int) -> Floats:
    above = notes.copy()
    above[:, : lowest - LOWEST] = 0
    return fold(above)


def _resampled(rows: Floats, peaks: Peaks) -> Floats:
    """Return the rows averaged around every quarter of a second, so that a small shift changes little."""
    times = np.arange(int(peaks.seconds * RATE)) / RATE
    total = np.pad(np.cumsum(rows, axis=0, dtype=np.float64), ((1, 0), (0, 0)))
    places = np.arange(len(total))

    def until(second: NDArray[np.float64]) -> NDArray[np.float64]:
        spots = np.clip((second * peaks.rate + 0.5), 0, len(rows))
        return np.stack([np.interp(spots, places, column) for column in total.T], axis=1)

    return (until(times + 0.4) - until(times - 0.4)).astype(np.float32)


def _around(rows: Floats, reach: int) -> Floats:
    """Return the mean of each value's surroundings, `reach` rows either way."""
    total = np.pad(np.cumsum(rows, axis=0, dtype=np.float64), ((1, 0), (0, 0)))
    place = np.arange(len(rows))
    low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(rows))
    return np.asarray((total[high] - total[low]) / (high - low)[:, None], np.float32)
