"""A render and what the judge says of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.domain.noun import Later, Noun
from pipeline.domain.plan import TrackPlan
from pipeline.domain.units import Bpm, Key, Lufs, Seconds, Seed, Sha256


class FileRecord(Noun):
    """A file of the album: `path` relative to the album's folder."""

    path: str
    sha256: Sha256
    bytes: Annotated[int, Field(ge=1)]


class Weights(Noun):
    """The trained model a backend used: its name, the hub's commit, one hash over its files, its licence.

    `name` is the one on the hub, or that of somebody's own folder or file, without where that lies.
    """

    name: str
    revision: str
    """Commit of the model hub; empty for a folder of one's own."""
    sha256: Sha256
    licence: str


class Backend(Noun):
    """Which part of the studio made an asset, in which version, under which licence, with which weights.

    `precision` is the number format it was told to compute in, None where it was left to choose.
    """

    name: str
    version: str
    licence: str
    weights: tuple[Weights, ...] = ()
    precision: Later[str | None] = None

    @property
    def title(self) -> str:
        """What a person calls it, with its version, and the number format where one was asked for."""
        return f"{self.name} {self.version}" + (f" in {self.precision}" if self.precision else "")

    @property
    def licences(self) -> tuple[str, ...]:
        """Every licence that what it makes stands under: its own, and those of the models it worked with."""
        return tuple(dict.fromkeys((self.licence, *(model.licence for model in self.weights))))


class Controls(Noun):
    """How a music model samples. The names and defaults are MusicGen's own.

    `stride` is how many seconds a window beyond the first adds; `unconditional` leaves the prompt out;
    `multiband` decodes with MultiBand Diffusion instead of EnCodec.
    """

    use_sampling: bool = True
    top_k: Annotated[int, Field(ge=0, le=2048)] = 250
    top_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    temperature: Annotated[float, Field(gt=0, le=4)] = 1.0
    cfg_coef: Annotated[float, Field(ge=0, le=20)] = 3.0
    two_step_cfg: bool = False
    stride: Annotated[Seconds, Field(ge=1, le=29)] = 18.0
    unconditional: bool = False
    multiband: bool = False


class Heard(Noun):
    """An audio file given to a musician: where it is and what it must hash to."""

    path: str
    sha256: Sha256


class RenderOrder(Noun):
    """One take as ordered from a musician.

    The rest is for music models, and None for a musician without such a control: `opening` is sound to go on
    from, `melody` a tune to follow, `rhythm` asks for a click of the planned tempo and key as the opening.
    """

    track: TrackPlan
    index: Annotated[int, Field(ge=1)]
    seed: Seed
    controls: Controls | None = None
    opening: Heard | None = None
    melody: Heard | None = None
    rhythm: bool = False


class LoopOrder(Noun):
    """A loop as ordered: `ambience` in a plan's words, or a person's own."""

    ambience: Annotated[str, Field(min_length=1, max_length=120)]
    seconds: Seconds
    seed: Seed


class Loop(Noun):
    """A finished loop of ambience. `file` is None where it was laid under a clip and not kept."""

    order: LoopOrder
    prompt: str
    """What the model was told to make."""
    backend: Backend
    file: FileRecord | None


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
    codes: FileRecord | None = None
    """The tokens it was decoded from (NumPy .npz, `codes` int16 [codebooks, steps]), to decode it again."""
    loop: Later[Loop | None] = None
    """What lies under it. Clips alone have one: an album's takes stay dry, and a loop is laid under finished tracks."""
    peaks: Later[str | None] = None
    """Its waveform, to be drawn without decoding it; see pipeline/audio/waveform.py."""

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
    embedding: str | None = None
    """What a judge with a model heard, as base64 of float16: for the near-duplicate check and the ranker."""

    @property
    def embedder(self) -> Sha256 | None:
        """The model `embedding` is of, by its weights; embeddings of two models cannot be compared."""
        return self.judge.weights[0].sha256 if self.embedding is not None and self.judge.weights else None

    @property
    def passed(self) -> bool:
        """Whether every gate was passed and there is a score."""
        return self.total is not None and all(gate.passed for gate in self.gates)
