"""EnCodec's decoder in pieces that fit into a processor's cache: the same sound in half the time, in bounded memory.

Its last layers work at the full rate of the sound: half a minute of them is gigabytes that go through memory again and
again. Up to the recurrent layer it runs over all steps at once; behind it every frame depends on few steps around it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

PIECE = 100
"""Steps of a piece, two seconds of sound."""

AROUND = 4
"""Steps before and behind a piece that are decoded with it and thrown away: further than any layer reaches."""


class InPieces(nn.Module):  # type: ignore[misc]
    """The `layers` of a decoder of EnCodec's, transformers' or audiocraft's, in their order."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        every = list(layers)
        last = max(
            index for index, layer in enumerate(every) if any(isinstance(part, nn.LSTM) for part in layer.modules())
        )
        self.ahead, self.behind = nn.Sequential(*every[: last + 1]), nn.Sequential(*every[last + 1 :])

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the sound [1, channels, frames] of a latent sequence, float32 [1, width, steps]."""
        heard, steps = self.ahead(latent), latent.shape[-1]
        pieces = []
        for start in range(0, steps, PIECE):
            end = min(start + PIECE, steps)
            # What is left at the end is never so short that it is nothing but edge.
            end = steps if steps - end < AROUND else end
            first, last = max(0, start - AROUND), min(steps, end + AROUND)
            sound = self.behind(heard[..., first:last])
            hop = sound.shape[-1] // (last - first)
            pieces.append(sound[..., (start - first) * hop : (end - first) * hop])
            if end == steps:
                break
        return torch.cat(pieces, dim=-1)
