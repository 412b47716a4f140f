"""A whole cover from tiny checkpoints, and a picture for every track."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import papers
import pytest
from where import DEVICE

from pipeline.errors import BackendFailed
from pipeline.settings import Settings
from pipeline.studio import open_studio

pytestmark = pytest.mark.neural

TinyModel = Callable[[str], Path]
Open = Callable[..., Any]


@pytest.fixture
def turbo(open_painter: Open, tiny_model: TinyModel) -> Any:
    return open_painter(tiny_model("stable-diffusion-turbo"), candidates=3)


def test_a_cover_can_be_painted_again(turbo: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """The same plan and seed give the same bytes; another seed another picture; nothing is written on the screen."""
    plan = papers.plan()
    turbo.paint(plan, 4)  # whatever the libraries say when they are imported is not ours
    capfd.readouterr()
    first, again, other = (turbo.paint(plan, seed) for seed in (5, 5, 6))
    assert capfd.readouterr() == ("", "")
    assert np.array_equal(first.cover, again.cover) and np.array_equal(first.thumbnail, again.thumbnail)
    assert first.why == again.why
    assert not np.array_equal(first.cover, other.cover)


def test_the_studio_opens_it_by_name(tiny_model: TinyModel) -> None:
    """`--painter diffusion` with its settings is all it takes; the part has a process of its own."""
    studio = open_studio(
        Settings(
            painter="diffusion",
            diffusion_model=str(tiny_model("stable-diffusion-turbo")),
            clip_model=str(tiny_model("open-clip")),
            device=DEVICE,
        )
    )
    assert studio.painter.backend.name == "diffusion" and set(studio.modelled) == {"painter"}


def test_every_track_gets_the_picture_that_fits_its_title(turbo: Any) -> None:
    """One each, by the best total of CLIP's likeness: no other way to deal them is better."""
    plan = papers.plan(tracks=("Gutter Song", "Slow Drops", "Umbrella Weather", "Dry Socks"))
    pictures = sorted(turbo.illustrate(plan, 3, 128), key=lambda made: made.track)
    assert [made.track for made in pictures] == [1, 2, 3, 4] == sorted(made.painted_for for made in pictures)
    assert len({made.picture.tobytes() for made in pictures}) == 4
    likeness = np.array([made.likeness for made in pictures])
    assert likeness.shape == (4, 4)
    best = max(sum(likeness[p, t] for t, p in enumerate(order)) for order in permutations(range(4)))
    assert likeness.trace() == pytest.approx(best, abs=1e-6)


def test_a_track_whose_picture_is_of_no_use_goes_without(copy_of: TinyModel, open_painter: Open) -> None:
    """The safety checker flags all: that is said. It flags both tries for one track: the others have theirs."""
    import torch

    plan = papers.plan(tracks=("Gutter Song", "Slow Drops", "Dry Socks"))
    painter = open_painter(copy_of("stable-diffusion-flagging"))
    checker = painter._easel()._pipe.safety_checker
    scores: list[float] = []

    def listen(_module: object, _given: object, seen: torch.Tensor) -> None:
        scores.append(float(torch.nn.functional.cosine_similarity(seen, checker.concept_embeds).max()))

    listening = checker.visual_projection.register_forward_hook(listen)
    with pytest.raises(BackendFailed, match="None of 6 pictures could be used: 6 flagged"):
        list(painter.illustrate(plan, 3, 128))
    listening.remove()
    better = [min(tries) for tries in zip(scores[::2], scores[1::2], strict=True)]
    checker.concept_embeds_weights.data.fill_(sum(sorted(better)[-2:]) / 2)
    made = list(painter.illustrate(plan, 3, 128))
    assert {picture.painted_for for picture in made} == {1, 2, 3} - {better.index(max(better)) + 1}
    assert len({picture.track for picture in made}) == 2 and all(len(picture.likeness) == 3 for picture in made)


def test_opening_it_loads_no_model_library(tiny_model: TinyModel) -> None:
    """The process that queues the work has no use for PyTorch."""
    script = f"""
import sys
from pathlib import Path
from pipeline.painters.diffusion.painter import DiffusionPainter
model, clip = {str(tiny_model("stable-diffusion-turbo"))!r}, {str(tiny_model("open-clip"))!r}
DiffusionPainter(model, clip, 2, Path("none"), "auto", "auto").backend
print([name for name in ("torch", "diffusers", "transformers", "open_clip") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
