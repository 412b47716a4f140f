"""Six sounds that are no music, with their names: what every checkpoint is measured with before it may judge.

They are made from numbers, so they are the same on every machine. The names are classes of AudioSet, which the
published checkpoints were trained on (https://research.google.com/audioset/ontology/).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.judges.clap.windows import LENGTH, RATE, Waves

UNRELATED = (
    "A dog barks in a yard.",
    "A woman gives a speech to a crowd.",
    "An aeroplane takes off.",
    "Glass breaks on a stone floor.",
    "A chainsaw cuts through wood.",
    "Children laugh at a playground.",
    "Water boils in a kettle.",
    "A horse gallops past.",
)
"""Sentences that have nothing to do with each other: a text tower to which they are alike understands none."""


def named_sounds() -> tuple[tuple[str, ...], Waves]:
    """Return the names and the sounds they are the names of, float32 [6, LENGTH]."""
    time = np.arange(LENGTH) / RATE
    rng = np.random.default_rng(20240331)
    noise = rng.standard_normal(LENGTH)
    made = {
        "White noise and static hiss.": 0.15 * noise,
        "A pure sine wave tone beeps.": 0.3 * np.sin(2 * np.pi * 1000 * time) * (time % 1 < 0.5),
        "A clock ticks.": _struck(time, 0.5, 400) * 0.5 * np.sign(np.sin(2 * np.pi * 3200 * time)),
        "A siren wails.": 0.3 * np.sin(2 * np.pi * (900 * time - 400 * 2 / np.pi * np.cos(np.pi * time / 2))),
        "Electrical mains hum.": sum(0.2 / n * np.sin(2 * np.pi * 50 * n * time) for n in (1, 2, 3, 4, 6)),
        "A heartbeat.": 0.6
        * np.sin(2 * np.pi * 55 * time)
        * (_struck(time, 0.9, 18) + 0.7 * _struck(time - 0.3, 0.9, 22)),
    }
    return tuple(made), np.stack([np.asarray(wave, np.float32) for wave in made.values()])


def _struck(time: NDArray[np.float64], every: float, decay: float) -> NDArray[np.float64]:
    """Return the loudness of something struck at intervals, [frames]: 1 at each stroke, falling by `decay` a second."""
    return np.where(time >= 0, np.exp(-decay * (time % every)), 0.0)
