"""A programme of tiny albums, a clock that the test moves, and what a shift is done with."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
START = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)

THEMES = """
[themes.rain]
words = ["rain on a tin roof", "rain on a tent", "rain on the harbour"]
[themes.train]
words = ["night train", "last train home", "a train in the snow"]
[album]
tracks = 1
seconds = 10.0
takes = 1
[rules]
theme_days = 0
"""


def programme_folder(place: Path, rest: str = "[budgets]\nfree_gb = 0.01\n") -> Path:
    """Return a copy of the prompts with a programme of tiny albums, and what else the test says."""
    if not place.exists():
        shutil.copytree(ROOT / "prompts", place)
    (place / "programme.toml").write_text(THEMES + rest)
    return place


class Hands:
    """The hands of a clock, on the wall and of the kind that nobody can set."""

    def __init__(self, start: datetime = START) -> None:
        self.wall, self.seconds = start, 1000.0

    def clock(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.seconds

    def go(self, minutes: float) -> None:
        """Let time pass."""
        self.wall += timedelta(minutes=minutes)
        self.seconds += 60 * minutes

    def set(self, minutes: float) -> None:
        """Set the clock on the wall, while no time passes."""
        self.wall += timedelta(minutes=minutes)
