"""Ambience from AudioGen: rain, a café, vinyl, whatever words name, as a loop to lay under a track."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.loudness import rms
from pipeline.domain import Backend, Controls, Seconds, Seed, derive_seed
from pipeline.errors import BackendFailed, BackendUnavailable
from pipeline.models import META_USUAL
from pipeline.musicians.audiocraft.opened import open_checkpoint
from pipeline.musicians.windows.model import Window, WindowOrder, by_itself
from pipeline.roles import Looping

if TYPE_CHECKING:
    from pipeline.device import Device, Precision
    from pipeline.musicians.audiocraft.model import AudiocraftModel

PROMPTS = {
    "rain": "steady rain falling on a window, a distant roll of thunder",
    "vinyl": "surface noise and soft crackle of an old vinyl record",
    "cafe": "quiet coffee shop, indistinct chatter, cups and saucers",
    "sea": "calm sea waves on a beach",
    "fire": "crackling fireplace",
    "night insects": "crickets on a quiet summer night",
}
"""What the model is told for the ambiences of prompts/vocabulary.toml."""

_JOINT = 1.5  # seconds over which the end of a loop passes into its beginning
_SILENT = -60.0  # dBFS
_TRIES = 3


class AudioGenAmbience:
    """Makes loops with an AudioGen checkpoint in audiocraft's layout.

    The constructor checks the checkpoint and the text model it needs, and loads neither; they come with the first loop
    in a process and stay there. Raises BackendUnavailable or DamagedModel when one cannot be used.
    """

    def __init__(
        self,
        audiogen_model: str,
        hub: Path,
        device: Device = "auto",
        precision: Precision = "auto",
        text_model: str | None = None,
    ) -> None:
        self._opened = open_checkpoint(audiogen_model, META_USUAL, text_model, hub, device, precision)
        if self._opened.parts.files.anatomy.melody:
            raise BackendUnavailable(f"{audiogen_model} is a MusicGen.", "Name facebook/audiogen-medium.")

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        weights = self._opened.weights
        return Backend(
            name="audiogen",
            version=version("audiocraft"),
            licence=weights[0].licence,
            weights=weights,
            precision=None if self._opened.precision == "auto" else self._opened.precision,
        )

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it works, roughly."""
        return self._opened.memory

    def rehearse(self) -> None:
        """Load the model. Raises BackendUnavailable, DamagedModel or OutOfMemory."""
        self._opened.model()

    def loop(self, ambience: str, seconds: Seconds, seed: Seed) -> Looping:
        """Return a loop of that length, mono, at the model's rate: its end passes into its beginning without a seam.

        `ambience` is one of PROMPTS, or words of one's own. Raises BackendFailed when nothing audible came.
        """
        model = self._opened.model()
        prompt = PROMPTS.get(ambience.casefold(), ambience)
        frames, joint = round(seconds * model.rate), round(min(_JOINT, seconds / 2) * model.rate)
        for attempt in range(_TRIES):
            sound = _stretch(model, prompt, frames + joint, derive_seed(seed, "ambience", attempt))
            if np.isfinite(sound).all() and rms(sound) > _SILENT:
                return Looping(Clip(_closed(sound, frames), model.rate), prompt)
        raise BackendFailed(f"AudioGen gave no sound of {ambience!r}.", "Use another ambience.")


def _stretch(model: AudiocraftModel, prompt: str, frames: int, seed: Seed) -> Samples:
    """Return mono sound, float32 [frames, 1]: windows that each go on from half of the one before."""
    sound = np.zeros((0, model.channels), np.float32)
    index, kept = 0, round(model.longest / 2 * model.rate)
    while len(sound) < frames:
        opening = sound[-kept:] if len(sound) else None
        room = model.longest - (0 if opening is None else len(opening) / model.rate)
        seconds = min(room, (frames - len(sound)) / model.rate)
        order = WindowOrder(prompt, seconds, derive_seed(seed, index), Controls(), opening)
        sound = np.concatenate((sound, _window(model, order).samples))
        index += 1
    mono: Samples = sound[:frames].mean(axis=1, keepdims=True)
    return mono


def _window(model: AudiocraftModel, order: WindowOrder) -> Window:
    window = by_itself(model, order)
    if np.isfinite(window.samples).all():
        return window
    return model.generate_exactly(order, lambda _, __: None) or window


def _closed(sound: Samples, frames: int) -> Samples:
    """Return the first `frames`, what lies beyond them faded over into the beginning at equal power."""
    over = len(sound) - frames
    turn = np.linspace(0, np.pi / 2, over, dtype=np.float32)[:, None]
    loop: Samples = sound[:frames].copy()
    loop[:over] = loop[:over] * np.sin(turn) + sound[frames:] * np.cos(turn)
    return loop
