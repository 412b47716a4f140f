"""How much memory a model takes, reckoned from its files."""

from __future__ import annotations

from pathlib import Path

from pipeline.weights.layouts import SUFFIXES

SPARE = 1 << 30
"""Bytes that a process with a model takes beside its weights: the libraries, and whatever is computed."""


def footprint(*models: Path) -> int:
    """Return the bytes of memory a process takes that has loaded these models, roughly: folders, or single files."""
    return sum(sum(path.stat().st_size for path in _files(model)) for model in models) + SPARE


def _files(model: Path) -> list[Path]:
    if model.is_file():
        return [model]
    files = [path for path in model.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    # Where a folder holds the same weights twice, the old format is not opened.
    return [path for path in files if path.suffix == ".safetensors"] or files
