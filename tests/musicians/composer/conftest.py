"""Plans to compose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.domain import TrackPlan


@pytest.fixture(scope="session")
def plan() -> Callable[..., TrackPlan]:
    """Return a maker of plans: an ordinary two-minute track, but for what is asked otherwise."""

    def make(**changes: Any) -> TrackPlan:
        ordinary = {
            "number": 1, "title": "Paper Lanterns", "prompt": "a warm lo-fi track", "mood": "warm", "style": "jazzhop",
            "tempo": 78.0, "key": "A minor", "swing": 0.58, "groove": "boom bap", "instruments": (), "ambience": None,
            "energy": 0.5, "seconds": 120.0,
        }  # fmt: skip
        return TrackPlan.model_validate({**ordinary, **changes})

    return make
