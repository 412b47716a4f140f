"""How a piece is built: how much comes back, and how much is new.

Music lives between a loop, where every bar is the one before, and a ramble, where nothing returns. Bars are compared
with each other by the notes and the voices in them (Foote, "Visualizing Music and Audio Using Self-Similarity", 1999).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.audio.hearing import Floats, Heard, hear
from pipeline.audio.key import LOWEST, fold, pitch_map
from pipeline.domain import Bpm, Seconds

_SPLIT = 60


@dataclass(frozen=True)
class Form:
    """`bars` compared; `returns` is how alike a bar is to the most similar other one, on average; `variety` is how
    unlike two bars are on average. Both run from 0 to 1. A loop has `returns` near 1 and `variety` near 0."""

    bars: int
    returns: float
    variety: float


def form(sound: Clip | Heard, bpm: Bpm | None, first_beat: Seconds = 0.0) -> Form:
    """Compare the bars of a piece; without a tempo, stretches of three seconds. Never raises on poor audio."""
    heard = hear(sound)
    bar = 240 / bpm if bpm else 3.0
    rows = _bars(heard, bar, first_beat)
    if len(rows) < 4:
        return Form(len(rows), 0.0, 0.0)
    # Features that never change (hiss, a drone) say nothing of form; those that do count alike.
    alike = rows @ rows.T
    others = ~np.eye(len(rows), dtype=bool)
    closest = np.where(others, alike, -1).max(axis=1)
    return Form(
        bars=len(rows),
        returns=float(np.clip(closest.mean(), 0, 1)),
        variety=float(np.clip(1 - alike[others].mean(), 0, 1)),
    )


def _bars(heard: Heard, bar: Seconds, first: Seconds) -> NDArray[np.float64]:
    """Return a unit vector for each bar that sounds [bars, features]: notes in its four quarters, and its bands."""
    notes = pitch_map(heard)
    high = notes.copy()
    high[:, : _SPLIT - LOWEST] = 0
    chroma = np.concatenate([fold(notes[:, : _SPLIT - LOWEST]), fold(high)], axis=1)
    colour = np.sqrt(np.sqrt(heard.bands))
    count = int((heard.seconds - first) / bar + 0.02)
    rows = []
    for index in range(count):
        edges = first + (index + np.arange(5) / 4) * bar
        quarters = [_mean(chroma, edges[q], edges[q + 1], heard.peaks.rate) for q in range(4)]
        rows.append((np.concatenate(quarters), _mean(colour, edges[0], edges[4], heard.band_rate)))
    sounding = [(tune, tone) for tune, tone in rows if tone.any()]
    if not sounding:
        return np.zeros((0, 1))
    tunes, tones = (np.array(part) for part in zip(*sounding, strict=True))
    # Half the say for which notes, half for which voices: a new drum pattern is news, and so is a new chord.
    whole = np.concatenate([_unit(tunes), _unit(tones - 0.7 * tones.min(axis=0))], axis=1)
    return _unit(whole)


def _mean(rows: Floats, start: Seconds, stop: Seconds, rate: float) -> NDArray[np.float64]:
    part = rows[round(start * rate) : max(round(stop * rate), round(start * rate) + 1)]
    return np.asarray(part.mean(axis=0, dtype=np.float64)) if len(part) else np.zeros(rows.shape[1])


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
