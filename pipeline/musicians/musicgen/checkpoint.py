"""A MusicGen checkpoint on disk: checked, and its needs read, without loading a library that could run it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.domain import Weights
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.models import MUSICGEN_USUAL
from pipeline.weights import TRANSFORMERS, again, find_model

LONGEST = 30.0
"""Seconds that MusicGen was trained on; beyond them it goes wrong."""

_KINDS = {"musicgen": False, "musicgen_melody": True}
_STEPS = 1504  # of a window of thirty seconds at 50 steps a second, with the delays of the codebooks


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that is whole: where it is, whether it follows melodies, and what it needs.

    `size` is the bytes of its weights, `row` the bytes that one more window in a batch takes, both in float32.
    """

    path: Path
    weights: Weights
    melody: bool
    size: int
    row: int


def find_checkpoint(asked: str, hub: Path) -> Checkpoint:
    """Find and check a checkpoint. Raises BackendUnavailable or DamagedModel, in one line with a remedy."""
    found = find_model(asked, TRANSFORMERS, MUSICGEN_USUAL, hub.expanduser())
    config = _json(found.path / "config.json")
    kind = config.get("model_type")
    if kind not in _KINDS:
        raise BackendUnavailable(
            f"{found.path} is no MusicGen checkpoint: its model_type is {kind!r}.",
            "Name one such as facebook/musicgen-small.",
        )
    _check_words(found.path)
    try:
        decoder = config["decoder"]
        width, layers = int(decoder["hidden_size"]), int(decoder["num_hidden_layers"])
    except (KeyError, TypeError, ValueError):
        path = found.path / "config.json"
        raise DamagedModel(f"{path} does not describe a decoder.", or_another(path)) from None
    # Keys and values of every layer and step, for the prompt and for the guidance without it; a quarter for the rest.
    row = int(1.25 * 2 * 2 * layers * width * (_STEPS + int(config.get("chroma_length", 0))) * 4)
    return Checkpoint(found.path, found.weights, _KINDS[kind], found.bytes, row)


def _check_words(folder: Path) -> None:
    """Raise DamagedModel unless there is a vocabulary: transformers makes an empty one where files are missing."""
    path = folder / "tokenizer.json"
    if path.is_file():
        words = _json(path).get("model", {}).get("vocab", ())
        if len(words) < 10:
            raise DamagedModel(f"{path} has an empty vocabulary: every prompt would sound the same.", or_another(path))
    elif not (folder / "spiece.model").is_file():
        raise DamagedModel(f"{folder} has no tokenizer.json: no prompt could be read.", or_another(path))


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise DamagedModel(f"{path} cannot be read.", or_another(path))
    return content


def or_another(path: Path) -> str:
    """Return what to do about a broken file or folder."""
    return f"Name another with LOFI_MUSICGEN_MODEL, or mend this one. {again(path)}"
