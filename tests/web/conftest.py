"""The library that the tests of the web look at, and the room over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from review_room import HOST, build_takes, open_app
from small_label import copied
from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library with one album that nobody changes, and a cache."""
    root = tmp_path_factory.mktemp("room")
    build_takes(root / "library", root / "cache")
    return root / "library", root / "cache"


@pytest.fixture
def library(shared: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of it, to decide on."""
    return copied(shared[0], tmp_path / "library")


@pytest.fixture
def cache(shared: tuple[Path, Path]) -> Path:
    """Where small covers are kept."""
    return shared[1]


@pytest.fixture(scope="module")
def reader(shared: tuple[Path, Path]) -> Iterator[TestClient]:
    """A browser that only looks."""
    with open_app(*shared) as app, TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(library: Path, cache: Path) -> Iterator[TestClient]:
    """A browser that may decide."""
    with open_app(library, cache) as app, TestClient(app, base_url=f"http://{HOST}") as browser:
        yield browser
