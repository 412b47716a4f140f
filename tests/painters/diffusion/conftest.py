"""Painters on tiny checkpoints, and copies of checkpoints to damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from where import DEVICE

TinyModel = Callable[[str], Path]
Open = Callable[..., Any]


@pytest.fixture
def copy_of(tiny_model: TinyModel, tmp_path: Path) -> TinyModel:
    """A copy of a tiny checkpoint, to change."""
    return lambda name: Path(shutil.copytree(tiny_model(name), tmp_path / name))


@pytest.fixture
def open_painter(tiny_model: TinyModel, tmp_path: Path) -> Open:
    """Open a painter as the studio does, on the tiny checkpoints unless told otherwise."""

    def open_(model: Path | str | None = None, clip: Path | str | None = None, **changes: Any) -> Any:
        from pipeline.painters.diffusion.painter import DiffusionPainter

        options = {"candidates": 2, "hub": tmp_path / "hub", "device": DEVICE, "precision": "auto"} | changes
        return DiffusionPainter(
            str(model or tiny_model("stable-diffusion")), str(clip or tiny_model("open-clip")), **options
        )

    return open_


@pytest.fixture
def open_easel(tiny_model: TinyModel) -> Open:
    """Load a checkpoint by its folder, or its name among the tiny ones."""

    def open_(model: Path | str, precision: str = "float32") -> Any:
        import torch

        from pipeline.painters.diffusion.checkpoint import read_checkpoint
        from pipeline.painters.diffusion.easel import Easel

        folder = model if isinstance(model, Path) else tiny_model(model)
        return Easel(read_checkpoint(folder, folder.name), torch.device(DEVICE), getattr(torch, precision))

    return open_
