"""Ambience from AudioGen: rain, a café, vinyl, whatever words name, as a loop to lay under a track."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.loudness import amplitude, loudness, rms
from pipeline.device import Device, Precision, choose_device, choose_precision
from pipeline.domain import Backend, Controls, Seconds, Seed, derive_seed
from pipeline.errors import BackendFailed, BackendUnavailable
from pipeline.models import META_USUAL
from pipeline.musicians.audiocraft.parts import find_parts
from pipeline.musicians.windows.model import Window, WindowOrder
from pipeline.musicians.windows.openings import fit
from pipeline.weights import AUDIOCRAFT, find_model

if TYPE_CHECKING:
    from pipeline.musicians.audiocraft.model import AudiocraftModel

PROMPTS = {
    "rain": "steady rain falling on a window, a distant roll of thunder",
    "vinyl": "surface noise and soft crackle of an old vinyl record",
    "cafe": "quiet coffee shop, indistinct chatter, cups and saucers",
    "sea": "calm sea waves on a beach",
    "fire": "crackling fireplace",
    "night insects": "crickets on a quiet summer night",
}
BELOW = 28.0
"""How far under the music a layer lies, in LU."""

_JOINT = 1.5  # seconds over which the end of a loop passes into its beginning
_EDGE = 2.0  # seconds over which a layer comes and goes
_SILENT = -60.0  # dBFS
_TRIES = 3


class AudioGenAmbience:
    """Renders loops with an AudioGen checkpoint in audiocraft's layout.

    The constructor checks the checkpoint and the text model it needs, and loads neither. Raises BackendUnavailable or
    Damaged when one cannot be used.
    """

    def __init__(
        self,
        audiogen_model: str,
        hub: Path,
        device: Device = "auto",
        precision: Precision = "auto",
        text_model: str | None = None,
    ) -> None:
        if find_spec("audiocraft") is None:
            raise ModuleNotFoundError("No module named 'audiocraft'", name="audiocraft")
        hub = hub.expanduser()
        self._device = choose_device(device)
        self._precision = choose_precision(precision, self._device)
        self._found = find_model(audiogen_model, AUDIOCRAFT, META_USUAL, hub)
        self._parts = find_parts(self._found, text_model, hub, Path(torch.hub.get_dir()) / "checkpoints")
        if self._parts.files.anatomy.melody:
            raise BackendUnavailable(f"{audiogen_model} is a MusicGen.", "Name facebook/audiogen-medium.")

    @property
    def backend(self) -> Backend:
        """Who gets the credit."""
        weights = (self._found.weights, *self._parts.weights)
        return Backend(name="audiogen", version=version("audiocraft"), licence=weights[0].licence, weights=weights)

    def render(self, ambience: str, seconds: Seconds, seed: Seed) -> Clip:
        """Return a loop of that length, at the model's rate: its end passes into its beginning without a seam.

        `ambience` is one of PROMPTS, or words of one's own. Raises BackendFailed when nothing audible came.
        """
        model = self._model()
        prompt = PROMPTS.get(ambience.casefold(), ambience)
        frames, joint = round(seconds * model.rate), round(min(_JOINT, seconds / 2) * model.rate)
        for attempt in range(_TRIES):
            sound = _stretch(model, prompt, frames + joint, derive_seed(seed, "ambience", attempt))
            if np.isfinite(sound).all() and rms(sound) > _SILENT:
                return Clip(_closed(sound, frames), model.rate)
        raise BackendFailed(f"AudioGen gave no sound of {ambience!r}.", "Use another ambience.")

    def _model(self) -> AudiocraftModel:
        from pipeline.musicians.audiocraft.model import load_model

        return load_model(self._parts.files, self._device, self._precision, None)


def lay_under(clip: Clip, loop: Clip, below: float = BELOW) -> Clip:
    """Return a clip with a loop under it for all its length, `below` LU softer, fading in and out at the ends.

    Under a stereo clip a mono loop comes from both sides, half a turn apart: wide, and the same in mono.
    """
    layer = fit(loop, clip.rate, loop.channels)
    if clip.channels == 2 and loop.channels == 1:
        layer = np.concatenate((layer, np.roll(layer, len(layer) // 2, axis=0)), axis=1)
    layer = fit(Clip(layer, clip.rate), clip.rate, clip.channels)
    layer = layer[np.arange(clip.frames) % len(layer)]
    gain = amplitude(loudness(clip) - below - loudness(Clip(layer, clip.rate)))
    edge = min(round(_EDGE * clip.rate), clip.frames // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32))[:, None] ** 2
    layer[:edge] *= ramp
    layer[clip.frames - edge :] *= ramp[::-1]
    return Clip((clip.samples + np.float32(gain) * layer).astype(np.float32), clip.rate)


def _stretch(model: AudiocraftModel, prompt: str, frames: int, seed: Seed) -> Samples:
    """Return mono sound, float32 [frames, 1]: windows that each go on from half of the one before."""
    sound = np.zeros((0, model.channels), np.float32)
    index, kept = 0, round(model.longest / 2 * model.rate)
    while len(sound) < frames:
        opening = sound[-kept:] if len(sound) else None
        room = model.longest - (0 if opening is None else len(opening) / model.rate)
        seconds = min(room, (frames - len(sound)) / model.rate)
        order = WindowOrder(prompt, seconds, derive_seed(seed, index), Controls(), opening)
        sound = np.concatenate((sound, _window(model, order, lambda _: None).samples))
        index += 1
    mono: Samples = sound[:frames].mean(axis=1, keepdims=True)
    return mono


def _window(model: AudiocraftModel, order: WindowOrder, report: Callable[[float], None]) -> Window:
    (window,) = model.generate([order], report)
    if not np.isfinite(window.samples).all():
        (window,) = model.generate_exactly([order], report)
    return window


def _closed(sound: Samples, frames: int) -> Samples:
    """Return the first `frames`, what lies beyond them faded over into the beginning at equal power."""
    over = len(sound) - frames
    turn = np.linspace(0, np.pi / 2, over, dtype=np.float32)[:, None]
    loop: Samples = sound[:frames].copy()
    loop[:over] = loop[:over] * np.sin(turn) + sound[frames:] * np.cos(turn)
    return loop
