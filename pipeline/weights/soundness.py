"""Whether a file of weights is whole and of the kind its name says, from its size and its header alone."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from pipeline.errors import DamagedModel
from pipeline.weights.hub import again

_HEADER_LIMIT = 100 * 2**20
"""The longest header safetensors allows, in bytes."""


def check_file(path: Path) -> None:
    """Raise DamagedModel unless a weight file is there, as long as it says and of the kind its name says."""
    if not path.is_file():
        raise DamagedModel(f"{path} is missing, and the model is not whole without it.", again(path))
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if path.suffix != ".safetensors":
            # PyTorch's own format is a zip archive, whose directory is at its end; older ones are bare pickles,
            # which are not opened at all.
            if head[:2] == b"PK" and not zipfile.is_zipfile(path):
                raise _cut_short(path)
            if head[:2] != b"PK":
                raise DamagedModel(f"{path} is not a PyTorch checkpoint that can be opened safely.", again(path))
            return
        length = int.from_bytes(head, "little") if len(head) == 8 else 0
        if not 2 <= length <= min(_HEADER_LIMIT, size - 8):
            raise _cut_short(path)
        try:
            tensors = json.loads(file.read(length))
            ends = [int(entry["data_offsets"][1]) for name, entry in tensors.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            raise DamagedModel(f"{path} has a header that cannot be read.", again(path)) from None
    if 8 + length + max(ends, default=0) != size:
        raise _cut_short(path)


def _cut_short(path: Path) -> DamagedModel:
    return DamagedModel(f"{path} is cut short or has something added ({path.stat().st_size:,} bytes).", again(path))
