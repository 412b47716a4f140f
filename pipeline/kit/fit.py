"""Making text fit: how platforms count it, and shortening that leaves whole words and whole signs."""

from __future__ import annotations

import unicodedata

_TAIL = " ,;:.–—-/|(“‘\u200c\u200d"
"""What may not stand before an ellipsis."""


def units(text: str) -> int:
    """Return the length as browsers count it, in UTF-16 units: an emoji beyond the first plane is two."""
    return len(text.encode("utf-16-le")) // 2


def octets(text: str) -> int:
    """Return the length in bytes of UTF-8. It is never less than `units`."""
    return len(text.encode())


def shortened(text: str, limit: int) -> str:
    """Return `text` in at most `limit` units, cut after a word where one ends in its second half, with an ellipsis.

    A sign is not cut in two: joined emoji, flags and letters with marks stay whole or go. ValueError below 2 units.
    """
    if limit < 2:
        raise ValueError("nothing can be said in less than two units")
    if units(text) <= limit:
        return text
    kept, room = 0, limit - 1
    for char in text:
        room -= units(char)
        if room < 0:
            break
        kept += 1
    cut = text[: _between_signs(text, kept)]
    word = cut.rfind(" ")
    if not text[len(cut) :].startswith(" ") and 2 * word >= limit:
        cut = cut[:word]
    return (cut.rstrip(_TAIL) or text[: _between_signs(text, kept)].rstrip()) + "…"


def _between_signs(text: str, place: int) -> int:
    """Return the nearest place at or before `place` that divides no sign."""
    while place and (_joins(text[place]) or text[place - 1] == "\u200d"):
        place -= 1
    flags = 0
    while place - flags and _is_flag(text[place - flags - 1]):
        flags += 1
    return place - 1 if flags % 2 and _is_flag(text[place]) else place


def _joins(char: str) -> bool:
    """Whether a character belongs to the one before it: a mark, a joiner, a variation, a skin tone."""
    return unicodedata.category(char)[0] == "M" or char in "\u200c\u200d" or 0x1F3FB <= ord(char) <= 0x1F3FF


def _is_flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF
