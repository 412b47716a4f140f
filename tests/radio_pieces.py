"""Short tunes as a radio plays them: real files, really measured."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.audio.encode import write_take
from pipeline.audio.loudness import amplitude, loudness
from pipeline.audio.portrait import Portrait, portrait
from pipeline.domain.airing import AirSource
from pipeline.domain.course import Course
from pipeline.radio.piece import Piece

CAFE = Course(theme="jazz for a rainy cafe", words=("jazz", "rain", "cafe"))
SEA = Course(theme="bossa, sea", words=("bossa", "sea"))
RATE = 44_100


@cache
def tune(seed: int, seconds: float = 30.0, level: float = -14.0) -> Clip:
    """A melody of its own for each seed, without a moment of silence."""
    rng = np.random.default_rng(seed)
    beat = round(0.4 * RATE)
    notes = []
    for _ in range(round(seconds * RATE) // beat + 1):
        t = np.arange(beat) / RATE
        pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
        notes.append(np.sin(2 * np.pi * pitch * t) * (0.3 + 0.7 * np.exp(-6 * t)) + 0.3 * np.sin(np.pi * pitch * t))
    line = np.concatenate(notes)[: round(seconds * RATE), None].repeat(2, 1).astype(np.float32) * 0.2
    clip = Clip(line, RATE)
    return Clip(clip.samples * np.float32(amplitude(level - loudness(clip))), RATE)


@cache
def measured(seed: int, seconds: float = 30.0, level: float = -14.0) -> Portrait:
    return portrait(tune(seed, seconds, level))


def piece(
    folder: Path,
    seed: int,
    source: AirSource = "fresh",
    course: Course | None = CAFE,
    *,
    name: str = "",
    seconds: float = 30.0,
    level: float = -14.0,
) -> Piece:
    """The tune of a seed as a piece, its file in `folder`."""
    key = name or f"tune-{seed}"
    path = folder / f"{key}.flac"
    write_take(path, tune(seed, seconds, level))
    return Piece(
        key=key,
        title=f"Tune {seed}",
        artist="The Testers",
        path=path,
        portrait=measured(seed, seconds, level),
        source=source,
        words=("test",),
        course=course if source in ("fresh", "stand-in") else None,
    )
