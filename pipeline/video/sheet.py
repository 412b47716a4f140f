"""The still part of the film: the cover on a ground made of itself, and the mix's artist and title beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from scipy.ndimage import gaussian_filter

from pipeline.audio.ffmpeg import REMAKE
from pipeline.errors import Damaged
from pipeline.painters.colour import encode, from_oklab
from pipeline.painters.grain import grain
from pipeline.painters.legibility import Picture
from pipeline.painters.lettering import Box, Setting, Spot, fit, imprint
from pipeline.painters.typefaces import FAMILIES
from pipeline.video.hues import Hues, hues, oklab
from pipeline.video.planes import Planes, to_planes

WIDTH, HEIGHT = 1920, 1080
COVER: Box = (140, 140, 940, 940)
"""Where the cover stands."""

COLUMN = (1024, 1792)
"""Where type begins and ends, from left to right."""

_TITLE: Box = (COLUMN[0], 146, COLUMN[1], 560)
_DARK = (5, 6, 9)  # what would be laid behind type on a ground that is too light; here none is
_DEEP, _LIGHT = 0.23, 0.38  # OKLab lightness of the ground: ink on its lightest parts has a contrast of about 9
_BLUR = 11.0  # pixels of a ground 192 wide
_CORNER = 5  # pixels of radius: enough not to cut


@dataclass(frozen=True, eq=False)
class Sheet:
    """The finished still picture of WIDTH x HEIGHT, and the colours that go with it."""

    planes: Planes
    hues: Hues


def sheet(cover: Path, title: str, artist: str, language: str) -> Sheet:
    """Compose it from a cover of any size. Raises Damaged when the cover is no picture."""
    try:
        with Image.open(cover) as file:
            art = file.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise Damaged(f"{cover} is not a picture that opens: {error}.", REMAKE) from None
    colours = hues(art)
    picture = _ground(art)
    _lay_cover(picture, art)
    _lay_type(picture, title, artist, language, colours)
    return Sheet(to_planes(picture), colours)


def _ground(art: Image.Image) -> Picture:
    """The middle of the cover out of all focus, dark enough for light type, with grain against steps in it.

    Only its middle, for many covers have a border, which would be two pale bars.
    """
    wide, tall = art.size
    across, down = round(wide * 0.84), round(wide * 0.84 * HEIGHT / WIDTH)
    left, top = (wide - across) // 2, max(0, (tall - down) // 2)
    box = (left, top, left + across, min(tall, top + down))
    lab = oklab(art.resize((192, 108), Image.Resampling.BOX, box=box))
    lab = np.stack([gaussian_filter(lab[..., i], _BLUR, mode="nearest") for i in range(3)], axis=-1)
    # Compressed and not cut off, so that a bright cover still has a lighter and a darker side.
    low, high = np.percentile(lab[..., 0], [2, 98])
    at = np.clip((lab[..., 0] - low) / max(float(high - low), 0.15), -0.1, 1.1)
    light = (_DEEP + (_LIGHT - _DEEP) * at) * np.linspace(1.0, 0.86, 192)
    # A colour keeps its strength as it is darkened only so far: beyond, it would glow.
    lab[..., 1:] *= 0.82 * np.minimum(1, light / np.maximum(lab[..., 0], 1e-3))[..., None] ** 0.4
    # And a pale one gains, for pastel made dark is mud.
    strong = float(np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 90))
    lab[..., 1:] *= min(2.2, max(1.0, 0.033 / max(strong, 1e-6)))
    lab[..., 0] = light
    small = encode(from_oklab(lab)) * np.float32(255)
    planes = np.empty((3, HEIGHT, WIDTH), np.uint8)
    for channel, plane in enumerate(planes):
        large = Image.fromarray(np.ascontiguousarray(small[..., channel])).resize(
            (WIDTH, HEIGHT), Image.Resampling.BICUBIC
        )
        plane[:] = np.clip(np.rint(np.asarray(large)), 0, 255)
    return grain(planes, 1, strength=2.6, vignette=0.16)


def _lay_cover(picture: Picture, art: Image.Image) -> None:
    """Set the cover and its shadow into the picture, in place. One that is not square is cropped to its middle."""
    x0, y0, x1, y1 = COVER
    side = min(art.size)
    left, top = (art.width - side) // 2, (art.height - side) // 2
    small = art.resize((x1 - x0, y1 - y0), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    dark = np.zeros((HEIGHT // 4, WIDTH // 4), np.float32)
    dark[(y0 + 22) // 4 : (y1 + 22) // 4, x0 // 4 : x1 // 4] = 1
    soft = 0.42 * gaussian_filter(dark, 11) + 0.25 * gaussian_filter(dark, 3.5)
    shade = np.asarray(Image.fromarray(soft).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    for start in range(0, HEIGHT, 60):
        rows = slice(start, start + 60)
        kept = picture[rows] * (1 - shade[rows, :, None])
        picture[rows] = np.clip(kept + 0.5, 0, 255)
    inside = _rounded(y1 - y0, x1 - x0)[..., None]
    behind = picture[y0:y1, x0:x1]
    behind[:] = np.rint(behind + (np.asarray(small, dtype=np.float32) - behind) * inside)


def _rounded(height: int, width: int) -> NDArray[np.float32]:
    """Coverage of a rectangle with rounded corners, [height, width]."""
    down = np.maximum(0, _CORNER - np.minimum(np.arange(height) + 0.5, height - np.arange(height) - 0.5))
    across = np.maximum(0, _CORNER - np.minimum(np.arange(width) + 0.5, width - np.arange(width) - 0.5))
    share = np.clip(_CORNER + 0.5 - np.hypot(down[:, None], across[None, :]), 0, 1)
    return np.asarray(share, dtype=np.float32)


def _lay_type(picture: Picture, title: str, artist: str, language: str, colours: Hues) -> None:
    """Set artist and title at the head of the column, in place."""
    setting = Setting(title, artist.upper(), FAMILIES[0], language, biggest=0.082, smallest=0.036, lines=4)
    block = fit(setting, Spot(_TITLE, "left", "top"), (HEIGHT, WIDTH))
    if block.mask.any():  # a title and an artist of pictographs alone leave nothing to set
        imprint(picture, block, colours.ink, _DARK, favour=6.0)
