"""What a window is conditioned on: words and, for the melody models, a tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.audio.clip import Clip
from pipeline.musicians.windows.model import WindowOrder

WORDS = 512
"""Tokens of a prompt that are read, as many as T5 was trained on; the rest is left out."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """Hidden states [rows, length, width] and their mask [rows, length]; `ahead` if they stand before the sound.

    Rows that belong to no prompt hold zeros, unmasked: attending to them adds nothing.
    """

    states: torch.Tensor
    mask: torch.Tensor
    ahead: bool

    def arguments(self, first: bool) -> dict[str, torch.Tensor]:
        """Return what the decoder takes: before the sound they are given once, beside it at each step."""
        if not self.ahead:
            return {"encoder_hidden_states": self.states, "encoder_attention_mask": self.mask}
        return {"encoder_hidden_states": self.states} if first else {}


class Conditioner:
    """Makes conditions with the text encoder and the projections of a MusicGen model."""

    def __init__(self, model: Any, tokenizer: Any, listener: Any | None) -> None:
        self._model, self._tokenizer, self._listener = model, tokenizer, listener

    def width(self, order: WindowOrder) -> int:
        """Return how long the words of an order are in tokens; 1 without a prompt."""
        return self._tokens(order.prompt).shape[1] if order.prompt else 1

    def conditions(self, orders: Sequence[WindowOrder]) -> tuple[Conditions, Conditions]:
        """Return the conditions of the orders, and those that guidance leads away from."""
        words = [self._words(order.prompt) for order in orders]
        length = max(len(row) for row in words)
        states = torch.zeros(len(words), length, words[0].shape[1], device=words[0].device, dtype=words[0].dtype)
        mask = torch.zeros(len(words), length, device=states.device, dtype=torch.long)
        for row, hidden in enumerate(words):
            states[row, : len(hidden)], mask[row, : len(hidden)] = hidden, 1
        nothing = torch.zeros_like(states)
        if self._listener is None:
            return Conditions(states, mask, False), Conditions(nothing, torch.ones_like(mask), False)
        # Before the sound every position counts, so rows with words of another length are never put together.
        assert bool(mask.all()), "words of unequal length"
        tunes = torch.stack([self._tune(order.melody) for order in orders])
        no_tune = torch.stack([self._tune(None)] * len(orders))
        return (
            Conditions(torch.cat([tunes, states], dim=1), mask, True),
            Conditions(torch.cat([no_tune, nothing], dim=1), mask, True),
        )

    def _tokens(self, prompt: str | None) -> torch.Tensor:
        tokens: torch.Tensor = self._tokenizer(prompt, return_tensors="pt", truncation=True, max_length=WORDS).input_ids
        return tokens

    def _words(self, prompt: str | None) -> torch.Tensor:
        """Return the hidden states of a prompt [tokens, width]; one of nothing without a prompt."""
        decoder = self._model.decoder
        where = next(decoder.parameters())
        if not prompt:
            return torch.zeros(1, decoder.config.hidden_size, device=where.device, dtype=where.dtype)
        # One prompt at a time: padding to the longest would change the last bits of the others.
        states = self._model.text_encoder(input_ids=self._tokens(prompt).to(where.device)).last_hidden_state[0]
        projection = getattr(self._model, "enc_to_dec_proj", None)
        states = states if projection is None else projection(states)
        return states.to(where.dtype)

    def _tune(self, melody: Clip | None) -> torch.Tensor:
        """Return the projected chroma of a melody [frames, width]; that of silence without one."""
        config, where = self._model.config, next(self._model.decoder.parameters())
        if melody is None:
            chroma = torch.zeros(1, config.num_chroma)
            chroma[:, 0] = 1
        else:
            assert self._listener is not None
            heard = self._listener(
                torch.from_numpy(melody.samples.mean(axis=1)), sampling_rate=melody.rate, return_tensors="pt"
            )
            chroma = heard.input_features[0]
        projection = getattr(self._model, "audio_enc_to_dec_proj", None)
        tune: torch.Tensor = chroma.to(where.device)
        if projection is not None:
            tune = projection(tune)
        times = -(-config.chroma_length // len(tune))
        return tune.repeat(times, 1)[: config.chroma_length].to(where.dtype)
