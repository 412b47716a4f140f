"""What the window machinery asks of a music model: one batch of short stretches of sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip, Samples
from pipeline.domain import Controls

EVERY = 25
"""Steps of a language model between two reports, half a second of music: often enough to be asked to stop."""


@dataclass(frozen=True, eq=False)
class WindowOrder:
    """One window to generate.

    `seconds` of new sound are wanted, the opening not counted. `prompt` is None for unconditional generation.
    `opening` is sound to go on from, float32 [frames, channels] at the model's rate; `melody` a tune to follow, at
    any rate, from where the opening begins. What comes of an order depends on that order alone, never on those beside
    it in the batch.
    """

    prompt: str | None
    seconds: float
    seed: int
    controls: Controls
    opening: Samples | None = None
    melody: Clip | None = None


@dataclass(frozen=True, eq=False)
class Window:
    """What a model made of an order: the new sound only, never the opening.

    `samples` are float32 [frames, channels] at the model's rate, `codes` the tokens of the same stretch, int16
    [codebooks, steps].
    """

    samples: Samples
    codes: NDArray[np.int16]


@runtime_checkable
class WindowModel(Protocol):
    """A music model that is loaded and ready.

    `rate` is in Hz, `channels` 1 or 2, `longest` the seconds of opening and new sound that one window may hold, `hop`
    the frames of sound to a step of its codec.
    """

    rate: int
    channels: int
    longest: float
    hop: int

    def generate(self, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[Window]:
        """Generate one batch. `report` is called with the share that is done, 0 to 1, every few steps.

        Raises torch.OutOfMemoryError or MemoryError as they come and whatever `report` raises, and is as it was
        before then. May return samples that are not finite.
        """
        ...


@runtime_checkable
class HalfPrecise(Protocol):
    """A window model that computes in half precision, and can do a batch again in float32."""

    def generate_exactly(self, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[Window]:
        """Generate as `generate` does, in float32: for windows that came out as anything but numbers."""
        ...
