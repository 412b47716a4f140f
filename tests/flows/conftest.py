"""Two albums of one seed, made once for all tests that look at finished albums: with Prefect and without."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from door import SMALL, Door

from pipeline.domain import Album


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
