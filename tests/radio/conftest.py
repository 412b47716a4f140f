"""Encoded tones for the tests of the radio, made once."""

from __future__ import annotations

import pytest
from tone_studio import Encoded, encoded


@pytest.fixture(scope="session")
def tone() -> Encoded:
    """Six seconds of an A."""
    return encoded(440, 6.0)


@pytest.fixture(scope="session")
def other() -> Encoded:
    """Six seconds of an E."""
    return encoded(660, 6.0)
