"""A CLAP checkpoint on this machine, found and checked from its files before anything is queued.

Two layouts are published: a folder for transformers, and laion-clap's single .pt file, whose words come from a
roberta-base folder beside it or in the hub's cache. Nothing here imports a model library.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pipeline.domain import Weights
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.models import CLAP_USUAL
from pipeline.weights import TRANSFORMERS, again, find_file, find_model, own_path
from pipeline.weights.hub import is_own

FEWEST_WORDS = 30
"""Entries below which a vocabulary is none: transformers makes up an empty one, of 5, where the files are missing."""

_FETCH_ROBERTA = "Run: uv run --extra neural hf download FacebookAI/roberta-base config.json vocab.json merges.txt"


@dataclass(frozen=True)
class Checkpoint:
    """Where a checkpoint is, in which `layout`, the folder its `tokenizer` is in, and the bytes of its weights."""

    layout: Literal["transformers", "laion-clap"]
    path: Path
    tokenizer: Path
    weights: Weights
    size: int


def find_checkpoint(asked: str, hub: Path) -> Checkpoint:
    """Find and check a checkpoint by folder, file or name on the hub.

    Raises BackendUnavailable when it is not here or is of another kind, DamagedModel when a file of it is broken, and
    ModuleNotFoundError when the library it needs is not installed.
    """
    hub = hub.expanduser()
    path = own_path(asked)
    if (is_own(asked) and path.is_file()) or path.suffix in {".pt", ".pth", ".ckpt"}:
        _need("torch", "transformers", "laion_clap")
        return _laion(asked, hub)
    _need("torch", "transformers")
    return _transformers(asked, hub)


def _need(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)


def _transformers(asked: str, hub: Path) -> Checkpoint:
    found = find_model(asked, TRANSFORMERS, CLAP_USUAL, hub)
    kind = _read(found.path / "config.json").get("model_type")
    if kind != "clap":
        raise BackendUnavailable(
            f"{asked} is no CLAP checkpoint: its config.json says {kind!r}.",
            "Name one, such as LOFI_CLAP_MODEL=laion/clap-htsat-unfused.",
        )
    if not any((found.path / name).is_file() for name in ("preprocessor_config.json", "processor_config.json")):
        raise BackendUnavailable(f"{asked} has no preprocessor_config.json.", again(found.path))
    refuse_empty_tokenizer(found.path, words_in(found.path))
    return Checkpoint("transformers", found.path, found.path, found.weights, found.bytes)


def _laion(asked: str, hub: Path) -> Checkpoint:
    found = find_file(asked, CLAP_USUAL)
    names = _tensor_names(found.path)
    if b"audio_branch.patch_embed.proj.weight" not in names or b"text_branch.encoder.layer.0." not in names:
        raise BackendUnavailable(
            f"{asked} is no laion-clap checkpoint with an HTSAT and a RoBERTa tower.",
            "Name one, such as music_audioset_epoch_15_esc_90.14.pt.",
        )
    if b"audio_branch.patch_embed.mel_conv2d" in names:
        raise BackendUnavailable(
            f"{asked} is a fusion checkpoint, made for clips of any length; the judge hears windows of ten seconds.",
            "Use the checkpoint without fusion, such as music_audioset_epoch_15_esc_90.14.pt.",
        )
    beside = found.path.parent / "roberta-base"
    cached = [*hub.glob("models--FacebookAI--roberta-base/snapshots/*"), *hub.glob("models--roberta-base/snapshots/*")]
    words = next((folder for folder in (beside, *sorted(cached)) if (folder / "config.json").is_file()), None)
    if words is None:
        raise BackendUnavailable(
            f"{asked} needs the words of roberta-base, which are neither in {beside} nor in the hub's cache.",
            _FETCH_ROBERTA,
        )
    refuse_empty_tokenizer(words, words_in(words))
    return Checkpoint("laion-clap", found.path, words, found.weights, found.bytes)


def refuse_empty_tokenizer(folder: Path, words: int) -> None:
    """Raise BackendUnavailable for a vocabulary of so few `words` that it is none."""
    if words < FEWEST_WORDS:
        raise BackendUnavailable(
            f"The tokenizer of {folder} is empty: it knows {words} words.",
            f"It needs tokenizer.json, or vocab.json and merges.txt. {again(folder)}",
        )


def words_in(folder: Path) -> int:
    """Return how many words the tokenizer files of a folder hold, special ones left out. Raises DamagedModel."""
    if (folder / "tokenizer.json").is_file():
        described = _read(folder / "tokenizer.json")
        model = described.get("model")
        vocabulary = model.get("vocab") if isinstance(model, dict) else None
        special = described.get("added_tokens")
        count = len(vocabulary) if isinstance(vocabulary, dict | list) else 0
        return count - (len(special) if isinstance(special, list) else 0)
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        return len(_read(folder / "vocab.json"))
    return 0


def _read(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise DamagedModel(f"{path} cannot be read.", again(path))
    return value


def _tensor_names(path: Path) -> bytes:
    """Return the part of a PyTorch file that names its tensors, as bytes that are searched and never executed."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            return archive.read(name)
    except (StopIteration, zipfile.BadZipFile, OSError, EOFError):
        raise DamagedModel(f"{path} is not a PyTorch checkpoint that can be opened safely.", again(path)) from None
