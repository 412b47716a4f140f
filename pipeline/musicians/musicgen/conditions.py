"""What a window is conditioned on: words and, for the melody models, a tune."""

from __future__ import annotations

import torch

from pipeline.audio.clip import Clip
from pipeline.musicians.musicgen.batcher import Steering
from pipeline.musicians.musicgen.hearing import WORDS
from pipeline.musicians.musicgen.published import Published
from pipeline.musicians.windows.model import WindowOrder


class Conditioner:
    """Makes what a line is steered by, with the text encoder and the projections of a checkpoint on a device.

    They stay in float32: they are small, and half precision overflows in T5.
    """

    def __init__(self, published: Published, device: torch.device) -> None:
        self._published, self._device = published, device
        self._width = int(published.config.decoder.hidden_size)
        self._text_encoder = published.text_encoder.to(device)
        self._projections = {name: module.to(device) for name, module in published.projections.items()}

    def steering(self, order: WindowOrder) -> tuple[Steering, Steering | None]:
        """Return what an order is steered by, and what guidance leads away from; None where it leads nowhere."""
        guided = order.controls.cfg_coef != 1 and (bool(order.prompt) or order.melody is not None)
        words = self._words(order.prompt)
        if self._published.listener is None:
            none_before = torch.zeros(0, self._width, device=self._device)
            away = Steering(None, none_before) if guided else None
            # Looking across at nothing gives nothing: no layer has a bias there.
            return Steering(words if order.prompt else None, none_before), away
        asked = Steering(None, torch.cat([self._tune(order.melody), words]))
        away = Steering(None, torch.cat([self._tune(None), torch.zeros_like(words)])) if guided else None
        return asked, away

    def _words(self, prompt: str | None) -> torch.Tensor:
        """Return the hidden states of a prompt [tokens, width]; one of nothing without a prompt."""
        if not prompt:
            return torch.zeros(1, self._width, device=self._device)
        # One prompt at a time: padding to the longest would change the last bits of the others.
        ids = self._published.tokenizer(prompt, return_tensors="pt", truncation=True, max_length=WORDS).input_ids
        states: torch.Tensor = self._text_encoder(input_ids=ids.to(self._device)).last_hidden_state[0]
        return self._projected("enc_to_dec_proj", states)

    def _tune(self, melody: Clip | None) -> torch.Tensor:
        """Return the projected chroma of a melody [frames, width]; that of silence without one."""
        config = self._published.config
        if melody is None:
            chroma = torch.zeros(1, config.num_chroma)
            chroma[:, 0] = 1
        else:
            assert self._published.listener is not None
            heard = self._published.listener(
                torch.from_numpy(melody.samples.mean(axis=1)), sampling_rate=melody.rate, return_tensors="pt"
            )
            chroma = heard.input_features[0]
        tune = self._projected("audio_enc_to_dec_proj", chroma.to(self._device))
        times = -(-config.chroma_length // len(tune))
        return tune.repeat(times, 1)[: config.chroma_length]

    def _projected(self, name: str, states: torch.Tensor) -> torch.Tensor:
        projection = self._projections.get(name)
        return states if projection is None else projection(states)
