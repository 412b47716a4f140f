"""Where windows meet, and where a take ends: levels carried across the joint, a bar line, a natural fade."""

from __future__ import annotations

import numpy as np

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.loudness import amplitude, rms
from pipeline.audio.tempo import SURE, tempo
from pipeline.domain import Seconds, TrackPlan

CEILING = 0.97
"""Highest sample of a finished take."""

_STEP = 1.5  # dB: the most that the level is moved at the joint itself
_PULL = 3.0  # dB: the most that a window is moved towards the take's first one
_RAMP = 4.0  # seconds over which the one gain becomes the other
_BESIDE = 2.0  # seconds either side of the joint that are compared


def splice(tape: Samples, coming: Samples, overlap: int, pull: float, rate: int) -> Samples:
    """Return the tape with the next window laid on: the first `overlap` frames of it over the tape's last.

    `pull` is by how many dB the window should move to be as loud as the take's beginning. Half of it is done, and
    slowly: music may change its level, but a model that goes on from ever louder sound must not run away.
    """
    near = round(_BESIDE * rate)
    before, after = rms(tape[-near:]), rms(coming[:near])
    joint = np.clip(0.5 * (before - after), -_STEP, _STEP) if min(before, after) > -60 else 0.0
    ramp = np.linspace(0, 1, min(len(coming), round(_RAMP * rate)), dtype=np.float32)
    gains = np.full(len(coming), amplitude(float(np.clip(0.5 * pull, -_PULL, _PULL))), np.float32)
    gains[: len(ramp)] = amplitude(float(joint)) * (1 - ramp) + gains[: len(ramp)] * ramp
    coming = coming * gains[:, None]
    if not overlap:
        return np.concatenate([tape, coming])
    rise = (np.arange(overlap, dtype=np.float32)[:, None] + 0.5) / overlap
    mixed = tape[-overlap:] * (1 - rise) + coming[:overlap] * rise
    return np.concatenate([tape[:-overlap], mixed, coming[overlap:]])


def allowance(seconds: Seconds) -> Seconds:
    """Return by how much a take may miss its planned length for the sake of a bar line."""
    return max(1.0, 0.02 * seconds) - 0.2


def find_end(sound: Clip, track: TrackPlan) -> Seconds:
    """Return when a take should end: on the bar line nearest to its planned length, or on a half bar or a beat.

    Bars have the planned tempo and count from the start. Where a beat is clearly heard within a tenth of that tempo,
    its own tempo and first beat are used: models come close to the tempo they are asked for and seldom meet it.
    """
    beat, first = 60 / track.tempo, 0.0
    heard = tempo(sound, expected=track.tempo)
    if heard.bpm and heard.first_beat is not None and heard.confidence >= SURE and abs(heard.bpm * beat / 60 - 1) < 0.1:
        beat, first = 60 / heard.bpm, heard.first_beat
    for beats in (4, 2, 1):
        grid = beats * beat
        line = first + round((track.seconds - first) / grid) * grid
        if line > sound.seconds:
            line -= grid
        if abs(line - track.seconds) <= allowance(track.seconds):
            return line
    return min(track.seconds, sound.seconds)


def close(sound: Samples, rate: int, bar: Seconds) -> Samples:
    """Return a take that starts without a click, fades to nothing over its last bar, and stays below CEILING."""
    sound = sound - sound.mean(axis=0, dtype=np.float64).astype(np.float32)
    rise = min(len(sound), round(0.005 * rate))
    sound[:rise] *= np.linspace(0, 1, rise, endpoint=False, dtype=np.float32)[:, None]
    fall = min(len(sound) // 4, round(min(max(bar, 1.5), 4.0) * rate))
    if fall:
        # Squared cosine: slow to begin, 40 dB down when a tenth of it is left, and exactly nothing at the end.
        sound[-fall:] *= np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32))[:, None] ** 2
        sound[-1] = 0
    peak = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(CEILING / peak) if peak > CEILING else sound
