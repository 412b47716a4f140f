"""Plans to paint."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.domain import AlbumPlan, Key, TrackPlan

MakePlan = Callable[..., AlbumPlan]


@pytest.fixture(scope="session")
def make_plan() -> MakePlan:
    """Build a plan whose words a test can set."""
    track = TrackPlan(
        number=1,
        title="One",
        prompt="soft keys",
        mood="calm",
        style="chillhop",
        tempo=78,
        key=Key.parse("D minor"),
        swing=0.58,
        groove="lazy",
        instruments=("keys",),
        ambience=None,
        energy=0.4,
        seconds=60,
    )

    def make(**changes: str) -> AlbumPlan:
        fields = {
            "title": "Quiet Hours",
            "theme": "an evening",
            "language": "en",
            "concept": "An evening.",
            "style": "chillhop",
            "mood": "plain",
            "cover_prompt": "an evening",
            **changes,
        }
        return AlbumPlan.model_validate({**fields, "tracks": (track,)})

    return make
