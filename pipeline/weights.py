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
from pipeline.models import fetch_command
from pipeline.shelf.atomic import hash_file

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_SUFFIXES = {".safetensors", ".bin", ".pt", ".th", ".ckpt"}
_AGAIN = "Fetch it again."
_WHOLE_FOLDER = "Name a whole checkpoint folder."
_INDEXES = (
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "diffusion_pytorch_model.safetensors.index.json",
)
"""Which pieces big weights are in: their names in the layouts of transformers and diffusers."""
_HEADER_LIMIT = 100 * 2**20
"""The longest header safetensors allows, in bytes."""
SPARE = 1 << 30
"""Bytes that a process with a model takes beside its weights: the libraries, and whatever is computed."""


@dataclass(frozen=True)
class Layout:
    """What a published kind of checkpoint looks like: the files it `needs`, as globs relative to its folder.

    A need may name alternatives: "one|other".
    """

    name: str
    needs: tuple[str, ...]


# MusicGen medium and large and CLAP are published as pytorch_model*.bin alone.
TRANSFORMERS = Layout("transformers", ("config.json", "*.safetensors|pytorch_model*.bin"))
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
    folder, revision = _folder(asked, hub, layout)
    need = missing(folder, layout.needs)
    if need is not None:
        raise BackendUnavailable(
            f"{folder} is not a checkpoint in the {layout.name} layout: {need.replace('|', ' or ')} is missing.",
            f"{_instead(folder, layout)}{f'Run: {fetch_command(asked, layout.name)}' if revision else _WHOLE_FOLDER}",
        )
    try:
        for shard in lost_shards(folder):
            raise Damaged(f"{shard} is missing, and the model is not whole without it.", _AGAIN)
        digest = _whole(folder, layout)
    except Damaged as damage:
        if not revision:
            raise
        # Without --force-download a file that has its name already is not fetched again.
        again = f"Run: {fetch_command(asked, layout.name)} --force-download"
        raise Damaged(damage.message, again) from None
    return Found(folder, Weights(name=asked, revision=revision, sha256=digest, licence=licence))


def find_file(asked: str, licence: str) -> Found:
    """Find a checkpoint that is a single file of one's own, and check it. Raises as `find_model` does."""
    path = own_path(asked)
    if not path.is_file():
        raise BackendUnavailable(f"There is no checkpoint {asked}.", "Name a file that is there.")
    check_file(path)
    digest = _hash(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns)
    return Found(path.resolve(), Weights(name=asked, revision="", sha256=digest, licence=licence))


def own_path(asked: str) -> Path:
    """Return what a person typed as a path; "~" is the home folder, "~nobody" stays what it is."""
    try:
        return Path(asked).expanduser()
    except RuntimeError:
        return Path(asked)


def missing(folder: Path, needs: tuple[str, ...]) -> str | None:
    """Return the first of the needed files that is not in a folder, or None when all are there.

    A link whose file is gone, as a broken download leaves it, counts as not there.
    """
    for need in needs:
        if not any(path.is_file() for glob in need.split("|") for path in folder.glob(glob)):
            return need
    return None


def lost_shards(folder: Path) -> list[Path]:
    """Return the pieces of weights that a folder's indexes name and that are not there."""
    lost: set[Path] = set()
    for index in (path for name in _INDEXES for path in folder.rglob(name) if path.is_file()):
        try:
            names = set(json.loads(index.read_bytes())["weight_map"].values())
            pieces = {index.parent / Path(str(name)).name for name in names}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Damaged(f"{index} cannot be read.", _AGAIN) from None
        absent = {piece for piece in pieces if not piece.is_file()}
        # A page may hold the same weights in two formats, of which one is fetched: its other index says nothing.
        if absent != pieces:
            lost |= absent
    return sorted(lost)


def _folder(asked: str, hub: Path, layout: Layout) -> tuple[Path, str]:
    """Return a model's folder and its commit: a folder of one's own, or the hub's cache."""
    own = own_path(asked)
    if asked and own.is_dir():
        return own.resolve(), ""
    if asked.startswith((".", "~", "/")) or not _HUB_NAME.fullmatch(asked):
        raise BackendUnavailable(
            f"There is no model folder {asked}.",
            "Name a folder that is there, or a model of the hub such as facebook/musicgen-small.",
        )
    cache = hub.expanduser() / f"models--{asked.replace('/', '--')}"
    try:
        revision = (cache / "refs" / "main").read_text(encoding="ascii").strip()
    except OSError:
        revision = ""
    folder = cache / "snapshots" / revision
    if not revision or not folder.is_dir():
        raise BackendUnavailable(
            f"The model {asked} is not on this machine.", f"Run: {fetch_command(asked, layout.name)}"
        )
    return folder, revision


def _instead(folder: Path, layout: Layout) -> str:
    """Say which layout a folder has instead, or nothing when it has none."""
    for other in LAYOUTS:
        if other != layout and missing(folder, other.needs) is None:
            return f"It is one in the {other.name} layout. "
    return ""


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a folder that hold weights, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and not path.is_dir())


def footprint(*models: Path) -> int:
    """Return the bytes of memory a process takes that has loaded these models, roughly: folders, or single files."""
    size = 0
    for model in models:
        files = [model] if model.is_file() else weight_files(model)
        # Where a folder holds the same weights twice, the old format is not opened.
        size += sum(path.stat().st_size for path in [f for f in files if f.suffix == ".safetensors"] or files)
    return size + SPARE


def _whole(folder: Path, layout: Layout) -> Sha256:
    """Check every weight file of a folder that is of a kind its layout loads; return one hash over them all.

    A hub's folder often holds the same weights a second time in an old format, which nothing here opens.
    Raises Damaged.
    """
    met = (next((either for either in need.split("|") if any(folder.glob(either))), need) for need in layout.needs)
    kinds = {Path(need).suffix for need in met}
    digest = hashlib.sha256()
    for path in weight_files(folder):
        if path.suffix not in kinds:
            continue
        check_file(path)
        status = path.stat()
        content = _hash(str(path.resolve()), status.st_size, status.st_mtime_ns)
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


@cache
def _hash(path: str, size: int, changed: int) -> Sha256:
    """Return a file's hash, read once for each state of it."""
    del size, changed  # they are what makes it another state
    return hash_file(Path(path))[0]


def check_file(path: Path) -> None:
    """Raise Damaged unless a weight file is as long as it says and of the kind its name says."""
    if not path.is_file():
        raise Damaged(f"{path} is a link to a file that is not there.", _AGAIN)
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
