"""What the tests of the radio have in common: encoded tones, made once, and a library's store and catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tone_studio import Encoded, encoded

from pipeline.catalogue import Catalogue
from pipeline.radio.store import Store


@pytest.fixture(scope="session")
def tone() -> Encoded:
    """Six seconds of an A."""
    return encoded(440, 6.0)


@pytest.fixture(scope="session")
def other() -> Encoded:
    """Six seconds of an E."""
    return encoded(660, 6.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A radio's folder in an empty library."""
    return Store(tmp_path)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """The catalogue of that library."""
    with Catalogue.open(tmp_path / "catalogue.db") as opened:
        yield opened
