"""Palettes drawn by hand, each a small family of colours with a job, and the moods that call for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.painters.colour import Colour, decode, hexed, mix, to_oklab
from pipeline.painters.legibility import Picture


@dataclass(frozen=True, eq=False)
class Palette:
    """Nine colours in linear light.

    `high`, `middle`, `low`: the sky from top to horizon. `far` and `near`: the land, through the air and close by.
    `ink`: the darkest dark. `lamp`: the warm light. `accent`: the second light. `paper`: the lightest light, for type.
    `day` is whether the scene stands in daylight.
    """

    name: str
    moods: frozenset[str]
    high: Colour
    middle: Colour
    low: Colour
    far: Colour
    near: Colour
    ink: Colour
    lamp: Colour
    accent: Colour
    paper: Colour
    day: bool

    @property
    def sky(self) -> list[tuple[float, Colour]]:
        """The ramp of the sky."""
        return [(0.0, self.high), (0.55, self.middle), (1.0, self.low)]

    def land(self, distance: float) -> Colour:
        """The colour of land at a distance of 0 (near) to 1 (far, nearly the sky)."""
        return mix(self.near, self.far, distance)


def _palette(name: str, moods: str, colours: str, day: bool = False) -> Palette:
    high, middle, low, far, near, ink, lamp, accent, paper = (hexed(text) for text in colours.split())
    return Palette(name, frozenset(moods.split()), high, middle, low, far, near, ink, lamp, accent, paper, day)


PALETTES = (
    _palette(
        "indigo rain",
        "rain rainy melancholy melancholic sad blue lonely lonesome introspective pensive night midnight late wistful",
        "#10182f #1f3157 #4a6a92 #3b557c #18233f #090e1c #ffb765 #6fd0dc #fbf1dc",
    ),
    _palette(
        "magenta dusk",
        "nostalgic nostalgia dusk sunset retro romantic dreamy summer city pop wistful bittersweet twilight",
        "#2b1d5c #93397f #ff9a76 #8d4b86 #341f52 #150d2a #ffcf83 #ff6f91 #fff0de",
    ),
    _palette(
        "amber evening",
        "warm cozy cosy comforting gentle evening autumn fall hearth golden home tender mellow coffee",
        "#3a2033 #8f4a43 #f2ab66 #a3614c #43232b #1a0d13 #ffc56e #e9744f #fff0d6",
    ),
    _palette(
        "moss and gold",
        "calm peaceful forest green nature earthy hopeful quiet grounded garden moss meditative serene",
        "#0e2a2c #2a5a51 #b8c88a #4f7a63 #17362f #081716 #ffd27a #e98f5a #f7f1d8",
    ),
    _palette(
        "teal lantern",
        "focused focus study studying night late urban cool steady groovy mysterious moody city",
        "#07202e #0f4a58 #3f948f #2a6570 #0d2c39 #051019 #ff9f4f #f2607d #fdf0dc",
    ),
    _palette(
        "violet neon",
        "neon cyber electric night drive urban futuristic tokyo arcade dreamy hazy club synth",
        "#130b33 #3a1a6e #a13d9e #573190 #1d1145 #0b0620 #ff8f6b #38dbe6 #f9edff",
    ),
    _palette(
        "frost",
        "winter snow snowy cold still silent crisp frost christmas december ice quiet lonely",
        "#16264a #46679b #c4cfe2 #7f9bc2 #2b4169 #0c1629 #ffc074 #8fd6e8 #fbf6ec",
    ),
    _palette(
        "rose morning",
        "tender morning soft sweet hopeful spring light gentle love fresh bright innocent breeze sunrise",
        "#8fb3cf #e8c2c2 #ffe3c2 #c9a7b5 #6f5a78 #2f2540 #fff0bf #ee7f7c #fffaf0",
        day=True,
    ),
    _palette(
        "sea glass",
        "sea ocean summer airy breezy coastal holiday bright day sunny beach light relaxed island free",
        "#3f93b5 #8fcdcb #fbe9c6 #6aa6ab #25596b #0f2c3c #fff3c9 #ff8563 #fffaf0",
        day=True,
    ),
    _palette(
        "sepia paper",
        "vintage jazz jazzy old dusty antique smoky classic library books reading sepia record vinyl wooden",
        "#231711 #5a3b26 #c79a62 #7d573a #34221a #130c09 #ffc877 #c25b3c #fbeed5",
    ),
)


def fitting(words: frozenset[str], rng: np.random.Generator) -> list[Palette]:
    """Return all palettes, those whose moods are named most often first; chance decides among equals."""
    order = rng.permutation(len(PALETTES))
    # A daylight palette must be asked for: an album for the night should not be painted at noon.
    return sorted(
        (PALETTES[index] for index in order),
        key=lambda palette: -len(palette.moods & words) + 0.5 * palette.day,
    )


def words_of(*texts: str) -> frozenset[str]:
    """The words in texts, lower case."""
    return frozenset(re.findall(r"\w+", " ".join(texts).casefold()))


def distance(picture: Picture, palette: Palette) -> float:
    """How far a picture's colours are from a palette's: 0 the same, 0.05 close, 0.2 another world.

    The mean distance in OKLab from each pixel of the picture, made small, to the palette's nearest colour, and from
    each of the palette's six large colours to the nearest of the picture: a picture must both keep to the palette
    and use it.
    """
    small = np.asarray(Image.fromarray(picture).resize((48, 48), Image.Resampling.BOX))
    seen = to_oklab(decode(small.reshape(-1, 3) / 255))
    large = (palette.high, palette.middle, palette.low, palette.far, palette.near, palette.ink)
    known = to_oklab(np.stack((*large, palette.lamp, palette.accent, palette.paper)))
    apart = np.linalg.norm(seen[:, None] - known[None], axis=-1)
    # A twentieth of the picture is enough to say that a colour is used; one stray pixel is not.
    used = np.quantile(apart[:, : len(large)], 0.05, axis=0)
    return float((apart.min(axis=1).mean() + used.mean()) / 2)
