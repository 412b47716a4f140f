"""The musician musicgen: MusicGen through transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.domain import Backend, RenderOrder
from pipeline.errors import BackendUnavailable, LofiError
from pipeline.musicians.musicgen.checkpoint import LONGEST, find_checkpoint
from pipeline.musicians.windows.batches import fitting, fitting_here
from pipeline.musicians.windows.play import play
from pipeline.musicians.windows.reel import refuse_stride
from pipeline.roles import Booth, Rendering
from pipeline.weights import SPARE

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.musicians.musicgen.runtime import Runtime


class MusicGen:
    """Renders takes with a MusicGen checkpoint in the transformers layout, with a decoder of our own.

    The constructor checks the checkpoint and loads nothing: neither the model nor PyTorch, which come with the first
    render in a process and stay there. Raises BackendUnavailable or DamagedModel when the checkpoint cannot be used.
    """

    def __init__(
        self,
        musicgen_model: str,
        hub: Path,
        device: Device = "auto",
        precision: Precision = "auto",
    ) -> None:
        for library in ("torch", "transformers", "numba"):
            if find_spec(library) is None:
                raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        if device not in ("auto", "cpu"):
            from pipeline.device import choose_device

            choose_device(device)
        self._device: Device = device
        self._precision: Precision = precision
        self._checkpoint = find_checkpoint(musicgen_model, hub)
        self._batch = fitting_here(self._checkpoint.size, self._checkpoint.row)

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        weights = self._checkpoint.weights
        return Backend(
            name="musicgen",
            version=version("lofi-label"),  # whose decoder it is
            licence=weights.licence,
            weights=(weights,),
            precision=None if self._precision == "auto" else self._precision,
        )

    @property
    def batch(self) -> int:
        """How many orders gain from being rendered together: as many as memory held when the studio opened.

        On a GPU fewer may fit; they are then generated in smaller batches, without a difference in the takes.
        """
        return self._batch

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        return self._checkpoint.size + SPARE + self._batch * self._checkpoint.row

    def rehearse(self) -> None:
        """Load the model. Raises BackendUnavailable, DamagedModel or OutOfMemory."""
        self._runtime()

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        """Yield what became of each order, in their order; asked to stop, it gives up within half a second of music.

        Raises BackendUnavailable when the model cannot be loaded, and what is wrong with the orders when none of them
        can be played.
        """
        if not orders:
            return
        refused = [self._refuse(order) for order in orders]
        if refused[0] is not None and all(refused):
            raise refused[0]
        runtime = self._runtime()
        yield from play(orders, runtime, self._fitting(runtime, booth), booth=booth, refuse=self._refuse)

    def decode_codes(self, codes: NDArray[np.int16]) -> Clip:
        """Return the sound of a take's codes [codebooks, steps], before levels, joints and fade were touched."""
        runtime = self._runtime()
        return Clip(runtime.decode(codes), runtime.rate)

    def _runtime(self) -> Runtime:
        from pipeline.musicians.musicgen.runtime import load

        return load(self._checkpoint, self._device, self._precision)

    def _fitting(self, runtime: Runtime, booth: Booth) -> int:
        """Return how many windows fit into the memory that is free on the device now, less some for an ear."""
        from pipeline.device import free_memory

        row = self._checkpoint.row * runtime.cached / 4
        return fitting(free_memory(runtime.device) + runtime.held, row, ear=booth.ear is not None)

    def _refuse(self, order: RenderOrder) -> LofiError | None:
        """Say what an order asks for that this model cannot do."""
        if order.controls is not None and order.controls.multiband:
            return BackendUnavailable(
                "MultiBand Diffusion is not part of transformers.", "Use the musician audiocraft for it."
            )
        if order.melody is not None and not self._checkpoint.melody:
            return BackendUnavailable(
                f"{self._checkpoint.weights.name} cannot follow a melody.",
                "Set LOFI_MUSICGEN_MODEL to a melody model such as facebook/musicgen-melody.",
            )
        return refuse_stride(order, LONGEST)
