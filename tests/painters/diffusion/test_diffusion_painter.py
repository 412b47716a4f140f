"""A whole cover from tiny checkpoints, and a picture for every track."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import papers
import pytest

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
            device="cpu",
        )
    )
    assert studio.painter.backend.name == "diffusion" and set(studio.modelled) == {"painter"}


def test_every_track_gets_the_picture_that_fits_its_title(turbo: Any) -> None:
    """One each, in the tracks' order, by the best total of CLIP's likeness: no other way to deal them is better."""
    from pipeline.painters.diffusion.eye import Eye

    plan = papers.plan(tracks=("Gutter Song", "Slow Drops", "Umbrella Weather", "Dry Socks"))
    pictures = turbo.paint_tracks(plan, 3)
    assert [picture.track for picture in pictures] == [1, 2, 3, 4]
    assert len({picture.picture.tobytes() for picture in pictures}) == 4

    import torch

    eye = Eye(turbo._clip, torch.device("cpu"))
    likeness = eye.similarity([p.picture for p in pictures], [track.title for track in plan.tracks])
    assert [p.likeness for p in pictures] == pytest.approx(likeness.diagonal().tolist(), abs=1e-6)
    best = max(sum(likeness[p, t] for t, p in enumerate(order)) for order in permutations(range(4)))
    assert likeness.trace() == pytest.approx(best, abs=1e-6)
