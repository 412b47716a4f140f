"""Checkpoints published in PyTorch's own format alone, as MusicGen medium and large and CLAP are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from where import DEVICE

pytestmark = pytest.mark.neural


def as_bin(folder: Path, to: Path) -> Path:
    """Copy a checkpoint with its weights as pytorch_model.bin."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(load_file(folder / "model.safetensors"), to / "pytorch_model.bin")
    return to


def test_clap_in_the_old_format_hears_the_same(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """The judge's towers are the same model in both formats."""
    import numpy as np

    from pipeline.audio.clip import Clip
    from pipeline.judges.clap.judge import ClapJudge
    from pipeline.judges.signal import SignalJudge

    new, old = tiny_model("clap"), as_bin(tiny_model("clap"), tmp_path / "clap")
    clip = Clip((0.1 * np.random.default_rng(1).standard_normal((48_000 * 10, 1))).astype(np.float32), 48_000)
    matches = [
        ClapJudge(clap_model=str(folder), hub=tmp_path, device=DEVICE, precision="float32", ears=SignalJudge()).match(
            [clip], ["rain on a roof", "a brass band"]
        )
        for folder in (new, old)
    ]
    assert np.allclose(matches[0], matches[1], atol=1e-5)


def test_musicgen_in_the_old_format_plays(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """Its size is known before it is loaded, and it renders."""
    from contracts.test_musician import order

    from pipeline.musicians.musicgen.musician import MusicGen

    old = as_bin(tiny_model("musicgen"), tmp_path / "musicgen")
    musician = MusicGen(musicgen_model=str(old), hub=tmp_path, device=DEVICE, precision="float32")
    assert musician.batch >= 1
    (rendering,) = musician.render([order(1, seconds=10.0)])
    assert rendering.clip.seconds >= 9
