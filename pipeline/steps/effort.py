"""How much of an album's work is done: what each stage costs beside the others, so that a bar moves evenly."""

from __future__ import annotations

from pipeline.domain import Brief
from pipeline.steps.progress import Progress, Stage

COSTS: dict[Stage, float] = {"render": 1.0, "judge": 0.5, "master": 1.0, "mix": 1.2}
"""Relative cost of a second of audio in each stage; measured with benchmarks/."""

COVER_COST = 500.0
"""The same for the cover, which costs as much as this many seconds of rendering."""

PICTURE_COST = 100.0
"""And for a track's own picture."""


def whole(brief: Brief) -> float:
    """Return the cost of a whole album, in seconds of rendering."""
    takes = brief.takes * COSTS["render"] + brief.takes * COSTS["judge"]
    total = brief.tracks * brief.seconds * (takes + COSTS["master"] + COSTS["mix"]) + COVER_COST
    return total + (brief.tracks * PICTURE_COST if brief.pictures else 0)


def cost(done: Progress, brief: Brief) -> float:
    """Return the cost of one thing that is done."""
    if done.stage == "cover":
        return COVER_COST
    if done.stage == "pictures":
        return PICTURE_COST
    seconds = brief.seconds * (brief.tracks if done.stage == "mix" else 1)
    return COSTS.get(done.stage, 0.0) * seconds
