"""What the window machinery asks of a music model: short stretches of sound, several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


Ask = Callable[[], WindowOrder | None]
"""Gives the next window to generate; None when there is none for now."""

Report = Callable[[WindowOrder, float], None]
"""Is told how much of a window is done, from 0 to 1, every few steps; what it raises ends all that is under way."""


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

    def generate(self, ask: Ask, size: int, report: Report) -> Iterator[tuple[WindowOrder, Window]]:
        """Yield each window that is asked for when it is done, up to `size` of them side by side.

        Where a place is free `ask` is called, and again each time a window has been yielded. Raises
        torch.OutOfMemoryError or MemoryError as they come and whatever `report` raises, and is as it was before then.
        May yield samples that are not finite.
        """
        ...


@runtime_checkable
class HalfPrecise(Protocol):
    """A window model that computes in half precision, and can do a window again in float32."""

    def generate_exactly(self, order: WindowOrder, report: Report) -> Window | None:
        """Generate one window in float32, for one that came out as anything but numbers; None where it was already."""
        ...


def by_itself(model: WindowModel, order: WindowOrder) -> Window:
    """Generate one window, with nobody listening."""
    waiting = [order]
    ((_, window),) = model.generate(lambda: waiting.pop() if waiting else None, 1, lambda _, __: None)
    return window


def batches(ask: Ask, size: int) -> Iterator[list[WindowOrder]]:
    """Yield what is asked for, up to `size` at once, until there is nothing more: for models that run in lockstep."""
    while True:
        batch: list[WindowOrder] = []
        while len(batch) < size and (order := ask()) is not None:
            batch.append(order)
        if not batch:
            return
        yield batch
