"""A finished track as a mixer knows it: measured from the sound, whatever was planned."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.audio import key as keys
from pipeline.audio import tempo as tempos
from pipeline.audio.bars import first_bar
from pipeline.audio.clip import Clip, Samples
from pipeline.audio.decode import decode
from pipeline.audio.fingerprint import fingerprint
from pipeline.audio.hearing import Heard, hear
from pipeline.audio.jointlevels import STEP
from pipeline.audio.loudness import loudness, true_peak
from pipeline.audio.spectrum import spectrum, thirds
from pipeline.domain import Bpm, Key, Lufs, Seconds
from pipeline.domain.noun import Noun

EDGE: Seconds = 15.0
"""How much of either end is kept as levels: what a joint could touch, and the music beside it."""

_SILENT = -60.0
"""dB below the track's loudest tenth of a second: nothing of a last note is left there."""

Levels = tuple[float, ...]


class Portrait(Noun):
    """What was measured. Tempo, beats, bars and key are None where they are not sure.

    `first_beat` and `first_bar` are seconds from the start of the file; `lead` and `end` are the frames between which
    there is sound at all; `head` and `tail` are the levels around them, mean squares over all channels for every
    STEP seconds, the first of `head` from `lead` on and the last of `tail` up to `end`.
    """

    frames: Annotated[int, Field(ge=1)]
    rate: Annotated[int, Field(ge=8000)]
    channels: Annotated[int, Field(ge=1, le=2)]
    tempo: Bpm | None
    first_beat: Seconds | None
    first_bar: Seconds | None
    key: Key | None
    loudness: Lufs
    true_peak: float
    energy: float
    """How much happens: the mean rise of its bands, in nepers per 30 ms. About 0.2 asleep, 0.4 lively."""
    tilt: float
    """Slope of its spectrum, dB an octave between 100 Hz and 8 kHz."""
    colour: Levels
    """Its average power in the third octaves of pipeline.audio.spectrum.THIRDS."""
    lead: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    head: Levels
    tail: Levels
    fingerprint: str

    @property
    def seconds(self) -> Seconds:
        """How long the file lasts."""
        return self.frames / self.rate


def portray(path: Path) -> Portrait:
    """Measure a finished track. Raises Damaged when it does not decode."""
    return portrait(decode(path))


def portrait(clip: Clip) -> Portrait:
    """Measure a clip of one or two channels. Never raises on poor audio."""
    heard = hear(clip)
    beat = tempos.tempo(heard)
    steady = beat.bpm is not None and beat.confidence >= tempos.SURE
    bpm, first_beat = (beat.bpm, beat.first_beat) if steady else (None, None)
    home = keys.key(heard)
    lead, end = _sounding(clip)
    return Portrait(
        frames=clip.frames,
        rate=clip.rate,
        channels=clip.channels,
        tempo=bpm,
        first_beat=first_beat,
        first_bar=None if bpm is None or first_beat is None else first_bar(heard, bpm, first_beat),
        key=home.key if home.confidence >= keys.SURE else None,
        loudness=loudness(clip),
        true_peak=true_peak(clip),
        energy=_energy(heard),
        tilt=spectrum(heard).tilt,
        colour=thirds(heard),
        lead=lead,
        end=end,
        head=levels(clip.samples[lead : lead + round(EDGE * clip.rate)], clip.rate),
        tail=levels(clip.samples[max(lead, end - round(EDGE * clip.rate)) : end][::-1], clip.rate)[::-1],
        fingerprint=fingerprint(heard),
    )


def levels(samples: Samples, rate: int) -> Levels:
    """Return the mean square of every whole STEP of some samples [frames, channels]; of a shorter piece, of all."""
    size = min(round(STEP * rate), len(samples))
    if not size:
        return ()
    whole = samples[: len(samples) // size * size].reshape(-1, size * samples.shape[1])
    power: NDArray[np.float64] = np.einsum("bf,bf->b", whole, whole, dtype=np.float64) / whole.shape[1]
    return tuple(float(f"{value:.4g}") for value in power)


def _sounding(clip: Clip) -> tuple[int, int]:
    """Return the frames between which there is more than silence; all of them where there is nothing else."""
    size = min(round(STEP * clip.rate), clip.frames)
    power = np.array(levels(clip.samples, clip.rate))
    loud = np.flatnonzero(power > power.max() * 10 ** (_SILENT / 10))
    if not len(loud):
        return 0, clip.frames
    last = int(loud[-1] + 1) * size
    # What is left over after the last whole step is sound as far as anybody knows.
    return int(loud[0]) * size, clip.frames if loud[-1] == len(power) - 1 else last


def _energy(heard: Heard) -> float:
    """Return how much the levels of the bands rise on average."""
    power = heard.bands
    if len(power) < 8:
        return 0.0
    # 40 dB below the loud passages counts as silence, as for the tempo.
    floor = np.percentile(power, 95, axis=0) * 1e-4 + power.max() * 1e-7 + 1e-12
    level = np.log1p(power / floor.astype(np.float32))
    rise = float(np.maximum(level[3:] - level[:-3], 0).mean())
    return rise if math.isfinite(rise) else 0.0
