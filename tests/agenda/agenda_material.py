"""Programmes and pasts for the tests of the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.agenda import Entry, Made, Past, Programme, Rest, Theme, next_album

NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""A Sunday."""


def theme(name: str, weight: float = 1.0, **more: Any) -> Theme:
    return Theme(name=name, words=(more.pop("words", None) or (f"{name} at night",)), weight=weight, **more)


def programme(*themes: Theme, **tables: dict[str, Any]) -> Programme:
    """A programme of these themes without limits but those that are given."""
    plain: dict[str, Any] = {"budgets": {"free_gb": 0}, "rules": {"theme_days": 0}}
    return Programme(themes=themes or (theme("rain"), theme("snow"), theme("sea")), **(plain | tables))


def made(number: int, words: str, when: datetime = NIGHT, status: Any = "draft", **more: Any) -> Made:
    plain = {"style": None, "language": None, "seed": number, "finished": when}
    return Made(
        slug=f"album-{number}", title=f"Album {number}", theme=words, status=status, created=when, **(plain | more)
    )


def past(*albums: Made, now: datetime = NIGHT, **more: Any) -> Past:
    plain: dict[str, Any] = {"free_bytes": 10**12, "day": now.date()}
    return Past(albums=albums, **(plain | more))


def entry(found: Entry | Rest) -> Entry:
    assert isinstance(found, Entry), found
    return found


def rest(found: Entry | Rest) -> Rest:
    assert isinstance(found, Rest), found
    return found


def nights(plan: Programme, count: int, status: Any = "approved", start: datetime = NIGHT) -> list[Made]:
    """Make an album every night, each judged alike or as `status` says of its theme."""
    albums: list[Made] = []
    for night in range(count):
        now = start + timedelta(days=night)
        found = next_album(plan, past(*albums, now=now), now)
        if isinstance(found, Rest):
            continue
        said = status(found.theme) if callable(status) else status
        albums.append(
            made(night, found.theme, now, said, style=found.style, language=found.language).but(seed=found.seed)
        )
    return albums


def counts(plan: Programme, albums: Sequence[Made]) -> dict[str, int]:
    """How many albums there are of each theme."""
    return {each.name: sum(each.says(album.theme) for album in albums) for each in plan.themes}
