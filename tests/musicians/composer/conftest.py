"""Plans to compose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import papers
import pytest

from pipeline.domain import TrackPlan


@pytest.fixture(scope="session")
def plan() -> Callable[..., TrackPlan]:
    """Return a maker of plans: an ordinary two-minute track, but for what is asked otherwise."""

    def make(**changes: Any) -> TrackPlan:
        return papers.lanterns(**{"tempo": 78.0, "instruments": (), "ambience": None, "seconds": 120.0, **changes})

    return make
