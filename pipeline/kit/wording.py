"""Plain English around facts: numbers, lists, lengths, keys, and which of several good sentences a work gets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from pipeline.domain import Key

T = TypeVar("T")

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def chosen(name: str, place: str, forms: Sequence[T]) -> T:
    """Return one of several forms, by the hash of a work's slug and the place in the text: the same every time."""
    return forms[_draw(name, place) % len(forms)]


def shuffled(name: str, place: str, forms: Sequence[T]) -> list[T]:
    """Return the forms in an order of the work's own, the same every time."""
    numbered = sorted(range(len(forms)), key=lambda number: _draw(name, f"{place}/{number}"))
    return [forms[number] for number in numbered]


def number(count: int) -> str:
    """Return a number as it reads in a sentence: words up to twelve."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"


def counted(count: int, thing: str) -> str:
    """Return "one piece" or "eight pieces"."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def some(words: Sequence[str], most: int) -> str:
    """Return the first `most` words as a list that says how many more there are."""
    left = len(words) - most
    return listed(words if left <= 0 else [*words[:most], f"{left:,} more"])


def length(seconds: float) -> str:
    """Return "34 minutes" or "five hours and two minutes", whole minutes rounded down; under a minute, seconds."""
    if seconds < 60:
        return counted(int(seconds), "second")
    hours, minutes = divmod(int(seconds) // 60, 60)
    return listed([counted(count, unit) for count, unit in ((hours, "hour"), (minutes, "minute")) if count])


def roughly(seconds: float) -> str:
    """Return the length for a title, in figures: whole hours rounded down, or minutes, or seconds."""
    size, unit = next(
        ((size, unit) for size, unit in ((3600, "hour"), (60, "minute")) if seconds >= size), (1, "second")
    )
    count = int(seconds) // size
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def key_name(key: Key) -> str:
    """Return a key with its signs: "C♯ minor", "B♭ major". A number sign would begin a hashtag."""
    tonic, mode = str(key).split()
    return f"{tonic.replace('#', '♯').replace('b', '♭')} {mode}"


def sentence(text: str) -> str:
    """Return `text` with a capital at its start, also within quotation marks."""
    start = 1 if text[:1] == "“" else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def quoted(text: str) -> str:
    """Return text in curled quotation marks; its own straight ones become single."""
    return f"“{text.replace('“', '‘').replace('”', '’').replace(chr(34), '’')}”"


def _draw(name: str, place: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{name}/{place}".encode()).digest()[:8], "big")
