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
    """The sequences of a batch, to be filled from left to right.

    `tokens` [rows, codebooks, positions] hold the codes of the openings and padding; where `free` is true a token is
    still to be drawn. Nothing before position `start` is. Openings may have any lengths: what is known of a row is
    never drawn, so no row is padded.
    """

    tokens: torch.Tensor
    free: torch.Tensor
    start: int


def lay_out(openings: Sequence[torch.Tensor], steps: Sequence[int], delays: Sequence[int], padding: int) -> Score:
    """Lay out rows that begin with `openings` [codebooks, any length] and go on for `steps` steps each."""
    longest = max(opening.shape[1] + count for opening, count in zip(openings, steps, strict=True))
    shape = (len(openings), len(delays), 1 + longest + max(delays))
    tokens, free = torch.full(shape, padding), torch.zeros(shape, dtype=torch.bool)
    for row, (opening, count) in enumerate(zip(openings, steps, strict=True)):
        known = opening.shape[1]
        for codebook, delay in enumerate(delays):
            first = 1 + delay
            tokens[row, codebook, first : first + known] = opening[codebook]
            free[row, codebook, first + known : first + known + count] = True
    return Score(tokens, free, 1 + min(opening.shape[1] for opening in openings))


def read_off(tokens: torch.Tensor, delays: Sequence[int], steps: int) -> torch.Tensor:
    """Return the first `steps` codes [codebooks, steps] of one row's tokens [codebooks, positions]."""
    return torch.stack([row[1 + delay : 1 + delay + steps] for row, delay in zip(tokens, delays, strict=True)])


def delays_of(codebooks: int, channels: int) -> tuple[int, ...]:
    """Return the delay of each codebook in steps."""
    return tuple(codebook // channels for codebook in range(codebooks))
