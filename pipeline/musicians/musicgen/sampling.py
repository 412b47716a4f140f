"""Drawing tokens so that each row of a batch has its own chance and its own controls.

A token is drawn as the highest of log-probability plus Gumbel noise, which is the same as drawing by probability
(Gumbel, 1954). The noise comes from a generator of the row's own, so no row changes what another one draws; and a
difference in the last bit of a probability, as between batches of another size, changes next to no draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pipeline.domain import Controls


class Sampler:
    """One draw a step for every row: `controls` and `seeds` are one each a row."""

    def __init__(self, controls: Sequence[Controls], seeds: Sequence[int], device: torch.device) -> None:
        self._device = device
        # On the CPU, whatever the model runs on: a seed then means the same everywhere.
        self._chance = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._drawing = [each.use_sampling for each in controls]
        self._temperature = torch.tensor([each.temperature for each in controls], device=device)[:, None, None]
        # As in audiocraft: top_p where it is given, else top_k where it is given, else all.
        self._p = torch.tensor([each.top_p for each in controls], device=device)[:, None]
        self._k = torch.tensor([each.top_k for each in controls], device=device)[:, None]
        self._plain = not (self._p.any() or self._k.any())

    def draw(self, logits: torch.Tensor, active: Sequence[bool]) -> torch.Tensor:
        """Return tokens [rows, codebooks] for float32 logits [rows, codebooks, vocabulary].

        Rows that are not active use up no chance; what is drawn for them means nothing.
        """
        scaled = logits / self._temperature
        if not self._plain:
            scaled = scaled.masked_fill(scaled < self._threshold(scaled), -torch.inf)
        return (scaled + self._noise(logits.shape, active)).argmax(dim=-1)

    def _noise(self, shape: torch.Size, active: Sequence[bool]) -> torch.Tensor:
        noise = torch.zeros(shape)
        for row, (generator, drawing, now) in enumerate(zip(self._chance, self._drawing, active, strict=True)):
            if drawing and now:
                noise[row].exponential_(generator=generator).log_().neg_()
        return noise.to(self._device)

    def _threshold(self, scaled: torch.Tensor) -> torch.Tensor:
        """Return the lowest value that may be drawn, [rows, codebooks, 1]."""
        ordered = scaled.sort(dim=-1, descending=True).values
        size = scaled.shape[-1]
        likely = ordered.softmax(dim=-1)
        by_p = (likely.cumsum(dim=-1) - likely <= self._p[..., None]).sum(dim=-1)
        by_k = torch.where(self._k > 0, self._k, size).expand_as(by_p)
        count = torch.where(self._p > 0, by_p, by_k).clamp(1, size)
        return ordered.gather(-1, count[..., None] - 1)
