"""Sound in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""float32 [frames, channels], full scale at +-1."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Sound in memory: `samples` float32 [frames, channels] with full scale at +-1, `rate` in Hz."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(f"a clip is float32 [frames, channels], not {self.samples.dtype} {self.samples.shape}")

    @property
    def frames(self) -> int:
        """Length in frames."""
        return int(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """How many channels: 1 or 2."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    def within_full_scale(self) -> Clip:
        """Return it as it is, or softer if a file would clip it."""
        peak = np.abs(self.samples).max(initial=np.float32(0))
        return self if peak <= 1 else Clip(self.samples / peak, self.rate)
