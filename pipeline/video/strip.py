"""The part of the film that changes: the name of the track that plays, the breath of the music, how far it is.

Drawn straight into video planes over its own piece of the still picture, so that it is laid over that picture as it
is. One frame is kept and only what changed in it is drawn again: a name once a track, the line when it has moved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.chapters import Chapter
from pipeline.painters.lettering import Box, Setting, Spot, fit
from pipeline.painters.typefaces import FAMILIES
from pipeline.video.levels import Levels
from pipeline.video.pills import LENGTH, ROWS, Pills
from pipeline.video.planes import Planes, Share, to_values
from pipeline.video.sheet import COLUMN, HEIGHT, WIDTH, Sheet

STRIP: Box = (COLUMN[0], 688, COLUMN[1], 944)
"""Where it lies in the frame; all of it on the encoder's blocks of 16 pixels, so that no other block ever changes."""

NAME = (0, 120)
"""The rows of the strip that a name has."""

PILLS = (128, 128 + ROWS)
"""The rows of the strip in which the pills breathe."""

LINE = (238, 240)
"""The rows of the line that says how far it is."""

_FADE = 1.0  # seconds in which one name gives way to the next
_STEPS = 8  # places of the line a pixel
_FAINT, _CLEAR = 0.2, 0.85  # how much the line covers where the music still goes, and where it was


class Strip:
    """Draws the strip, frame after frame; memory is a few names and the pills' table, however long the film."""

    def __init__(self, sheet: Sheet, chapters: Sequence[Chapter], rate: int, seconds: float, language: str) -> None:
        """Begin with nothing played. Chapters are in frames at `rate`, `seconds` is the length of the film."""
        self._ground = sheet.planes.part(STRIP)
        self._ink = to_values(sheet.hues.ink)
        self._pills = Pills(self._ground.rows(PILLS), to_values(sheet.hues.accent))
        self._chapters, self._language = chapters, language
        self._begins = [chapter.start / rate for chapter in chapters]
        self._seconds = seconds
        self._line = _segments(self._begins, seconds)
        self._names: dict[int, Planes] = {}
        self._now = self._ground.copied()
        self._shown: tuple[int, float] = (-1, 1.0)
        self._reached = -1

    def frames(self, levels: Iterable[Levels], fps: int) -> Iterator[bytes]:
        """Yield one frame of raw yuv420p, the size of STRIP, for each of the levels."""
        for number, level in enumerate(levels):
            yield self.drawn(level, number / fps).raw()

    def drawn(self, level: Levels, second: float) -> Planes:
        """Return the strip as it is at a moment of the film. It is drawn over by the next call."""
        self._show_name(second)
        self._show_line(second)
        self._pills.draw(self._now.rows(PILLS), level)
        return self._now

    def _show_name(self, second: float) -> None:
        number = bisect_right(self._begins, second + 1e-6) - 1
        share = min(1.0, (second - self._begins[number]) / _FADE) if number > 0 else 1.0
        if self._shown == (number, share):
            return
        self._shown = (number, share)
        self._names = {kept: named for kept, named in self._names.items() if kept >= number - 1}
        named = self._named(number)
        if share < 1:
            named = _between(self._named(number - 1), named, share * share * (3 - 2 * share))
        self._now.rows(NAME).take(named)

    def _named(self, number: int) -> Planes:
        """Return the ground of NAME with the name of a track on it, set once; without one before the first track."""
        ground = self._ground.rows(NAME)
        if number < 0:
            return ground
        if number not in self._names:
            share = self._set(self._chapters[number].title, f"{number + 1} / {len(self._chapters)}")
            self._names[number] = ground.under(share, self._ink)
        return self._names[number]

    def _set(self, title: str, small: str) -> Share:
        """Return the coverage of a track's number and name, [rows of NAME, width of the strip]."""
        x0, y0, x1, _ = STRIP
        setting = Setting(title, small, FAMILIES[0], self._language, biggest=0.036, smallest=0.026, lines=2)
        spot = Spot((x0, y0 + NAME[0], x1, y0 + NAME[1] - 8), "left", "bottom")
        block = fit(setting, spot, (HEIGHT, WIDTH))
        return block.mask[y0 + NAME[0] : y0 + NAME[1], x0:x1] * np.float32(0.96 / 255)

    def _show_line(self, second: float) -> None:
        reached = round(second / self._seconds * LENGTH * _STEPS)
        if reached == self._reached:
            return
        self._reached = reached
        played = np.clip(reached / _STEPS - np.arange(LENGTH), 0, 1).astype(np.float32)
        share = np.zeros((LINE[1] - LINE[0], COLUMN[1] - COLUMN[0]), np.float32)
        share[:, :LENGTH] = (np.float32(_FAINT) + np.float32(_CLEAR - _FAINT) * played) * self._line
        self._now.rows(LINE).take(self._ground.rows(LINE).under(share, self._ink))


def _segments(begins: Sequence[float], seconds: float) -> NDArray[np.float32]:
    """Return how much of each pixel of the line there is, [LENGTH]: a gap of three pixels where a track begins."""
    line = np.ones(LENGTH, np.float32)
    for before, start in pairwise([0.0, *(begin / seconds * LENGTH for begin in begins)]):
        if start - before > 6:
            line *= np.clip(np.abs(np.arange(LENGTH) + 0.5 - start) - 1, 0, 1).astype(np.float32)
    return line


def _between(first: Planes, second: Planes, share: float) -> Planes:
    """Return the picture `share` of the way from one to the other."""
    weight = np.float32(share)
    return Planes(
        *(
            np.rint(one + (other.astype(np.float32) - one) * weight).astype(np.uint8)
            for one, other in zip(first.all, second.all, strict=True)
        )
    )
