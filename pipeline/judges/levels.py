"""The levels of a clip, measured once for all gates.

Levels come as a table of RMS every 10 ms, made block by block: ten minutes of stereo are never copied whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.clip import Clip

QUIET = -60.0
"""dBFS below which a take counts as silent."""

FLOOR = -120.0
"""dBFS of nothing at all."""

_BLOCK = 1 << 18


@dataclass(frozen=True, eq=False)
class Levels:
    """What the gates look at. Levels are in dBFS, `rms` and `treble` for every 10 ms, [slots]; `seconds` of a slot.

    `treble` is the level of the change from sample to sample, which noise has much of and music little. `body` is
    the level of the music itself: what the louder half of the take exceeds. Per channel: `mean`, `power` and
    `peak`; `clipped` counts the runs of samples stuck at the highest value.
    """

    finite: bool
    bad: int
    seconds: float
    rms: NDArray[np.float64]
    treble: NDArray[np.float64]
    body: float
    mean: NDArray[np.float64]
    power: NDArray[np.float64]
    cross: float
    peak: float
    clipped: int

    @property
    def correlation(self) -> float:
        """Correlation of left and right; 1 for mono or when a channel is silent."""
        if len(self.power) < 2 or min(self.power) <= 0:
            return 1.0
        return float(np.clip(self.cross / np.sqrt(self.power[0] * self.power[1]), -1, 1))


def levels(clip: Clip) -> Levels:
    """Measure a clip once for all gates. Samples that are not finite count as zero, and are counted in `bad`."""
    hop = max(1, clip.rate // 100)
    block = _BLOCK // hop * hop
    bad, peak, cross = 0, 0.0, 0.0
    total = np.zeros(clip.channels)
    loud: list[NDArray[np.float64]] = []
    sharp: list[NDArray[np.float64]] = []
    for start in range(0, clip.frames if clip.channels else 0, block):
        part = np.ascontiguousarray(clip.samples[start : start + block].T)
        low, high = float(part.min(initial=0.0)), float(part.max(initial=0.0))
        if not np.isfinite(low + high):
            bad += int(np.count_nonzero(~np.isfinite(part)))
            part = np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0)
            low, high = float(part.min(initial=0.0)), float(part.max(initial=0.0))
        peak = max(peak, high, -low)
        if peak > 1e3:
            part = np.clip(part, -1e3, 1e3)
        total += part.sum(axis=1)
        loud.append(_slots(part, part, hop))
        steps = np.diff(part, axis=1, prepend=part[:, :1])
        sharp.append(_slots(steps, steps, hop).mean(axis=0))
        if len(part) == 2:
            cross += float(_slots(part[:1], part[1:], hop).sum()) * hop
    power = np.concatenate(loud, axis=1) if loud else np.zeros((clip.channels, 0))
    rms = decibels(power.mean(axis=0)) if loud else np.zeros(0)
    frames = max(clip.frames, 1)
    return Levels(
        finite=bad == 0,
        bad=bad,
        seconds=hop / clip.rate,
        rms=rms,
        treble=decibels(np.concatenate(sharp)) if sharp else np.zeros(0),
        body=_body(rms, hop / clip.rate),
        mean=total / frames,
        power=power.sum(axis=1) * hop / frames,
        cross=cross / frames,
        peak=peak,
        clipped=_stuck(clip, peak),
    )


def _slots(a: NDArray[np.float32], b: NDArray[np.float32], hop: int) -> NDArray[np.float64]:
    """Return the mean of a * b over every slot of `hop` frames, [channels, slots]; a last short one is padded."""
    missing = -a.shape[1] % hop
    if missing:
        a, b = (np.pad(part, ((0, 0), (0, missing))) for part in (a, b))
    shape = (len(a), -1, hop) if a.size else (len(a), 0, hop)
    return np.asarray(np.einsum("csh,csh->cs", a.reshape(shape), b.reshape(shape)), np.float64) / hop


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return powers in dBFS, never below FLOOR."""
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10))))


def _body(rms: NDArray[np.float64], seconds: float) -> float:
    """Return the level that half of the sounding tenths of a second exceed."""
    size = max(1, round(0.1 / seconds))
    if not len(rms):
        return FLOOR
    tenths = decibels(np.add.reduceat(10 ** (rms / 10), np.arange(0, len(rms), size)) / size)
    sounding = tenths[tenths > QUIET]
    return float(np.median(sounding)) if len(sounding) else float(tenths.max())


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (start, stop) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _stuck(clip: Clip, peak: float) -> int:
    """Count the runs of three samples and more at full scale or beyond, and of four equal ones at a lower ceiling.

    A wave that was clipped and then turned down stays at one value too; the crest of a clean tone does not.
    """
    if peak < 0.05:
        return 0
    full = peak >= 0.999
    ceiling, length = (0.9995, 3) if full else (peak * (1 - 1e-5), 4)
    count = 0
    for start in range(0, clip.frames, _BLOCK):
        part = clip.samples[start : start + _BLOCK + length]
        for channel in part.T:
            if channel.max(initial=0.0) < ceiling and -channel.min(initial=0.0) < ceiling:
                continue
            for sign in (1, -1):
                with np.errstate(invalid="ignore"):
                    stretches = runs(channel * np.float32(sign) >= ceiling)
                count += sum(stop - start >= length for start, stop in stretches)
    return count
