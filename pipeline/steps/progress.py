"""What the steps of an album tell whoever looks on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal[
    "note",
    "load",
    "plan",
    "render",
    "ambience",
    "judge",
    "choose",
    "titles",
    "cover",
    "pictures",
    "master",
    "mix",
    "release",
]


@dataclass(frozen=True)
class Progress:
    """One thing done: `stage` of the album, `track` number where there is one, and `text` for a person.

    A "note" is no stage: it is what a person should know, and may be reported more than once.
    With a `share` it is under way still: how much of it is made, from 0 to 1. What was given up is at 0 again.
    """

    stage: Stage
    text: str
    track: int | None = None
    share: float | None = None


Report = Callable[[Progress], None]
