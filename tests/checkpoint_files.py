"""Checkpoint files written by hand, and a model hub's cache as `hf download` leaves it: no torch needed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

REVISION = "3e02990f9775c87efd8f8af10faa8bf78294b338"


def safetensors(values: int = 4) -> bytes:
    """Return a whole safetensors file of one float32 tensor."""
    header = json.dumps({"weight": {"dtype": "F32", "shape": [values], "data_offsets": [0, 4 * values]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4 * values)


def pytorch() -> bytes:
    """Return a PyTorch checkpoint as far as its container goes: a zip archive."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
    return memory.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files by their paths below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def diffusers(*weights: str) -> dict[str, bytes]:
    """Return a checkpoint in the diffusers layout whose parts hold these weight files beside their descriptions."""
    parts = sorted({path.partition("/")[0] for path in weights})
    described: dict[str, object] = {part: ["diffusers", "Some"] for part in parts}
    index = json.dumps({"_class_name": "StableDiffusionPipeline", **described}).encode()
    return {"model_index.json": index, **{path: safetensors(4 + place) for place, path in enumerate(weights)}}


def cached(hub: Path, name: str, files: dict[str, bytes], revision: str = REVISION) -> Path:
    """Put a model into a hub's cache: links named as published, to blobs named by their hash. Returns the snapshot.

    Big files (here: of weights) are named by their SHA-256, small ones by git's hash.
    """
    cache = hub / f"models--{name.replace('/', '--')}"
    snapshot = cache / "snapshots" / revision
    for path, content in files.items():
        big = path.endswith((".safetensors", ".bin", ".pt", ".th"))
        digest = (hashlib.sha256(content) if big else hashlib.sha1(b"blob %d\0" % len(content) + content)).hexdigest()
        blob = cache / "blobs" / digest
        write(blob.parent, {digest: content})
        link = snapshot / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    write(cache / "refs", {"main": revision.encode()})
    return snapshot


MUSICGEN = {"config.json": b"{}", "model.safetensors": safetensors(), "tokenizer.json": b"{}"}
AUDIOCRAFT = {"state_dict.bin": pytorch(), "compression_state_dict.bin": pytorch()}
