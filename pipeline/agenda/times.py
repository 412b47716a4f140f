"""Months, seasons, weekdays and hours, as people write them in the programme."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeGuard

from pydantic import BeforeValidator

Season = Literal["spring", "summer", "autumn", "winter"]
Hemisphere = Literal["north", "south"]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEASONS: tuple[Season, ...] = ("winter", "spring", "summer", "autumn")
_SHORTEST = 3
_RANGE = re.compile(r"(\w+)(?:\s*-\s*(\w+))?")


def season_of(month: int, hemisphere: Hemisphere) -> Season:
    """Return the meteorological season of a month from 1 to 12: winter is December to February in the north."""
    return _SEASONS[(month % 12 // 3 + (2 if hemisphere == "south" else 0)) % 4]


def texts(value: object) -> object:
    """Let one text stand for a list of one."""
    return [value] if isinstance(value, str) else value


def names(value: object) -> object:
    """Let one text with commas stand for a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _listed(value: object) -> list[object]:
    """Return what was written as a list, or as one text with commas; never empty."""
    named = names(value)
    parts: list[object] = list(named) if isinstance(named, list | tuple) else [named]
    if not parts or "" in parts:
        raise ValueError("that never comes: name at least one, or leave the line out")
    return parts


def _named(text: str, names: tuple[str, ...], what: str) -> int:
    """Return which of the names is meant; its first letters do."""
    for number, name in enumerate(names):
        if len(text) >= _SHORTEST and name.casefold().startswith(text.casefold()):
            return number
    raise ValueError(f"there is no {what} {text!r}")


def _around(value: object, names: tuple[str, ...], what: str) -> tuple[int, ...]:
    """Read names and ranges of names such as "November-February", both ends included, by their place in `names`."""
    found: list[int] = []
    for part in _listed(value):
        match = _RANGE.fullmatch(part) if isinstance(part, str) else None
        if match is None:
            raise ValueError(f"{str(part)!r} is no {what} such as {names[0]!r} or {names[0]}-{names[2]}")
        first = _named(match[1], names, what)
        last = first if match[2] is None else _named(match[2], names, what)
        found += [(first + step) % len(names) for step in range((last - first) % len(names) + 1)]
    return tuple(sorted(set(found)))


def _read_already(value: object) -> TypeGuard[tuple[int, ...]]:
    """Whether it is no text or list of a file's but what one was read as, () where a line was left out."""
    return isinstance(value, tuple) and all(type(each) is int for each in value)


def _months(value: object) -> tuple[int, ...]:
    if _read_already(value):
        return value
    value = [value] if type(value) is int else value
    if isinstance(value, list | tuple) and value and all(type(each) is int for each in value):
        if wrong := [each for each in value if not 1 <= each <= len(MONTHS)]:
            raise ValueError(f"there is no month {wrong[0]}")
        return tuple(sorted(set(value)))
    return tuple(number + 1 for number in _around(value, MONTHS, "month"))


def _weekdays(value: object) -> tuple[int, ...]:
    if _read_already(value):
        return value
    return _around(value, WEEKDAYS, "weekday")


def _hours(value: object) -> tuple[int, ...]:
    """Read "22-5" (from 22:00 until before 5:00), several of them, or plain hours."""
    if _read_already(value):
        return value
    found: list[int] = []
    for part in _listed(value):
        match = _RANGE.fullmatch(str(part)) if type(part) in (int, str) else None
        if match is None or not match[1].isdecimal() or not (match[2] or "0").isdecimal():
            raise ValueError(f"{part!r} is no hour such as 7 and no span such as '22-5'")
        first, last = int(match[1]), int(match[2] if match[2] is not None else match[1]) + (match[2] is None)
        if first > 23 or last > 24:
            raise ValueError(
                f"there is no hour {first if first > 23 else last}: they go from 0 to 23, and a span ends at 24 at most"
            )
        if first == last:
            raise ValueError(f"{part!r} never comes: it ends where it begins")
        found += [(first + step) % 24 for step in range((last - first) % 24 or 24)]
    return tuple(sorted(set(found)))


def _seasons(value: object) -> object:
    if isinstance(value, tuple):
        return value
    return tuple(part.casefold() if isinstance(part, str) else part for part in _listed(value))


Months = Annotated[tuple[int, ...], BeforeValidator(_months)]
"""From 1, January."""
Weekdays = Annotated[tuple[int, ...], BeforeValidator(_weekdays)]
"""From 0, Monday."""
Hours = Annotated[tuple[int, ...], BeforeValidator(_hours)]
"""From 0 to 23, each a whole hour."""
Seasons = Annotated[tuple[Season, ...], BeforeValidator(_seasons)]
