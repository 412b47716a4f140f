"""Plans to paint."""

from __future__ import annotations

from collections.abc import Callable

import papers
import pytest

from pipeline.domain import AlbumPlan

MakePlan = Callable[..., AlbumPlan]


@pytest.fixture(scope="session")
def make_plan() -> MakePlan:
    """Build a plan whose words a test can set."""
    track = papers.track(title="One", style="chillhop", key="D minor", ambience=None, energy=0.4, seconds=60)

    def make(**changes: str) -> AlbumPlan:
        plain = {
            "title": "Quiet Hours", "theme": "an evening", "concept": "An evening.", "style": "chillhop",
            "mood": "plain", "cover_prompt": "an evening",
        }  # fmt: skip
        return papers.plan().but(**{**plain, **changes, "tracks": (track,)})

    return make
