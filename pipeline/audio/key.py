"""Which key a piece is in.

The partials are laid on twelve pitch classes after the tuning has been found, strokes of drums are left out because
they do not last, and the result is compared with how often each degree of a scale sounds in tonal music.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import Floats, Heard, Peaks, hear_peaks
from pipeline.domain import Key

SURE = 0.3
"""Confidence from which a key is worth mixing by."""

LOWEST, SEMITONES = 28, 72
"""The pitches of `pitch_map`: MIDI 28 (E1) and the 71 semitones above."""

# How often each degree sounds, from J. Albrecht and D. Shanahan, "The Use of Large Corpora to Train a New Type of
# Key-Finding Algorithm", Music Perception 31 (2013), table 1.
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


@dataclass(frozen=True)
class KeyEstimate:
    """`key` is None when nothing tonal was heard; `confidence` runs from 0 to 1 (see SURE).

    `rival` is the next best key. A low confidence with the relative key for a rival means that the notes are sure
    and only the home among them is not.
    """

    key: Key | None
    confidence: float
    rival: Key | None = None


def key(sound: Clip | Heard) -> KeyEstimate:
    """Estimate the key of a whole piece. Never raises on poor audio."""
    notes = pitch_map(sound)
    chroma = fold(notes).sum(axis=0)
    if len(notes) < 8 or not chroma.any():
        return KeyEstimate(None, 0.0)
    fits = _fits(chroma, fold(notes[:, : 52 - LOWEST]).sum(axis=0))
    order = sorted(fits, key=lambda name: (-fits[name], name))
    best, rival = order[0], order[1]
    # A chroma as flat as noise fits everything a little: both the fit and the lead over the next key count.
    lead = (fits[best] - fits[rival]) / 0.15
    confidence = float(np.clip((fits[best] - 0.3) / 0.5, 0, 1) * np.clip(0.25 + 0.75 * lead, 0, 1))
    return KeyEstimate(best, confidence, rival)


def tuning(peaks: Peaks) -> float:
    """Return how far the music lies above A4 = 440 Hz, in semitones from -0.5 to 0.5."""
    if not len(peaks.pitch):
        return 0.0
    clear = (peaks.pitch > 45) & (peaks.pitch < 90)
    turns = np.exp(2j * np.pi * peaks.pitch[clear].astype(np.float64))
    mean = complex(np.sum(turns * peaks.level[clear]))
    return float(np.angle(mean) / (2 * np.pi)) if abs(mean) > 0 else 0.0


def pitch_map(sound: Clip | Heard | Peaks) -> Floats:
    """Return how strongly each semitone sounds, float32 [frames, SEMITONES], at `Peaks.rate`.

    Column 0 is LOWEST. Strengths are square roots of amplitude relative to the loudest passages, so quiet inner
    voices count; what sounds for less than three frames (a drum, a click) is taken out by a running median.
    """
    peaks = hear_peaks(sound)
    if not len(peaks.pitch):
        return np.zeros((peaks.frames, SEMITONES), np.float32)
    place = peaks.pitch - np.float32(tuning(peaks) + LOWEST)
    column = np.round(place).astype(int)
    # Partials between two semitones (noise, bends) say little of either.
    clean = np.cos(np.pi * (place - column)) ** 2
    inside = (column >= 0) & (column < SEMITONES)
    loud = float(np.percentile(peaks.level, 99.5))
    # 46 dB below the loud partials counts as nothing.
    strength = np.sqrt(np.maximum(peaks.level / loud - 0.005, 0)) * clean
    cells = peaks.frame[inside] * SEMITONES + column[inside]
    size = peaks.frames * SEMITONES
    notes = np.bincount(cells, strength[inside], size).reshape(peaks.frames, SEMITONES).astype(np.float32)
    if len(notes) < 3:
        return notes
    before, here, after = notes[:-2], notes[1:-1], notes[2:]
    notes[1:-1] = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    return notes


def fold(notes: Floats) -> Floats:
    """Return the chroma [frames, 12] (C first) of a pitch map whose column 0 is LOWEST."""
    padded = np.pad(notes, ((0, 0), (LOWEST % 12, -(LOWEST + notes.shape[1]) % 12)))
    return np.asarray(padded.reshape(len(notes), padded.shape[1] // 12, 12).sum(axis=1))


def _fits(chroma: Floats, bass: Floats) -> dict[Key, float]:
    """Return how well each of the 24 keys fits: the correlation of the chroma, helped by where the bass rests."""
    fits: dict[Key, float] = {}
    whole = _standard(chroma)
    low = _standard(bass) if bass.any() else np.zeros(12)
    modes: tuple[tuple[Literal["major", "minor"], tuple[float, ...]], ...] = (("major", _MAJOR), ("minor", _MINOR))
    for mode, profile in modes:
        for tonic in range(12):
            expected = _standard(np.roll(profile, tonic))
            fits[Key(tonic, mode)] = float(whole @ expected / 12 + 0.25 * (low @ expected) / 12)
    return fits


def _standard(values: NDArray[np.floating] | tuple[float, ...]) -> NDArray[np.float64]:
    centred = np.asarray(values, np.float64) - np.mean(values)
    return centred / max(float(centred.std()), 1e-12)
