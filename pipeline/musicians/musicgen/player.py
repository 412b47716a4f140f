"""What the models of windows have in common that our decoder plays, whichever layout they were published in."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from pipeline.device import out_of_memory, room_to_load
from pipeline.memory import giving_back, use_huge_pages
from pipeline.musicians.musicgen.anatomy import Weights
from pipeline.musicians.musicgen.batcher import Batcher, Passage, Written
from pipeline.musicians.musicgen.decoder import Decoder
from pipeline.musicians.musicgen.hearing import Hearing
from pipeline.musicians.musicgen.linear import Format
from pipeline.musicians.windows.model import Ask, Report, Window, WindowOrder

log = logging.getLogger(__name__)


class Player(ABC):
    """A WindowModel that can do a window again in float32; how orders become lines is its own.

    `delays` are those of the codebooks, `positions` the most that a line and what stands before it take. Raises
    DamagedModel and OutOfMemory.
    """

    def __init__(
        self, name: str, weights: Weights, delays: Sequence[int], positions: int, device: torch.device, form: Format
    ) -> None:
        self.device, self.form = device, form
        self._weights, self._delays, self._positions = weights, delays, positions
        self._batcher: Batcher[WindowOrder] | None = None
        with room_to_load(name, device), torch.inference_mode(), giving_back():
            self._decoder = Decoder(weights, form, device)
            # One step, so that what is compiled for this machine, the first time, is part of loading.
            first = Hearing(self._decoder, 1, 1)
            first.begin(0, None, torch.empty(0, weights.anatomy.width))
            first.step(torch.zeros(1, weights.anatomy.codebooks, dtype=torch.int64, device=device))
        if device.type == "cpu":
            use_huge_pages()
        if self._decoder.error is not None:
            log.warning("%s is played in int8: its logits are %.1f %% off.", name, 100 * self._decoder.error)

    @abstractmethod
    def _line(self, order: WindowOrder) -> Passage:
        """Return what is to be written for an order."""

    @abstractmethod
    def _window(self, written: Written[WindowOrder]) -> Window:
        """Return the sound of what was written; all NaN where a step was no number."""

    @property
    def cached(self) -> float:
        """Bytes that a key or a value takes in the cache."""
        if self.device.type == "cpu":
            return 1.2 if self.form == "int8" else 4
        return 4 if self.form == "float32" else 2

    @property
    def held(self) -> int:
        """Bytes of memory that it keeps for the next windows, and that these may have."""
        return 0 if self._batcher is None else self._batcher.held

    def generate(self, ask: Ask, size: int, report: Report) -> Iterator[tuple[WindowOrder, Window]]:
        """Yield each window that is asked for when it is done; one with a step that was no number is all NaN.

        Raises torch.OutOfMemoryError or MemoryError.
        """
        if self._batcher is None or self._batcher.size != size:
            self._batcher = None  # before there is another
            self._batcher = Batcher(self._decoder, self._delays, size, self._positions)
        yield from self._generate(self._batcher, ask, report)

    def generate_exactly(self, order: WindowOrder, report: Report) -> Window | None:
        """Generate as `generate` does, in float32: what overflows in half precision does not there."""
        if self.form == "float32":
            return None
        with _running_out_of_memory(), torch.inference_mode(), giving_back():
            exact = Decoder(self._weights, "float32", self.device)
        waiting = [order]
        batcher: Batcher[WindowOrder] = Batcher(exact, self._delays, 1, self._positions)
        ((_, window),) = self._generate(batcher, lambda: waiting.pop() if waiting else None, report)
        return window

    def _generate(
        self, batcher: Batcher[WindowOrder], ask: Ask, report: Report
    ) -> Iterator[tuple[WindowOrder, Window]]:
        def line() -> tuple[WindowOrder, Passage] | None:
            order = ask()
            if order is None:
                return None
            with torch.inference_mode():
                return order, self._line(order)

        with _running_out_of_memory():
            for written in batcher.write(line, report):
                with torch.inference_mode():
                    window = self._window(written)
                yield written.key, window


@contextmanager
def _running_out_of_memory() -> Iterator[None]:
    """Let a lack of memory leave the block as MemoryError or torch.OutOfMemoryError, whatever PyTorch raised."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()
        elif out_of_memory(error):
            raise MemoryError(str(error)) from None
        raise
