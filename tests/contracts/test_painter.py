"""What every painter promises, whatever it paints with."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import papers
import pytest
from where import DEVICE

from pipeline.domain import AlbumPlan
from pipeline.painters.offline.painter import OfflinePainter
from pipeline.roles import Illustration, Illustrator, Painter, Painting

TinyModel = Callable[[str], Path]


def diffusion(tiny_model: TinyModel) -> Painter:
    from pipeline.painters.diffusion.painter import DiffusionPainter

    model, clip = (str(tiny_model(name)) for name in ("stable-diffusion", "open-clip"))
    return DiffusionPainter(model, clip, candidates=2, hub=Path("none"), device=DEVICE, precision="auto")


PAINTERS: dict[str, Callable[[TinyModel], Painter]] = {"offline": lambda _: OfflinePainter(), "diffusion": diffusion}


@pytest.fixture(scope="module", params=["offline", pytest.param("diffusion", marks=pytest.mark.neural)])
def painter(request: pytest.FixtureRequest, tiny_model: TinyModel) -> Painter:
    return PAINTERS[request.param](tiny_model)


@pytest.fixture(scope="module")
def plan() -> AlbumPlan:
    harbour = "a harbour at first light, a lighthouse, still sea"
    theme = "a quiet harbour before the boats leave"
    return papers.plan("Harbour Clocks", ("Harbour Clocks", "Rope and Salt")).but(theme=theme, cover_prompt=harbour)


@pytest.fixture(scope="module")
def painting(painter: Painter, plan: AlbumPlan) -> Painting:
    return painter.paint(plan, 5)


def test_it_is_a_painter_with_a_name_and_a_licence(painter: Painter) -> None:
    """A cover can be credited."""
    assert isinstance(painter, Painter)
    assert painter.backend.name
    assert painter.backend.version
    assert painter.backend.licence


def test_the_cover_and_thumbnail_have_the_sizes_platforms_ask_for(painting: Painting) -> None:
    """The cover is 3000 x 3000, the thumbnail 1280 x 720, both 8-bit RGB."""
    assert painting.cover.shape == (3000, 3000, 3)
    assert painting.thumbnail.shape == (720, 1280, 3)
    assert painting.cover.dtype == painting.thumbnail.dtype == np.uint8


def test_the_pictures_are_not_flat(painting: Painting) -> None:
    """There is dark, there is light, and there is more than one colour."""
    for picture in (painting.cover[::4, ::4], painting.thumbnail[::4, ::4]):
        low, high = np.percentile(picture.mean(-1), [2, 98])
        assert high - low > 60
        assert np.abs(picture[..., 0].astype(int) - picture[..., 2]).mean() > 4


def test_it_says_what_it_painted_and_why(painting: Painting) -> None:
    """A reviewer reads the scene, the palette and one sentence about the choice."""
    assert painting.scene
    assert painting.palette
    assert painting.why.endswith(".")
    assert any(char.isdigit() for char in painting.why)


@pytest.fixture(scope="module")
def pictures(painter: Painter, plan: AlbumPlan) -> list[Illustration]:
    return illustrated(painter, plan)


def illustrated(painter: Painter, plan: AlbumPlan, seed: int = 5) -> list[Illustration]:
    assert isinstance(painter, Illustrator)
    return sorted(painter.illustrate(plan, seed, 200), key=lambda made: made.track)


def test_every_track_gets_a_picture_of_its_own(pictures: list[Illustration]) -> None:
    """One each, of the size asked for, none like the other, none flat."""
    assert [made.track for made in pictures] == [1, 2] == sorted(made.painted_for for made in pictures)
    for made in pictures:
        assert made.picture.shape == (200, 200, 3) and made.picture.dtype == np.uint8
        low, high = np.percentile(made.picture.mean(-1), [2, 98])
        assert high - low > 40 and made.scene and made.palette
    assert not np.array_equal(pictures[0].picture, pictures[1].picture)


def test_pictures_of_tracks_depend_on_the_seed_alone(
    painter: Painter, plan: AlbumPlan, pictures: list[Illustration]
) -> None:
    """The same plan and seed give the same pictures; another seed others."""
    again, other = illustrated(painter, plan), illustrated(painter, plan, 6)
    for first, second, third in zip(pictures, again, other, strict=True):
        assert np.array_equal(first.picture, second.picture) and first.likeness == second.likeness
        assert not np.array_equal(first.picture, third.picture)


def test_it_can_be_sent_to_a_worker(painter: Painter) -> None:
    """Workers receive the painter pickled."""
    assert pickle.loads(pickle.dumps(painter)).backend == painter.backend
