"""A checkpoint at work in this process: loaded once, tried before it is trusted, and calibrated."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.device import Device, Precision, choose_device, choose_precision, free_memory
from pipeline.errors import BackendFailed, BackendUnavailable
from pipeline.judges.clap.calibration import calibrate, refuse_collapsed
from pipeline.judges.clap.checkpoint import Checkpoint
from pipeline.judges.clap.sounds import UNRELATED, named_sounds
from pipeline.judges.clap.towers import Towers, Vectors
from pipeline.judges.clap.windows import windows
from pipeline.memory import available_memory
from pipeline.weights import again

ROOM = 1 << 30
"""Bytes that stay free when the model is loaded beside a musician's, which fills memory with windows as they come."""

_KEPT = 64
"""Clips whose embeddings are kept: an album's chosen takes are heard again when titles are matched to them."""

log = logging.getLogger(__name__)


class Listener:
    """Hears clips and reads words with one checkpoint.

    Raises BackendUnavailable when its text tower is collapsed or its tokenizer empty.
    """

    def __init__(self, checkpoint: Checkpoint, towers: Towers) -> None:
        self._towers = towers
        self._heard: OrderedDict[bytes, Vectors] = OrderedDict()
        refuse_collapsed(checkpoint.weights.name, towers.embed_text(UNRELATED))
        names, sounds = named_sounds()
        heard, read = towers.embed_audio(list(sounds)), towers.embed_text(names)
        if not (np.isfinite(heard).all() and np.isfinite(read).all()):
            raise BackendUnavailable(
                f"What {checkpoint.weights.name} says of plain sounds is not a number.",
                f"Set LOFI_PRECISION=float32. If that does not help: {again(checkpoint.path)}",
            )
        self.calibration = calibrate(heard, read)

    def hear(self, clip: Clip) -> Vectors:
        """Return the embedding of each window of a clip, [windows, d]; what was heard lately is not heard again."""
        key = hashlib.sha256(clip.samples.tobytes()).digest() + clip.rate.to_bytes(4, "big")
        if key not in self._heard:
            self._heard[key] = self._towers.embed_audio(list(windows(clip)))
            if len(self._heard) > _KEPT:
                self._heard.popitem(last=False)
        return self._heard[key]

    def read(self, words: Sequence[str]) -> Vectors:
        """Return the embedding of each of the words, [words, d]."""
        return self._towers.embed_text(words)


@lru_cache(maxsize=1)
def listener(checkpoint: Checkpoint, device: Device, precision: Precision) -> Listener:
    """Return the listener of this process, loading it on first use. Raises BackendUnavailable or DamagedModel."""
    chosen = choose_device(device)
    number = choose_precision(precision, chosen)
    towers: Towers
    if checkpoint.layout == "laion-clap":
        from pipeline.judges.clap.laion import LaionTowers

        towers = LaionTowers(checkpoint, chosen, number)
    else:
        from pipeline.judges.clap.hf import TransformersTowers

        towers = TransformersTowers(checkpoint, chosen, number)
    return Listener(checkpoint, towers)


@lru_cache(maxsize=1)
def guest(checkpoint: Checkpoint, device: Device, precision: Precision) -> Listener | None:
    """Return the listener of a process that holds a musician's model too, or None where there is no room for both.

    That is decided once in a process, and said.
    """
    free = min(available_memory(), free_memory(choose_device(device)))
    wanted = 2 * checkpoint.size + ROOM
    try:
        if free < wanted:
            raise BackendFailed(f"its model wants {wanted / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.")
        return listener(checkpoint, device, precision)
    except BackendFailed as error:
        log.warning("The judge does not hear takes while they are made: %s", error.message)
        return None
