"""Albums made once for all tests that look at them: two of one seed, with Prefect and without, and three small ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import small_label
from door import SMALL, Door
from small_disk import mounted
from small_label import SmallLabel

from pipeline.domain import Album
from pipeline.workers import Workers


@dataclass(frozen=True)
class Made:
    """A finished album: the door it was made through, what --json said, and its manifest."""

    door: Door
    said: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.door.album(self.said["slug"])

    @property
    def album(self) -> Album:
        """Its manifest."""
        return Album.model_validate_json((self.folder / "album.json").read_bytes())


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder shared by all, so that Prefect sets up its database once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def door(tmp_path: Path, home: Path) -> Door:
    """An empty library."""
    return Door(tmp_path / "library", home)


@pytest.fixture(scope="session")
def by_prefect(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Made:
    """An album made through the Prefect flow. Only to be read."""
    door = Door(tmp_path_factory.mktemp("prefect"), home)
    return Made(door, door.make(*SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a"))


@pytest.fixture(scope="session")
def by_plain(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Made:
    """The same album made with --plain. Only to be read."""
    door = Door(tmp_path_factory.mktemp("plain"), home)
    words = (*SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a", "--plain")
    return Made(door, door.make(*words))


@pytest.fixture(scope="session")
def small_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of three small albums of real sound. Only to be read."""
    root = tmp_path_factory.mktemp("small") / "library"
    small_label.build(root)
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was measured of tracks, kept for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def worker() -> Iterator[Workers]:
    """One worker process for all tests that make mixes in their own."""
    with Workers(1) as workers:
        yield workers


@pytest.fixture
def label(tmp_path: Path, small_library: Path, cache: Path, worker: Workers) -> Iterator[SmallLabel]:
    """A copy of the small library, open, to be changed."""
    with small_label.small_label(small_label.copied(small_library, tmp_path / "library"), cache, worker) as opened:
        yield opened


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 80 MB, where the machine lets us mount one."""
    with mounted(tmp_path / "disk", "80m") as place:
        yield place
