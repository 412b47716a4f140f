"""The musician audiocraft: MusicGen in audiocraft's own layout, mono, stereo and melody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.domain import Backend, RenderOrder, Seed
from pipeline.errors import LofiError
from pipeline.models import MUSICGEN_USUAL
from pipeline.musicians.audiocraft.checkpoint import LANGUAGE_MODEL
from pipeline.musicians.audiocraft.opened import open_checkpoint
from pipeline.musicians.audiocraft.parts import find_multiband
from pipeline.musicians.windows.batches import fitting, fitting_here
from pipeline.musicians.windows.play import play
from pipeline.musicians.windows.reel import refuse_stride
from pipeline.roles import Booth, Rendering
from pipeline.weights import Found

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.musicians.audiocraft.model import AudiocraftModel

_STEPS = 50  # EnCodec steps a second, in every published checkpoint


class AudiocraftMusicGen:
    """Renders takes with a MusicGen checkpoint in audiocraft's layout.

    The constructor checks the checkpoint, and every model it needs beside its own, and loads none of them; they come
    with the first render in a process and stay there. Raises BackendUnavailable or Damaged when one cannot be used.
    """

    def __init__(
        self,
        audiocraft_model: str,
        hub: Path,
        device: Device = "auto",
        precision: Precision = "auto",
        text_model: str | None = None,
        multiband_model: str = "facebook/multiband-diffusion",
    ) -> None:
        self._opened = open_checkpoint(audiocraft_model, MUSICGEN_USUAL, text_model, hub, device, precision)
        self._batch = fitting_here((self._opened.found.path / LANGUAGE_MODEL).stat().st_size, self._row)
        self._multiband: Found | LofiError
        try:
            self._multiband = find_multiband(multiband_model, hub.expanduser())
        except LofiError as error:
            self._multiband = error  # told to whoever asks for it; all else can be played

    @property
    def backend(self) -> Backend:
        """Who gets the credit: the music model, and what helps it or may (MultiBand Diffusion, where it is here)."""
        weights = self._opened.weights
        if isinstance(self._multiband, Found):
            weights += (self._multiband.weights,)
        return Backend(
            name="audiocraft",
            version=version("audiocraft"),
            licence=weights[0].licence,
            weights=weights,
            precision=None if self._opened.precision == "auto" else self._opened.precision,
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
        return self._opened.memory + int(self._batch * self._row)

    def rehearse(self) -> None:
        """Load the model. Raises BackendUnavailable, DamagedModel or OutOfMemory."""
        self._model()

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
        model = self._model()
        yield from play(orders, model, self._fitting(model, booth), booth=booth, refuse=self._refuse)

    def decode_codes(self, codes: NDArray[np.int16], multiband: bool = False, seed: Seed = 0) -> Clip:
        """Return the sound of a take's codes [codebooks, steps], before levels, joints and fade were touched.

        `multiband` decodes with MultiBand Diffusion, whose chance comes from `seed`. Raises BackendUnavailable.
        """
        model = self._model()
        return Clip(model.decode(codes, multiband, seed), model.rate)

    def _model(self) -> AudiocraftModel:
        return self._opened.model(self._multiband.path if isinstance(self._multiband, Found) else None)

    @property
    def _row(self) -> float:
        """Bytes that one more window takes in float32: its keys and values, for the prompt and for the guidance."""
        anatomy = self._opened.parts.files.anatomy
        return 1.25 * 4 * anatomy.layers * anatomy.width * (anatomy.longest * _STEPS + anatomy.chroma) * 4

    def _fitting(self, model: AudiocraftModel, booth: Booth) -> int:
        """Return how many windows fit into the memory that is free on the device now, less some for an ear."""
        from pipeline.device import free_memory

        row = self._row * model.cached / 4
        return fitting(free_memory(model.device) + model.held, row, ear=booth.ear is not None)

    def _refuse(self, order: RenderOrder) -> LofiError | None:
        """Say what an order asks for that cannot be done with what is here."""
        wanted = order.controls is not None and order.controls.multiband
        error = self._multiband if wanted and isinstance(self._multiband, LofiError) else None
        if order.melody is not None:
            error = self._opened.parts.cannot_follow() or error
        return error or refuse_stride(order, self._opened.parts.files.anatomy.longest)
