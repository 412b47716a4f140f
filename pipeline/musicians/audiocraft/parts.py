"""The models a checkpoint needs and does not bring: the T5 that reads its prompts, an EnCodec, a Demucs, a diffusion.

audiocraft looks them up by bare name, in the working directory or on the hub. Here each has places it is looked for
in, all on this machine, and its folder is what audiocraft is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Weights
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.models import META_USUAL, T5_USUAL, fetch_command
from pipeline.musicians.audiocraft.checkpoint import Anatomy, examine
from pipeline.weights import TRANSFORMERS, Found, Layout, again, find_file, find_model, own_path
from pipeline.weights.hub import Published, is_own, published, snapshot

MULTIBAND_FILE = "mbd_musicgen_32khz.th"
FETCH_MULTIBAND = f"Run: uv run --extra neural hf download facebook/multiband-diffusion {MULTIBAND_FILE}"
_MULTIBAND = Layout("MultiBand Diffusion", (MULTIBAND_FILE,))
_T5_FILES = "--include '*.json' --include '*.safetensors' --include spiece.model"
_DEMUCS = "955717e8-*.th"
"""htdemucs, which audiocraft's melody models were trained with; after the dash comes the start of its sha256."""

FETCH_DEMUCS = f"Run: {fetch_command('htdemucs')}"


@dataclass(frozen=True)
class Files:
    """Every file one model is built from, found and checked: what a worker needs to load it."""

    folder: Path
    anatomy: Anatomy
    text_encoder: Path
    codec: Path | None = None
    demucs: Path | None = None


@dataclass(frozen=True)
class Parts:
    """A model's files, and what is to be credited beside the checkpoint itself."""

    files: Files
    found: tuple[Found, ...]

    @property
    def weights(self) -> tuple[Weights, ...]:
        """What is to be credited."""
        return tuple(found.weights for found in self.found)

    def cannot_follow(self) -> BackendUnavailable | None:
        """Say why the model cannot follow a tune; None when it can."""
        if not self.files.anatomy.melody:
            return BackendUnavailable(
                f"{self.files.folder} cannot follow a melody.",
                "Set LOFI_AUDIOCRAFT_MODEL to a melody model such as facebook/musicgen-melody.",
            )
        if self.files.demucs is None:
            return BackendUnavailable(
                "To follow a melody the model needs Demucs, which is not on this machine.", FETCH_DEMUCS
            )
        return None


def find_parts(checkpoint: Found, text_model: str | None, hub: Path) -> Parts:
    """Find everything a checkpoint needs beside itself.

    Raises BackendUnavailable and DamagedModel. A Demucs that is missing is no error: only following a tune needs it.
    """
    folder = checkpoint.path
    anatomy = examine(folder)
    text = find_text_encoder(anatomy, text_model, folder, hub)
    codec = find_codec(anatomy, hub)
    demucs = find_demucs(folder) if anatomy.melody else None
    files = Files(folder, anatomy, text.path, codec.path if codec else None, demucs.path if demucs else None)
    return Parts(files, tuple(found for found in (text, codec, demucs) if found))


def find_text_encoder(anatomy: Anatomy, asked: str | None, beside: Path, hub: Path) -> Found:
    """Find the T5 that reads the prompts: the one asked for, else in the checkpoint, beside it, or on the hub.

    Raises BackendUnavailable when it is not here or of another size, DamagedModel when it is broken.
    """
    name = anatomy.text_encoder
    found = find_model(asked, TRANSFORMERS, T5_USUAL, hub) if asked else _usual_text_encoder(name, beside, hub)
    if not any((found.path / file).is_file() for file in ("tokenizer.json", "spiece.model")):
        raise BackendUnavailable(f"{found.path} has no tokenizer.", f"Run: {_fetch(_on_hub(name), _T5_FILES)}")
    try:
        width = json.loads((found.path / "config.json").read_text(encoding="utf-8"))["d_model"]
    except (OSError, ValueError, LookupError, TypeError):
        raise DamagedModel(f"{found.path}/config.json cannot be read.", again(found.path / "config.json")) from None
    if width != anatomy.text_width:
        raise BackendUnavailable(
            f"The text model in {found.path} has vectors of {width}, and the checkpoint wants {anatomy.text_width}.",
            f"It was trained with {name}: leave LOFI_TEXT_MODEL unset, or name that one.",
        )
    return found


def _usual_text_encoder(name: str, beside: Path, hub: Path) -> Found:
    if published(_on_hub(name)) is None:
        # The name comes out of the checkpoint: it must not lead anywhere else.
        raise BackendUnavailable(f"The checkpoint wants a text model called {name!r}.", "Name another checkpoint.")
    bare = snapshot(Published(name), hub)  # as it is cached by whoever asked the hub for it without its owner
    for folder in (beside / name, beside.parent / name, bare):
        if folder is not None and folder.is_dir():
            return find_model(str(folder), TRANSFORMERS, T5_USUAL, hub)
    try:
        return find_model(_on_hub(name), TRANSFORMERS, T5_USUAL, hub)
    except BackendUnavailable as error:
        raise BackendUnavailable(
            f"The text model {name}, which the checkpoint needs, is not on this machine.",
            f"Run: {_fetch(_on_hub(name), _T5_FILES)}, or name its folder with LOFI_TEXT_MODEL.",
        ) from error


def find_codec(anatomy: Anatomy, hub: Path) -> Found | None:
    """Find the EnCodec of the hub that a checkpoint uses; None when it brings its own."""
    if not anatomy.codec:
        return None
    if "/" not in anatomy.codec or published(anatomy.codec) is None:
        raise BackendUnavailable(f"The codec {anatomy.codec} is not supported.", "Name a checkpoint with an EnCodec.")
    found = find_model(anatomy.codec, TRANSFORMERS, META_USUAL, hub)
    if any(path.suffix != ".safetensors" for path in found.files):
        raise BackendUnavailable(f"{found.path} has no safetensors; others are not opened.", again(found.path))
    return found


def find_multiband(asked: str, hub: Path) -> Found:
    """Find MultiBand Diffusion for MusicGen: its folder, its file, or its name on the hub."""
    if is_own(asked) and own_path(asked).is_file():
        return find_file(asked, META_USUAL)
    try:
        found = find_model(asked, _MULTIBAND, META_USUAL, hub)
    except BackendUnavailable as error:
        raise BackendUnavailable(
            f"MultiBand Diffusion is not on this machine: {error.message}",
            error.remedy,
        ) from error
    return Found(found.path / MULTIBAND_FILE, found.weights, found.files)


def find_demucs(folder: Path) -> Found | None:
    """Find the Demucs that takes the drums and the bass out of a tune, in the checkpoint or where Demucs puts its own.

    Raises DamagedModel when it is not the file that its name says.
    """
    import torch  # which knows where that is

    for place in (folder, Path(torch.hub.get_dir()) / "checkpoints"):
        for path in sorted(place.glob(_DEMUCS)):
            try:
                found = find_file(str(path), "the published Demucs is MIT")
            except DamagedModel as damage:
                raise DamagedModel(damage.message, FETCH_DEMUCS) from None
            if not found.weights.sha256.startswith(path.stem.partition("-")[2]):
                raise DamagedModel(f"{path} is not what its name says.", FETCH_DEMUCS)
            return found
    return None


def _on_hub(name: str) -> str:
    return name if "/" in name else f"google-t5/{name}"


def _fetch(name: str, files: str) -> str:
    return f"uv run --extra neural hf download {name} {files}"
