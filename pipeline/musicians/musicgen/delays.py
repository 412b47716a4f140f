"""The order in which MusicGen's codebooks are written: each a step later than the one before it.

Code t of codebook k stands at position 1 + t + delay(k) of the sequence, after one start token; left and right of a
stereo model share a delay (Copet et al., "Simple and Controllable Music Generation", 2023, figure 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Score:
    """A sequence to be filled from left to right.

    `tokens` [codebooks, positions] hold the codes of the opening and padding; where `free` is true a token is still
    to be drawn, and nothing before position `start` is.
    """

    tokens: torch.Tensor
    free: torch.Tensor
    start: int


def lay_out(opening: torch.Tensor, steps: int, delays: Sequence[int], padding: int) -> Score:
    """Lay out a sequence that begins with `opening` [codebooks, any length] and goes on for `steps` steps."""
    known = opening.shape[1]
    shape = (len(delays), 1 + known + steps + max(delays))
    tokens, free = torch.full(shape, padding), torch.zeros(shape, dtype=torch.bool)
    for codebook, delay in enumerate(delays):
        first = 1 + delay
        tokens[codebook, first : first + known] = opening[codebook]
        free[codebook, first + known : first + known + steps] = True
    return Score(tokens, free, 1 + known)


def read_off(tokens: torch.Tensor, delays: Sequence[int], steps: int) -> torch.Tensor:
    """Return the first `steps` codes [codebooks, steps] of a sequence's tokens [codebooks, positions]."""
    return torch.stack([row[1 + delay : 1 + delay + steps] for row, delay in zip(tokens, delays, strict=True)])


def delays_of(codebooks: int, channels: int) -> tuple[int, ...]:
    """Return the delay of each codebook in steps."""
    return tuple(codebook // channels for codebook in range(codebooks))
