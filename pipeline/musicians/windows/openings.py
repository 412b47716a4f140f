"""What a take starts from: an audio file to go on from, a tune to follow, or a click of the planned tempo and key."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.decode import duration, head, tail
from pipeline.audio.fit import fit
from pipeline.audio.loudness import rms
from pipeline.domain import Heard, Seconds, TrackPlan
from pipeline.errors import BadBrief, Damaged
from pipeline.shelf.atomic import hash_file

QUIET = -60.0
"""dBFS below which a file given to a musician counts as silent."""

LONG = 600.0
"""Seconds beyond which a person is told that only the end of an opening is heard."""

SHORT = 0.5
"""Seconds that an opening or a melody must last at least."""

_CLICK = 4.0  # seconds that the rhythm prompt lasts at least; it is always whole bars

log = logging.getLogger(__name__)


def open_file(heard: Heard, rate: int, channels: int, seconds: Seconds) -> Samples:
    """Return the last `seconds` of a file, float32 [frames, channels] at `rate`. Raises BadBrief."""
    whole, clip = _read("opening", heard, lambda path: tail(path, seconds))
    if whole > LONG:
        log.warning("The opening %s lasts %.0f min; its last %.0f s are heard.", heard.path, whole / 60, clip.seconds)
    return fit(clip, rate, channels)


def open_melody(heard: Heard, seconds: Seconds) -> Clip:
    """Return the first `seconds` of a file, for its tune. Raises BadBrief."""
    return _read("melody", heard, lambda path: head(path, seconds))[1]


def click(track: TrackPlan, rate: int, channels: int) -> Samples:
    """Return whole bars of the planned tempo, four to eight seconds: the key's tonic on every beat, hats between.

    The first beat of a bar is louder and an octave deeper, the off-beat falls where the planned swing puts it.
    """
    beat = 60 / track.tempo
    bars = math.ceil(_CLICK / (4 * beat))
    sound = np.zeros(round(bars * 4 * beat * rate), np.float32)
    tonic = 440 * 2 ** ((track.key.tonic - 9) / 12 - 1)  # in the octave from C3
    time = np.arange(round(0.25 * rate)) / rate
    hiss = np.random.default_rng(0).standard_normal(len(time))  # one fixed burst: a click needs no variety
    hat = 0.05 * np.diff(hiss, prepend=0.0) * np.exp(-time / 0.015)
    for index in range(bars * 4):
        pitch, level = (tonic / 2, 0.4) if index % 4 == 0 else (tonic, 0.25)
        note = level * np.sin(2 * np.pi * pitch * time) * np.exp(-time / 0.08) * np.minimum(time / 0.003, 1)
        _add(sound, note, round(index * beat * rate))
        _add(sound, hat, round((index + track.swing) * beat * rate))
    return np.repeat(sound[:, None], channels, axis=1)


def _add(sound: Samples, note: np.ndarray[tuple[int, ...], np.dtype[np.float64]], start: int) -> None:
    part = note[: max(0, len(sound) - start)]
    sound[start : start + len(part)] += part.astype(np.float32)


def _read(what: str, heard: Heard, read: Callable[[Path], Clip]) -> tuple[Seconds, Clip]:
    """Return how long a file lasts and what was read of it. Raises BadBrief in one line."""
    path = Path(heard.path).expanduser()
    another = f"Give another {what}."
    try:
        if hash_file(path)[0] != heard.sha256:
            raise BadBrief(f"The {what} {path} has changed since it was ordered.", "Order it again.")
        seconds, clip = duration(path), read(path)
    except OSError as error:
        raise BadBrief(f"The {what} {path} cannot be read: {error.strerror}.", another) from None
    except Damaged as error:
        raise BadBrief(f"The {what} is no sound: {error.message}", another) from None
    if not np.isfinite(clip.samples).all():
        raise BadBrief(f"The {what} {path} has samples that are not numbers.", another)
    if clip.seconds < SHORT:
        raise BadBrief(f"The {what} {path} lasts only {clip.seconds:.2f} s; {SHORT} s are needed.", another)
    if rms(clip.samples) < QUIET:
        raise BadBrief(f"The {what} {path} is silent where it would be heard.", another)
    return seconds, clip
