"""CLIP in this process: how well pictures and words belong together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.painters.legibility import Picture
from pipeline.weights import again

_CAPTIONS = (
    "a red tractor in a field of wheat",
    "the balance sheet of an insurance company",
    "a bowl of noodles with an egg",
    "rain on a window at night",
)
"""Captions that have nothing in common."""

_ALIKE = 0.98
"""Mean cosine of captions with nothing in common at which a tower has collapsed; sound ones are below 0.9."""

_PICTURES_ALIKE = 0.998
"""The same of four plain test pictures, which have more in common."""


class Eye:
    """A loaded open_clip model. Computes in float32 whatever the painter paints in: it is small, and ranks finely."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        """Load the weights and try them out. Raises Damaged, or BackendUnavailable when they cannot tell captions."""
        name = f"local-dir:{folder}"
        self._device = device
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model, prepare = open_clip.create_model_from_pretrained(name, device=device, weights_only=True)
                tokenizer = open_clip.get_tokenizer(name)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
            line = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise DamagedModel(f"{folder} cannot be loaded: {line}", again(folder)) from error
        self._model: Any = model.eval()
        self._prepare: Any = prepare
        self._tokenizer: Any = tokenizer
        self._try_out(folder)

    def similarity(self, pictures: Sequence[Picture], words: Sequence[str]) -> NDArray[np.float32]:
        """Return the cosine of every pair, float32 [pictures, words]; words beyond the model's 77 tokens are cut."""
        seen, read = self._look(pictures), self._read(words)
        return np.asarray(seen @ read.T, dtype=np.float32)

    def _look(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        # One at a time: a picture's place must not depend, in the last bit, on how many were beside it.
        with torch.inference_mode():
            seen = [
                self._model.encode_image(self._prepare(Image.fromarray(picture))[None].to(self._device))
                for picture in pictures
            ]
        return _unit(seen)

    def _read(self, words: Sequence[str]) -> NDArray[np.float32]:
        with torch.inference_mode():
            read = [self._model.encode_text(self._tokenizer([text]).to(self._device)) for text in words]
        return _unit(read)

    def _try_out(self, folder: Path) -> None:
        """Refuse a tokenizer that knows no words, and a tower that finds everything the same."""
        tokens = {tuple(self._tokenizer([caption])[0].tolist()) for caption in _CAPTIONS}
        if len(tokens) < len(_CAPTIONS) or any(len(set(caption)) < 5 for caption in tokens):
            raise DamagedModel(f"The tokenizer of {folder} is empty: it knows no words.", again(folder))
        for what, places, limit in (
            ("text", self._read(_CAPTIONS), _ALIKE),
            ("picture", self._look(_test_pictures()), _PICTURES_ALIKE),
        ):
            alike = _mean_cosine(places)
            if not alike < limit:
                raise BackendUnavailable(
                    f"The {what} tower of {folder} has collapsed: unlike {what}s are {alike:.4f} alike.",
                    "Name another CLIP model with LOFI_CLIP_MODEL.",
                )


@lru_cache(maxsize=1)
def open_eye(folder: Path, device: torch.device) -> Eye:
    """Return the loaded model, loading it the first time this process asks."""
    return Eye(folder, device)


def _unit(rows: list[Any]) -> NDArray[np.float32]:
    """Stack vectors of length 1, float32 [n, dimensions]."""
    return np.asarray(torch.nn.functional.normalize(torch.cat(rows).float(), dim=-1).cpu().numpy())


def _mean_cosine(places: NDArray[np.float32]) -> float:
    """Return the mean cosine of every two different rows; NaN when there is one in them."""
    cosines = places @ places.T
    return float(cosines[~np.eye(len(places), dtype=bool)].mean())


def _test_pictures() -> list[Picture]:
    """Noise, a red field, a ramp, a chequerboard."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    red = np.full((64, 64, 3), (200, 40, 30), np.uint8)
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[:, None, None], (1, 64, 3))
    board = np.tile((np.indices((64, 64)).sum(0) // 8 % 2 * 255).astype(np.uint8)[..., None], (1, 1, 3))
    return [noise, red, ramp, board]
