"""The draw of each token, from the seed of its own row: a take must not depend on what else is in its batch.

audiocraft draws for the whole batch from one generator. Here every row brings its chance along, drawn before anything
is generated, and a token is found by inverting the cumulated probabilities in the order of the vocabulary: rounding
then moves a border by a hair and seldom changes a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

Conditions = dict[str, tuple[torch.Tensor, torch.Tensor]]


class Sampler:
    """Takes the place of LMModel._sample_next_token in one language model.

    After a generation `broken`, bool [rows], says which rows met a number that is not finite.
    """

    def __init__(self, lm: Any) -> None:
        self._lm = lm
        self._chance = torch.empty(0)
        self._step = 0
        self._guided = True
        self.broken = torch.empty(0, dtype=torch.bool)
        lm._sample_next_token = self._next_token

    def begin(self, seeds: Sequence[int], steps: int, guided: bool) -> None:
        """Make ready for one generation of at most `steps` steps; unless `guided` the prompts are left out."""
        device = next(iter(self._lm.parameters())).device
        # Always the same number of draws, so that a take's first seconds do not depend on its length.
        rows = [torch.rand(steps, self._lm.num_codebooks, generator=torch.Generator().manual_seed(s)) for s in seeds]
        self._chance = torch.stack(rows).to(device)
        self.broken = torch.zeros(len(rows), dtype=torch.bool, device=device)
        self._step = 0
        self._guided = guided

    def _next_token(
        self,
        sequence: torch.Tensor,
        cfg_conditions: Conditions | tuple[Conditions, Conditions],
        unconditional_state: dict[str, torch.Tensor],
        use_sampling: bool = False,
        temp: float = 1.0,
        top_k: int = 0,
        top_p: float = 0.0,
        cfg_coef: float = 1.0,
        two_step_cfg: bool = False,
    ) -> torch.Tensor:
        """Return the next tokens, int64 [rows, codebooks, 1]. Named and called as in audiocraft."""
        del two_step_cfg  # the conditions come as a pair then
        if isinstance(cfg_conditions, tuple):
            logits = self._in_two_steps(sequence, *cfg_conditions, unconditional_state, cfg_coef)
        else:
            logits = self._at_once(sequence, cfg_conditions, cfg_coef)
        logits = logits[:, :, -1].float()  # [rows, codebooks, vocabulary]
        self.broken |= ~logits.isfinite().all(dim=-1).all(dim=-1)
        chance, self._step = self._chance[:, self._step], self._step + 1
        if not use_sampling:
            return logits.argmax(dim=-1, keepdim=True)
        return draw(torch.softmax(logits / temp, dim=-1), chance, top_k, top_p)

    def _at_once(self, sequence: torch.Tensor, conditions: Conditions, strength: float) -> torch.Tensor:
        """Return the logits of one pass over the rows with their prompts and, below them, without."""
        rows = len(sequence)
        if not self._guided:  # the lower half alone
            null = {name: (tensor[rows:], mask[rows:]) for name, (tensor, mask) in conditions.items()}
            plain: torch.Tensor = self._lm(sequence, conditions=[], condition_tensors=null)
            return plain
        both = self._lm(torch.cat([sequence, sequence]), conditions=[], condition_tensors=conditions)
        given, plain = both.split(rows)
        return plain + (given - plain) * strength

    def _in_two_steps(
        self,
        sequence: torch.Tensor,
        conditions: Conditions,
        null: Conditions,
        unconditional: dict[str, torch.Tensor],
        strength: float,
    ) -> torch.Tensor:
        """Return the logits of two passes, each with a memory of its own (audiocraft's forgets `cfg_coef` here)."""
        lm = self._lm
        given = lm(sequence, conditions=[], condition_tensors=conditions)
        memory = lm.get_streaming_state()
        lm.set_streaming_state(unconditional)
        plain: torch.Tensor = lm(sequence, conditions=[], condition_tensors=null)
        unconditional.update(lm.get_streaming_state())
        lm.set_streaming_state(memory)
        return plain + (given - plain) * strength


def draw(probabilities: torch.Tensor, chance: torch.Tensor, top_k: int = 0, top_p: float = 0.0) -> torch.Tensor:
    """Return one token for each distribution, int64 [..., 1].

    `probabilities` are [..., vocabulary], `chance` [...] from 0 to 1. `top_p` above 0 keeps the likeliest tokens that
    together reach it, else `top_k` above 0 the `top_k` likeliest, else all are kept: MusicGen's own rule.
    """
    if top_p > 0:
        ranked, places = probabilities.sort(dim=-1, descending=True)
        kept = torch.where(ranked.cumsum(dim=-1) - ranked <= top_p, ranked, 0.0)
        probabilities = torch.zeros_like(probabilities).scatter(-1, places, kept)
    elif 0 < top_k < probabilities.shape[-1]:
        least = probabilities.topk(top_k, dim=-1).values[..., -1:]
        probabilities = torch.where(probabilities >= least, probabilities, 0.0)
    reached = probabilities.cumsum(dim=-1)
    # Just below the whole at most, so that no token of probability 0 at the end is ever drawn.
    wanted = chance[..., None] * reached[..., -1:] * (1 - 1e-6)
    return torch.searchsorted(reached, wanted, right=True).clamp(max=probabilities.shape[-1] - 1)
