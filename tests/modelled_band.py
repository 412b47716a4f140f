"""A musician that plays what the offline band plays and has models: found, checked and credited as any are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.domain import Backend, RenderOrder
from pipeline.errors import LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Booth, Rendering
from pipeline.studio import Part
from pipeline.weights import TRANSFORMERS, find_model

ALONE = Part("modelled_band:ModelledBand", ("musicgen_model", "hub", "precision"), model="musicgen_model")
HELPED = Part(
    "modelled_band:ModelledBand",
    ("musicgen_model", "hub", "text_model"),
    model="musicgen_model",
    helpers=("text_model", "multiband_model"),
)


class ModelledBand:
    """Has the model that `musicgen_model` names, and a `text_model` where one is named."""

    batch = 1
    version = "1"
    memory = 1_000_000

    def __init__(self, musicgen_model: str, hub: Path, text_model: str | None = None, precision: str = "auto") -> None:
        self._precision = None if precision == "auto" else precision
        asked = [name for name in (musicgen_model, text_model) if name]
        self._weights = tuple(find_model(name, TRANSFORMERS, "nobody knows", hub).weights for name in asked)

    @property
    def backend(self) -> Backend:
        return Backend(
            name="musicgen",
            version=self.version,
            licence="CC0-1.0",
            weights=self._weights,
            precision=self._precision,
        )

    def rehearse(self) -> None:
        """Find nothing wrong with them."""

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        return OfflineBand().render(orders, booth)
