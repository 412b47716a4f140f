"""Drawing tokens so that each row of a batch has its own chance and its own controls.

A token is drawn as the highest of log-probability plus Gumbel noise, which is the same as drawing by probability
(Gumbel, 1954). The noise comes from a generator of the row's own, so no row changes what another one draws; and a
difference in the last bit of a probability, as between batches of another size, changes next to no draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pipeline.domain import Controls, Seed


class Sampler:
    """One draw a step for each of `size` rows; a row begins with controls and a seed of its own."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.size = size
        self._device = device
        # On the CPU, whatever the model runs on: a seed then means the same everywhere.
        self._chance = [torch.Generator() for _ in range(size)]
        self._controls = [Controls()] * size
        self._changed = True

    def begin(self, row: int, controls: Controls, seed: Seed) -> None:
        """Let a row draw by these controls, from the beginning of this seed's chance."""
        self._chance[row].manual_seed(seed)
        self._controls[row] = controls
        self._changed = True

    def guided(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits led away from the second half of the rows, where there is one, towards the first."""
        self._settle()
        if len(logits) == self.size:
            return logits
        given, away = logits.split(self.size)
        return away + (given - away) * self._guidance

    def draw(self, logits: torch.Tensor, active: Sequence[bool]) -> torch.Tensor:
        """Return tokens [rows, codebooks] for float32 logits [rows, codebooks, vocabulary].

        Rows that are not active use up no chance; what is drawn for them means nothing.
        """
        self._settle()
        scaled = logits / self._temperature
        threshold = self._threshold(scaled)
        if threshold is not None:
            scaled = scaled.masked_fill(scaled < threshold, -torch.inf)
        return (scaled + self._noise(logits.shape, active)).argmax(dim=-1)

    def _settle(self) -> None:
        """Lay the controls of all rows side by side, when one of them has changed."""
        if not self._changed:
            return
        self._changed = False

        def column(values: Sequence[float]) -> torch.Tensor:
            return torch.tensor(values, device=self._device)[:, None, None]

        self._temperature = column([each.temperature for each in self._controls])
        self._guidance = column([each.cfg_coef for each in self._controls])
        # As in audiocraft: top_p where it is given, else top_k where it is given, else all.
        self._p = column([each.top_p for each in self._controls])
        self._k = column([each.top_k for each in self._controls])

    def _noise(self, shape: torch.Size, active: Sequence[bool]) -> torch.Tensor:
        noise = torch.zeros(shape)
        for row, (generator, controls, now) in enumerate(zip(self._chance, self._controls, active, strict=True)):
            if controls.use_sampling and now:
                noise[row].exponential_(generator=generator).log_().neg_()
        return noise.to(self._device)

    def _threshold(self, scaled: torch.Tensor) -> torch.Tensor | None:
        """Return the lowest value that may be drawn, [rows, codebooks, 1]; None where all may."""
        size = scaled.shape[-1]
        if not any(each.top_p for each in self._controls):
            most = max(each.top_k or size for each in self._controls)
            if most >= size and not any(0 < each.top_k < size for each in self._controls):
                return None
            most = min(most, size)
            count = torch.where(self._k > 0, self._k, size).clamp(1, most).expand(*scaled.shape[:-1], 1)
            return scaled.topk(most, dim=-1).values.gather(-1, count.long() - 1)
        ordered = scaled.sort(dim=-1, descending=True).values
        likely = ordered.softmax(dim=-1)
        by_p = (likely.cumsum(dim=-1) - likely <= self._p).sum(dim=-1, keepdim=True)
        by_k = torch.where(self._k > 0, self._k, size).long().expand_as(by_p)
        count = torch.where(self._p > 0, by_p, by_k).clamp(1, size)
        return ordered.gather(-1, count - 1)
