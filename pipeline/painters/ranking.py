"""The measure by which one candidate beats another: five numbers of 0 to 1 and their weighted mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.painters.colour import decode, to_oklab
from pipeline.painters.legibility import Picture, luminance

WEIGHTS = {"calm": 0.26, "light": 0.24, "focus": 0.2, "thirds": 0.15, "harmony": 0.15}

_IN_WORDS = {
    "calm": "quiet ground for the title",
    "light": "a wide range from dark to light",
    "focus": "a clear centre of attention",
    "thirds": "its weight near the thirds",
    "harmony": "few hues that belong together",
}


@dataclass(frozen=True)
class Measure:
    """What ranking saw in a candidate; each from 0 (poor) to 1 (ideal)."""

    calm: float
    light: float
    focus: float
    thirds: float
    harmony: float

    @property
    def total(self) -> float:
        """The weighted mean, 0 to 1."""
        return sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items())

    def best(self) -> list[str]:
        """The two parts that are strongest, in words, with their values."""
        order = sorted(WEIGHTS, key=lambda name: -float(getattr(self, name)))
        return [f"{_IN_WORDS[name]} ({getattr(self, name):.2f})" for name in order[:2]]


def measure(picture: Picture, restless: float) -> Measure:
    """Measure a small picture without type; `restless` is the busyness where its title would stand."""
    small = np.asarray(Image.fromarray(picture).reduce(max(1, picture.shape[0] // 96)))
    lab = to_oklab(decode(small / 255))
    salient = salience(lab)
    ys, xs = np.mgrid[0 : salient.shape[0], 0 : salient.shape[1]]
    rows, columns = ys / salient.shape[0], xs / salient.shape[1]
    near = np.maximum.reduce(
        [np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 0.03) for y in (1 / 3, 2 / 3) for x in (1 / 3, 2 / 3)]
    )
    mass = salient / max(float(salient.sum()), 1e-9)
    bright = luminance(small)
    dark, light = (float(value) ** (1 / 2.4) for value in np.percentile(bright, [4, 98]))
    ordered = np.sort(mass.ravel())[::-1]
    top = float(ordered[: max(1, ordered.size // 12)].sum())
    return Measure(
        calm=float(np.exp(-restless / 0.06)),
        light=float(np.clip((light - dark) / 0.75, 0, 1)),
        focus=float(np.clip((top - 0.15) / 0.45, 0, 1)),
        thirds=float(np.clip((mass * near).sum() / 0.5, 0, 1)),
        harmony=_harmony(lab),
    )


def salience(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre against surround in lightness and colour, after R. Achanta et al., "Frequency-tuned saliency" (2009)."""
    size = lab.shape[0]
    total = np.zeros(lab.shape[:2])
    for channel, weight in ((0, 1.0), (1, 1.6), (2, 1.6)):
        plane = lab[..., channel]
        total += weight * np.abs(gaussian_filter(plane, size / 90) - gaussian_filter(plane, size / 7))
    return np.asarray(total**1.5)


def _harmony(lab: NDArray[np.float64]) -> float:
    """How much of the colour lies in two narrow families of hue (30 degrees each), wherever they are."""
    chroma = np.hypot(lab[..., 1], lab[..., 2]).ravel()
    hue = np.arctan2(lab[..., 2], lab[..., 1]).ravel()
    histogram, _ = np.histogram(hue, bins=36, range=(-np.pi, np.pi), weights=chroma)
    around = histogram + np.roll(histogram, 1) + np.roll(histogram, -1)
    first = int(np.argmax(around))
    rest = around.copy()
    rest[[(first + offset) % 36 for offset in range(-2, 3)]] = 0
    total = max(float(histogram.sum()), 1e-9)
    return float(np.clip((around[first] + rest.max()) / total, 0, 1))
