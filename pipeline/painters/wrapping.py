"""A text into lines: where it may be broken, how large it fits, how its lines come out even, how it is shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from pipeline.painters.typefaces import Face, Family, chain, runs, settable

_NO_LINE_START = frozenset("、。，．・：；？！ー）」』】〕〉》〟’”…,.;:!?)]}")


def wrapped(
    title: str,
    faces: tuple[Face, ...],
    sizes: tuple[float, float],
    most: int,
    leading: float,
    room: tuple[int, int],
) -> tuple[int, list[str]]:
    """The largest size and its lines, at most `most`, at which a title stands in `room`, (wide, tall) pixels.

    `sizes` are the biggest and the smallest, `leading` the line height in sizes. When even the smallest does not hold
    the title, it is cut and ends in an ellipsis.
    """
    wide, tall = room
    reference = 100
    measured = [(piece, spaced, width_of(piece, faces, reference)) for piece, spaced in _tokens(title)]
    space = width_of("n n", faces, reference) - 2 * width_of("n", faces, reference)
    size, smallest = sizes
    while True:
        limit = wide * 0.985 * reference / size
        # Only the smallest size may break a word; until then, shrinking is the better answer.
        pieces = measured if size > smallest else _broken(measured, faces, reference, limit)
        lines = _flow(pieces, space, limit)
        allowed = most if size > smallest else 99
        if lines is not None and len(lines) <= allowed and len(lines) * size * leading <= tall:
            return int(size), _balanced(pieces, space, limit, len(lines))
        if size <= smallest:
            fits = max(1, int(tall / (size * leading)))
            kept = (lines or [title])[:fits]
            if len(lines or []) > fits:
                kept[-1] = kept[-1][: max(1, len(kept[-1]) - 2)].rstrip() + "…"
            return int(size), kept
        size = max(size * 0.94, smallest)


def first_settable(texts: Sequence[str], family: Family, language: str) -> str:
    """The first of the texts of which anything can be set in full; "" when there is none."""
    faces = chain(family.title, language)
    return next((text for text in texts if any(char.isalnum() for char in settable(text, faces))), "")


def shortened(title: str, words: int = 4, letters: int = 30) -> str:
    """A title in at most `words` words, for a thumbnail: its first clause, no dangling small word at the end."""
    clause = title
    for mark in (":", " – ", " — ", " - ", "(", ",", ";", "。", "、", "，", "："):
        head = clause.split(mark)[0].strip()
        if head:
            clause = head
    kept = clause.split()[:words]
    small = {"a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "under", "with"}
    while len(kept) > 1 and (kept[-1].casefold() in small or len(" ".join(kept)) > letters):
        kept.pop()
    line = " ".join(kept)
    return line if len(line) <= letters else line[: letters - 1].rstrip() + "…"


def width_of(text: str, faces: tuple[Face, ...], size: int) -> float:
    """How wide a line of a size is, in pixels."""
    return sum(face.at(size).getlength(run) for run, face in runs(text, faces))


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Cut text into the pieces a line may be broken between: (piece, whether a space stands before it)."""
    pieces: list[tuple[str, bool]] = []
    for word in text.split(" "):
        spaced = True
        current = ""
        for char in word:
            wide = unicodedata.east_asian_width(char) in "WF"
            if (wide and char not in _NO_LINE_START and current) or (
                not wide
                and current
                and unicodedata.east_asian_width(current[-1]) in "WF"
                and char not in _NO_LINE_START
            ):
                pieces.append((current, spaced))
                current, spaced = "", False
            current += char
        if current:
            pieces.append((current, spaced))
    return pieces


def _flow(pieces: list[tuple[str, bool, float]], space: float, limit: float) -> list[str] | None:
    """Fill lines greedily up to `limit`; None when a piece alone is wider."""
    lines: list[str] = []
    line, used = "", 0.0
    for piece, spaced, wide in pieces:
        if wide > limit:
            return None
        gap = space if spaced and line else 0.0
        if line and used + gap + wide > limit:
            lines.append(line)
            line, used, gap = "", 0.0, 0.0
        line += (" " if gap else "") + piece
        used += gap + wide
    return [*lines, line] if line else lines


def _broken(
    pieces: list[tuple[str, bool, float]], faces: tuple[Face, ...], reference: int, limit: float
) -> list[tuple[str, bool, float]]:
    """Break pieces wider than a line into chunks that fit."""
    out: list[tuple[str, bool, float]] = []
    for piece, spaced, wide in pieces:
        if wide <= limit:
            out.append((piece, spaced, wide))
            continue
        count = int(np.ceil(wide / (limit * 0.9)))
        step = max(1, len(piece) // count)
        for start in range(0, len(piece), step):
            chunk = piece[start : start + step]
            out.append((chunk, spaced and start == 0, min(width_of(chunk, faces, reference), limit)))
    return out


def _balanced(pieces: list[tuple[str, bool, float]], space: float, limit: float, count: int) -> list[str]:
    """The same number of lines, as even as greedy filling of a narrower measure makes them."""
    low, high = 0.0, limit
    best = _flow(pieces, space, limit) or []
    for _ in range(12):
        middle = (low + high) / 2
        lines = _flow(pieces, space, middle)
        if lines is not None and len(lines) <= count:
            best, high = lines, middle
        else:
            low = middle
    return best
