"""A render and what the judge says of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.domain.noun import Noun
from pipeline.domain.plan import TrackPlan
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Sha256


class Backend(Noun):
    """Which part of the studio made an asset, in which version, under which licence."""

    name: str
    version: str
    licence: str


class RenderOrder(Noun):
    """One take as ordered from a musician."""

    track: TrackPlan
    index: Annotated[int, Field(ge=1)]
    seed: Seed


class Take(Noun):
    """One finished render on the shelf. `path` is relative to the album's folder."""

    order: RenderOrder
    path: str
    sha256: Sha256
    frames: Annotated[int, Field(ge=1)]
    rate: Annotated[int, Field(ge=8000)]
    backend: Backend
    fingerprint: str
    """What the near-duplicate check compares; see pipeline/audio/fingerprint.py."""

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return self.frames / self.rate


class Gate(Noun):
    """A technical requirement: passed or not, and why in plain words."""

    name: str
    passed: bool
    reason: str


class Score(Noun):
    """One part of a judgement: `value` from 0 (poor) to 1 (ideal), its `weight`, and why in plain words."""

    name: str
    value: Annotated[float, Field(ge=0, le=1)]
    weight: Annotated[float, Field(ge=0)]
    reason: str


class Measured(Noun):
    """What the audio turned out to be, whatever was planned. `loudness` is before mastering."""

    seconds: Seconds
    loudness: Lufs
    true_peak: float
    """dBTP."""
    tempo: Bpm | None
    key: Key | None


class Verdict(Noun):
    """The judge's word on one take."""

    judge: Backend
    gates: tuple[Gate, ...]
    scores: tuple[Score, ...]
    measured: Measured
    total: Annotated[float, Field(ge=0, le=1)] | None
    """Weighted mean of the scores; None when it could not be scored, which ranks last and never publishes."""

    @property
    def passed(self) -> bool:
        """Whether every gate was passed and there is a score."""
        return self.total is not None and all(gate.passed for gate in self.gates)
