"""What a file of torch.save holds, without PyTorch and without its numbers: a shape in the place of every tensor.

Looking at a checkpoint should not cost the seconds and the memory that PyTorch takes to load. The file is a zip archive
with a pickle inside; a pickle runs what it names, so here it may name nothing but tensors and ordered tables.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import DamagedModel

_LONGEST = 1 << 26  # bytes of the pickle: that of MusicGen large is a thousandth of it


@dataclass(frozen=True)
class Outline:
    """A tensor's shape."""

    shape: tuple[int, ...]


def outline(path: Path) -> dict[str, Any]:
    """Return what a file holds. Raises DamagedModel, saying what else than tensors and plain values is in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            (entry,) = (each for each in archive.infolist() if each.filename.endswith("/data.pkl"))
            if entry.file_size > _LONGEST:
                raise ValueError("its table of contents is too long")
            package = _Reader(io.BytesIO(archive.read(entry))).load()
    except _Stranger as stranger:
        raise DamagedModel(
            f"{path} holds more than weights ({stranger}) and is not opened.", "Fetch it again from its publisher."
        ) from None
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises whatever it likes
        why = str(error).partition("\n")[0] or type(error).__name__
        raise DamagedModel(f"{path} does not open: {why}", "Fetch it again.") from None
    if not isinstance(package, dict):
        raise DamagedModel(f"{path} is not a checkpoint: it holds a {type(package).__name__}.", "Fetch it again.")
    return package


class _Stranger(Exception):
    """A pickle names something that is neither a tensor nor a table."""


class _Kind:
    """Stands for a type of numbers, of which nothing is asked."""


def _tensor(storage: object, offset: int, shape: tuple[int, ...], *_: object) -> Outline:
    del storage, offset  # where its numbers are
    return Outline(tuple(shape))


def _parameter(tensor: Outline, *_: object) -> Outline:
    return tensor


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name.endswith("Storage"):
            return _Kind
        if (module, name) not in _KNOWN:
            raise _Stranger(f"{module}.{name}")
        return _KNOWN[module, name]

    def persistent_load(self, place: object) -> None:
        """Leave the numbers where they are."""
