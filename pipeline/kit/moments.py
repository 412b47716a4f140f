"""The times in a description: chapters as YouTube reads them, in as much room as there is.

YouTube makes chapters of a list that begins at 0:00, has three times or more in ascending order, and lets none be
shorter than ten seconds; otherwise it makes none (support.google.com/youtube/answer/9884579).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.audio.chapters import Chapter, clock
from pipeline.kit.fit import octets, shortened
from pipeline.kit.wording import number
from pipeline.kit.work import Work, plain

SHORTEST = 10
"""Seconds a chapter must last."""
FEWEST = 3
"""Chapters there must be."""
_WIDTHS = (70, 48, 36, 28)
"""Units of a title, tried in this order: YouTube shows no more than 70, and under 28 a title says little."""
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth"}


class Moment(NamedTuple):
    """A time in whole seconds, and what begins there."""

    second: int
    title: str


def moments(marks: Sequence[Chapter], rate: int, seconds: float) -> tuple[Moment, ...]:
    """Return the chapters of `marks` (in frames of `rate`) in a piece of `seconds`, or () with fewer than three.

    The first is at 0. A stretch shorter than ten seconds is merged into its neighbour, under the longer one's title.
    """
    kept: list[Moment] = []
    lasted = 0
    for place, mark in enumerate(marks, 1):
        lasts, title = mark.end - mark.start, plain(mark.title) or f"Track {place}"
        second = mark.start // rate if kept else 0
        if kept and second - kept[-1].second < SHORTEST:
            if lasts > lasted:
                kept[-1], lasted = Moment(kept[-1].second, title), lasts
        else:
            kept.append(Moment(second, title))
            lasted = lasts
    while len(kept) > 1 and int(seconds) - kept[-1].second < SHORTEST:
        kept.pop()
    return tuple(kept) if len(kept) >= FEWEST else ()


def listing(work: Work, room: int, tamed: Callable[[str], str] = str) -> str:
    """Return one line a chapter ("1:02:03 Title") in at most `room` bytes of UTF-8, or "" where there is no list.

    Titles are shortened first; then every second, third, ... track is named, and a line says so. `tamed` is what a
    platform needs done to a title.
    """
    all_of = moments(work.chapters, work.rate, work.seconds)
    step = 1
    while len(every := all_of[::step]) >= FEWEST:
        for width in _WIDTHS:
            lines = [f"{clock(moment.second)} {shortened(tamed(moment.title), width)}" for moment in every]
            if step > 1:
                lines.append(_thinned(step, len(work.chapters)))
            text = "\n".join(lines)
            if octets(text) <= room:
                return text
        step += 1
    return ""


def _thinned(step: int, tracks: int) -> str:
    said = _ORDINALS.get(step, f"{step}th")
    return f"Every {said} track is named here; the tracklist has all {number(tracks)}."
