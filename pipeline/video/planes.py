"""Pictures as video stores them: luma and half-size colour, eight bits, BT.709, limited range.

Everything is converted here, once, so that no converter of ffmpeg's stands between what is drawn and what is encoded:
the moving strip and the still picture under it agree to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.painters.legibility import Picture

Rgb = tuple[int, int, int]
Plane = NDArray[np.uint8]
"""uint8 [height, width], or half of both for colour."""

Share = NDArray[np.float32]
"""float32 [height, width]: how much of a pixel something covers, 0 to 1."""

_STRIP = 64  # rows converted at once: a whole frame in floats would be the largest thing in memory


@dataclass(frozen=True, eq=False)
class Planes:
    """One picture: `luma` uint8 [height, width], `blue` and `red` uint8 [height / 2, width / 2]."""

    luma: Plane
    blue: Plane
    red: Plane

    @property
    def all(self) -> tuple[Plane, Plane, Plane]:
        """The three in their order."""
        return self.luma, self.blue, self.red

    def raw(self) -> bytes:
        """Return it as ffmpeg's rawvideo wants yuv420p."""
        return b"".join(plane.tobytes() for plane in self.all)

    def part(self, box: tuple[int, int, int, int]) -> Planes:
        """Return a copy of x0, y0, x1, y1; all four must be even."""
        x0, y0, x1, y1 = box
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        return Planes(self.luma[y0:y1, x0:x1].copy(), self.blue[half].copy(), self.red[half].copy())

    def rows(self, span: tuple[int, int]) -> Planes:
        """Return the rows from the first to before the second, both even, as a view: what is drawn there is here."""
        half = slice(span[0] // 2, span[1] // 2)
        return Planes(self.luma[span[0] : span[1]], self.blue[half], self.red[half])

    def copied(self) -> Planes:
        """Return a copy."""
        return Planes(self.luma.copy(), self.blue.copy(), self.red.copy())

    def take(self, other: Planes) -> None:
        """Become equal to another picture of the same size, in place."""
        for mine, theirs in zip(self.all, other.all, strict=True):
            mine[:] = theirs

    def under(self, share: Share, colour: tuple[float, float, float]) -> Planes:
        """Return it with a colour (its luma, blue and red) laid over it by share."""
        small = halved(share)
        return Planes(*(laid(*of) for of in zip(self.all, (share, small, small), colour, strict=True)))


def to_planes(picture: Picture) -> Planes:
    """Convert uint8 [height, width, 3] of even height and width."""
    height, width = picture.shape[:2]
    luma = np.empty((height, width), np.uint8)
    blue, red = (np.empty((height // 2, width // 2), np.uint8) for _ in range(2))
    for start in range(0, height, _STRIP):
        y, cb, cr = _converted(picture[start : start + _STRIP].astype(np.float32) / np.float32(255))
        half = slice(start // 2, start // 2 + len(y) // 2)
        luma[start : start + _STRIP] = np.rint(y)
        blue[half], red[half] = np.rint(halved(cb)), np.rint(halved(cr))
    return Planes(luma, blue, red)


def to_values(colour: Rgb) -> tuple[float, float, float]:
    """Return luma, blue and red of one colour."""
    y, cb, cr = _converted(np.array(colour, np.float32) / np.float32(255))
    return float(y), float(cb), float(cr)


def halved(full: Share) -> Share:
    """Return [..., height / 2, width / 2], sited where H.264 expects colour: between two rows, on the left column."""
    rows = (full[..., 0::2, :] + full[..., 1::2, :]) * np.float32(0.5)
    even, odd = rows[..., 0::2], rows[..., 1::2]
    before = np.concatenate((even[..., :1], odd[..., :-1]), axis=-1)
    return np.asarray(even * np.float32(0.5) + (before + odd) * np.float32(0.25), dtype=np.float32)


def laid(ground: Plane, share: Share, value: float) -> Plane:
    """Return a plane with a flat value laid over it by share."""
    base = ground.astype(np.float32)
    return np.asarray(np.rint(base + (np.float32(value) - base) * share), dtype=np.uint8)


def _converted(rgb: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Turn sRGB values [..., 3] of 0 to 1 into video levels (ITU-R BT.709-6, 3)."""
    y = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    cb = (rgb[..., 2] - y) * np.float32(224 / 1.8556) + 128
    cr = (rgb[..., 0] - y) * np.float32(224 / 1.5748) + 128
    return y * 219 + 16, cb, cr
