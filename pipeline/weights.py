"""Trained models on this machine: found, checked and named before anything is queued.

Nothing here loads a model or asks the network. A model is a folder or file of one's own, or a name on the hub whose
files are in the hub's cache. What can be wrong with it is found from names, sizes and headers.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.domain import Sha256, Weights
from pipeline.errors import BackendUnavailable, Damaged
from pipeline.shelf.atomic import hash_file

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_SUFFIXES = {".safetensors", ".bin", ".pt", ".th", ".ckpt"}
_AGAIN = "Fetch it again."
_HEADER_LIMIT = 100 * 2**20
"""The longest header safetensors allows, in bytes."""


@dataclass(frozen=True)
class Layout:
    """What a published kind of checkpoint looks like: the files it `needs`, as globs relative to its folder."""

    name: str
    needs: tuple[str, ...]


TRANSFORMERS = Layout("transformers", ("config.json", "*.safetensors"))
AUDIOCRAFT = Layout("audiocraft", ("state_dict.bin", "compression_state_dict.bin"))
DIFFUSERS = Layout("diffusers", ("model_index.json", "unet/*.safetensors", "vae/*.safetensors"))
OPEN_CLIP = Layout("open_clip", ("open_clip_config.json", "open_clip_model.safetensors"))
LAYOUTS = (TRANSFORMERS, AUDIOCRAFT, DIFFUSERS, OPEN_CLIP)


@dataclass(frozen=True)
class Found:
    """A model on this machine: its folder (or single file) and what to credit."""

    path: Path
    weights: Weights


def find_model(asked: str, layout: Layout, licence: str, hub: Path) -> Found:
    """Find a model by folder, or by its name in the hub's cache `hub`, and check it.

    Raises BackendUnavailable when it is not here (with the line that fetches it) or has another layout, and Damaged
    when a file is cut short or is not what its name says.
    """
    folder, revision = _folder(asked, hub)
    for need in layout.needs:
        if not any(folder.glob(need)):
            raise BackendUnavailable(
                f"{folder} is not a checkpoint in the {layout.name} layout: {need} is missing.",
                _instead(folder, layout),
            )
    return Found(folder, Weights(name=asked, revision=revision, sha256=_whole(folder, layout), licence=licence))


def find_file(asked: str, licence: str) -> Found:
    """Find a checkpoint that is a single file of one's own, and check it. Raises as `find_model` does."""
    path = Path(asked).expanduser()
    if not path.is_file():
        raise BackendUnavailable(f"There is no checkpoint {asked}.", "Name a file that is there.")
    _check(path)
    digest = _hash(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns)
    return Found(path.resolve(), Weights(name=asked, revision="", sha256=digest, licence=licence))


def _folder(asked: str, hub: Path) -> tuple[Path, str]:
    """Return a model's folder and its commit: a folder of one's own, or the hub's cache."""
    own = Path(asked).expanduser()
    if own.is_dir():
        return own.resolve(), ""
    if asked.startswith((".", "~", "/")) or not _HUB_NAME.fullmatch(asked):
        raise BackendUnavailable(
            f"There is no model folder {asked}.",
            "Name a folder that is there, or a model of the hub such as facebook/musicgen-small.",
        )
    cache = hub / f"models--{asked.replace('/', '--')}"
    try:
        revision = (cache / "refs" / "main").read_text(encoding="ascii").strip()
    except OSError:
        revision = ""
    folder = cache / "snapshots" / revision
    if not revision or not folder.is_dir():
        raise BackendUnavailable(
            f"The model {asked} is not on this machine.", f"Run: uv run --extra neural hf download {asked}"
        )
    return folder, revision


def _instead(folder: Path, layout: Layout) -> str:
    """Say which layout a folder has instead."""
    for other in LAYOUTS:
        if other != layout and all(any(folder.glob(need)) for need in other.needs):
            return f"It is one in the {other.name} layout."
    return "Name a whole checkpoint folder."


def _whole(folder: Path, layout: Layout) -> Sha256:
    """Check every weight file of a folder that is of a kind its layout loads; return one hash over them all.

    A hub's folder often holds the same weights a second time in an old format, which nothing here opens.
    """
    kinds = _SUFFIXES & {Path(need).suffix for need in layout.needs}
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in kinds):
        _check(path)
        status = path.stat()
        content = _hash(str(path.resolve()), status.st_size, status.st_mtime_ns)
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


@cache
def _hash(path: str, size: int, changed: int) -> Sha256:
    """Return a file's hash, read once for each state of it."""
    del size, changed  # they are what makes it another state
    return hash_file(Path(path))[0]


def _check(path: Path) -> None:
    """Raise Damaged unless a weight file is as long as it says and of the kind its name says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if path.suffix != ".safetensors":
            # PyTorch's own format is a zip archive, whose directory is at its end; older ones are bare pickles,
            # which are not opened at all.
            if head[:2] == b"PK" and not zipfile.is_zipfile(path):
                raise _cut_short(path)
            if head[:2] != b"PK":
                raise Damaged(f"{path} is not a PyTorch checkpoint that can be opened safely.", _AGAIN)
            return
        length = int.from_bytes(head, "little") if len(head) == 8 else 0
        if not 2 <= length <= min(_HEADER_LIMIT, size - 8):
            raise _cut_short(path)
        try:
            tensors = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in tensors.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise Damaged(f"{path} has a header that cannot be read.", _AGAIN) from None
    if 8 + length + max(ends, default=0) != size:
        raise _cut_short(path)


def _cut_short(path: Path) -> Damaged:
    return Damaged(f"{path} is cut short or has something added ({path.stat().st_size:,} bytes).", _AGAIN)
