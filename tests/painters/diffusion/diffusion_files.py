"""Changes to the files of a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def edit_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(path: Path, drop: int = 0, **changes: Any) -> None:
    """Change tensors of a safetensors file, by name with __ for dots, and leave the first `drop` out."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    for name, change in changes.items():
        tensors[name.replace("__", ".")] = change(tensors[name.replace("__", ".")]).contiguous()
    for name in sorted(tensors)[:drop]:
        del tensors[name]
    save_file(tensors, path, metadata={"format": "pt"})
