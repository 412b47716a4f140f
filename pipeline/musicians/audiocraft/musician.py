"""The musician audiocraft: MusicGen in audiocraft's own layout, mono, stereo and melody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audio.clip import Clip
from pipeline.device import Device, Precision, choose_device, choose_precision, free_memory
from pipeline.domain import Backend, RenderOrder, Seed
from pipeline.errors import LofiError
from pipeline.models import MUSICGEN_USUAL
from pipeline.musicians.audiocraft.checkpoint import LANGUAGE_MODEL
from pipeline.musicians.audiocraft.parts import find_multiband, find_parts
from pipeline.musicians.windows.play import play
from pipeline.musicians.windows.reel import refuse_stride
from pipeline.roles import Booth, Rendering
from pipeline.weights import AUDIOCRAFT, Found, find_model, footprint

if TYPE_CHECKING:
    from pipeline.musicians.audiocraft.model import AudiocraftModel

MOST = 16
"""Windows in a batch beyond which nothing is gained."""

_SPARE = 1 << 30  # bytes for the codec, the text model and whatever else wants memory
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
        if find_spec("audiocraft") is None:
            raise ModuleNotFoundError("No module named 'audiocraft'", name="audiocraft")
        hub = hub.expanduser()
        self._device = choose_device(device)
        self._precision = choose_precision(precision, self._device)
        self._found = find_model(audiocraft_model, AUDIOCRAFT, MUSICGEN_USUAL, hub)
        self._parts = find_parts(self._found, text_model, hub, Path(torch.hub.get_dir()) / "checkpoints")
        self._multiband: Found | LofiError
        try:
            self._multiband = find_multiband(multiband_model, hub)
        except LofiError as error:
            self._multiband = error  # told to whoever asks for it; all else can be played

    @property
    def backend(self) -> Backend:
        """Who gets the credit: the music model, and what helps it or may (MultiBand Diffusion, where it is here)."""
        weights = (self._found.weights, *self._parts.weights)
        if isinstance(self._multiband, Found):
            weights += (self._multiband.weights,)
        return Backend(
            name="audiocraft", version=version("audiocraft"), licence=self._found.weights.licence, weights=weights
        )

    @property
    def batch(self) -> int:
        """How many orders gain from being rendered together; on a GPU, where fewer fit, they go in smaller batches."""
        if self._device.type != "cpu":
            return MOST
        return self._fitting(free_memory(self._device) - 2 * (self._found.path / LANGUAGE_MODEL).stat().st_size)

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        text = self._parts.files.text_encoder
        return footprint(self._found.path, text) + self.batch * self._row

    def rehearse(self) -> None:
        """Load the model. Raises BackendUnavailable, Damaged or OutOfMemory."""
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
        room = free_memory(self._device) - (0 if booth.ear is None else _SPARE)
        yield from play(orders, model, self._fitting(room), booth=booth, refuse=self._refuse)

    def decode_codes(self, codes: NDArray[np.int16], multiband: bool = False, seed: Seed = 0) -> Clip:
        """Return the sound of a take's codes [codebooks, steps], before levels, joints and fade were touched.

        `multiband` decodes with MultiBand Diffusion, whose chance comes from `seed`. Raises BackendUnavailable.
        """
        model = self._model()
        return Clip(model.decode(codes, multiband, seed), model.rate)

    def _model(self) -> AudiocraftModel:
        from pipeline.musicians.audiocraft.model import load_model

        multiband = self._multiband.path if isinstance(self._multiband, Found) else None
        return load_model(self._parts.files, self._device, self._precision, multiband)

    def _fitting(self, room: int) -> int:
        """Return how many windows fit into `room` bytes."""
        return max(1, min(MOST, (room - _SPARE) // self._row))

    @property
    def _row(self) -> int:
        """Bytes that one more window in a batch takes; a quarter is for what is not its keys and values."""
        anatomy = self._parts.files.anatomy
        return int(5 * anatomy.layers * anatomy.width * anatomy.longest * _STEPS * self._precision.itemsize)

    def _refuse(self, order: RenderOrder) -> LofiError | None:
        """Say what an order asks for that cannot be done with what is here."""
        wanted = order.controls is not None and order.controls.multiband
        error = self._multiband if wanted and isinstance(self._multiband, LofiError) else None
        if order.melody is not None:
            error = self._parts.cannot_follow() or error
        return error or refuse_stride(order, self._parts.files.anatomy.longest)
