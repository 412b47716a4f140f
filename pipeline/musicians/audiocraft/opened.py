"""A checkpoint in audiocraft's layout that was found and checked, and is loaded by whoever first plays it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.domain import Weights
from pipeline.musicians.audiocraft.parts import Parts, find_parts
from pipeline.weights import AUDIOCRAFT, Found, find_model, footprint

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.musicians.audiocraft.model import AudiocraftModel


@dataclass(frozen=True)
class Opened:
    """A checkpoint, all that it needs beside itself, and where and how it is to run. Pickled it is a few paths."""

    found: Found
    parts: Parts
    device: Device
    precision: Precision

    @property
    def weights(self) -> tuple[Weights, ...]:
        """What to credit."""
        return self.found.weights, *self.parts.weights

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes once loaded, roughly."""
        return footprint(self.found, *self.parts.found)

    def model(self, multiband: Path | None = None) -> AudiocraftModel:
        """Return the model, loaded once in a process. Raises DamagedModel and BackendUnavailable."""
        from pipeline.device import choose_device
        from pipeline.musicians.audiocraft.model import load_model
        from pipeline.musicians.musicgen.linear import choose_format

        device = choose_device(self.device)
        return load_model(self.parts.files, device, choose_format(self.precision, device), multiband)


def open_checkpoint(
    asked: str, usual: str, text_model: str | None, hub: Path, device: Device, precision: Precision
) -> Opened:
    """Find and check a checkpoint and the models it needs, and load none of them; `usual` is its kind's licence.

    Raises BackendUnavailable or DamagedModel when one cannot be used, ModuleNotFoundError without audiocraft.
    """
    for library in ("audiocraft", "numba"):
        if find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)
    if device not in ("auto", "cpu"):
        from pipeline.device import choose_device

        choose_device(device)
    hub = hub.expanduser()
    found = find_model(asked, AUDIOCRAFT, usual, hub)
    return Opened(found, find_parts(found, text_model, hub), device, precision)
