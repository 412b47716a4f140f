"""The layouts checkpoints are published in: how one is told, and which files of a folder are loaded.

A folder often holds the same weights several times over: in PyTorch's format beside safetensors, in half precision, as
they were before they were averaged. What the libraries do not load is neither looked into nor hashed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import DamagedModel
from pipeline.weights.hub import again

SUFFIXES = {".safetensors", ".bin", ".pt", ".th", ".ckpt"}
"""Of files that hold weights."""

_SAFE, _PYTORCH = "model.safetensors", "pytorch_model.bin"
_PAINTING = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class Layout:
    """What a published kind of checkpoint looks like: the files it `needs`, as globs relative to its folder.

    A need may name alternatives: "one|other". `loads` returns the weight files that are loaded of a folder, there or
    not; without it they are the needed files that hold weights.
    """

    name: str
    needs: tuple[str, ...]
    loads: Callable[[Path], list[Path]] | None = None


def missing(folder: Path, needs: tuple[str, ...]) -> str | None:
    """Return the first of the needed files that is not in a folder, or None when all are there.

    A link whose file is gone, as a broken download leaves it, counts as not there.
    """
    for need in needs:
        if not any(path.is_file() for glob in need.split("|") for path in folder.glob(glob)):
            return need
    return None


def loaded(folder: Path, layout: Layout) -> tuple[Path, ...]:
    """Return the weight files that are loaded of a checkpoint, there or not, by name.

    Raises DamagedModel when what lists them cannot be read.
    """
    if layout.loads is not None:
        return tuple(sorted(layout.loads(folder)))
    return tuple(sorted(folder / need for need in layout.needs if Path(need).suffix in SUFFIXES))


def in_safetensors(folder: Path) -> bool:
    """Whether transformers' weights in a folder are loaded as safetensors; else they are PyTorch's."""
    return all(path.suffix == ".safetensors" for path in _of_transformers(folder))


def variant_of(part: Path) -> str | None:
    """Return the infix that all weight files of a network carry ("fp16"), or None when there are plain ones."""
    marks = {_mark(path.name) for path in part.glob("*.safetensors")}
    return None if None in marks or not marks else sorted(mark for mark in marks if mark)[0]


def weights_of_part(part: Path, variant: str | None) -> list[Path]:
    """Return the safetensors that diffusers loads of one part of a checkpoint, there or not; none for a tokenizer.

    It takes the files with the variant's infix where the part has such. Of its own networks it loads the pieces that
    an index names even where the whole is beside them; transformers, which loads the others, does the reverse.
    """
    marked = variant if any((_mark(path.name) or "") == variant for path in part.glob("*.safetensors")) else None
    return _held(part, _PAINTING, marked, whole_first=False) or _held(part, _SAFE, marked)


def _of_transformers(folder: Path) -> list[Path]:
    """Return what transformers loads: safetensors before PyTorch's format, the whole before its pieces.

    The index of a format that was not fetched, none of whose pieces is there, says nothing.
    """
    _refuse_own_names(folder / "config.json")
    formats = [files for name in (_SAFE, _PYTORCH) if (files := _held(folder, name))]
    there = [files for files in formats if any(path.is_file() for path in files)]
    return next(iter(there or formats), [folder / _SAFE])


def _refuse_own_names(config: Path) -> None:
    """Raise DamagedModel for a checkpoint that has transformers load another file than those of the usual names."""
    try:
        named = "transformers_weights" in _read(config)
    except DamagedModel:
        return  # said by whoever needs what is in it
    if named:
        raise DamagedModel(f"{config} gives its weights a name of its own, which is not supported.", again(config))


def _of_diffusers(folder: Path) -> list[Path]:
    """Return what diffusers loads: the safetensors of every part that model_index.json lists."""
    listed = _read(folder / "model_index.json").items()
    parts = [part for part, source in listed if isinstance(source, list) and any(source) and _plain(part)]
    variant = variant_of(folder / "unet")
    return [path for part in parts for path in weights_of_part(folder / part, variant)]


def _held(folder: Path, name: str, variant: str | None = None, *, whole_first: bool = True) -> list[Path]:
    """Return the files that some weights are in: the one of their name, or the pieces that its index names."""
    stem, _, suffix = name.rpartition(".")
    infix = f".{variant}" if variant else ""
    whole, index = folder / f"{stem}{infix}.{suffix}", folder / f"{name}.index{infix}.json"
    if whole.is_file() and (whole_first or not index.is_file()):
        return [whole]
    return _pieces(index) if index.is_file() else []


def _pieces(index: Path) -> list[Path]:
    names = _read(index).get("weight_map")
    if not isinstance(names, dict) or not names or not all(_plain(name) for name in names.values()):
        raise DamagedModel(f"{index} cannot be read.", again(index))
    return [index.parent / name for name in sorted(set(names.values()))]


def _plain(name: object) -> bool:
    """Whether a name that a checkpoint gives is that of a file beside it, and leads nowhere else."""
    return isinstance(name, str) and name == Path(name).name != ".." and "\\" not in name


def _mark(file: str) -> str | None:
    """Return the "fp16" of diffusion_pytorch_model.fp16.safetensors, also in one of several pieces."""
    middle = re.sub(r"-\d+-of-\d+", "", file).split(".")[1:-1]
    return middle[0] if middle else None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise DamagedModel(f"{path} cannot be read.", again(path))
    return content


# MusicGen medium and large and CLAP are published as pytorch_model*.bin alone.
TRANSFORMERS = Layout(
    "transformers",
    ("config.json", "*.safetensors|pytorch_model*.bin"),
    _of_transformers,
)
AUDIOCRAFT = Layout("audiocraft", ("state_dict.bin", "compression_state_dict.bin"))
DIFFUSERS = Layout("diffusers", ("model_index.json", "unet/*.safetensors", "vae/*.safetensors"), _of_diffusers)
OPEN_CLIP = Layout("open_clip", ("open_clip_config.json", "open_clip_model.safetensors"))
LAYOUTS = (TRANSFORMERS, AUDIOCRAFT, DIFFUSERS, OPEN_CLIP)
