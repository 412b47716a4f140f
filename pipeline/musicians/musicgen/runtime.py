"""A MusicGen model in the transformers layout that is loaded: windows side by side, codes into sound."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audio.clip import Samples
from pipeline.device import Device, Precision, choose_device, room_to_load
from pipeline.musicians.musicgen.batcher import Passage, Written
from pipeline.musicians.musicgen.checkpoint import LONGEST, Checkpoint
from pipeline.musicians.musicgen.conditions import Conditioner
from pipeline.musicians.musicgen.delays import delays_of
from pipeline.musicians.musicgen.hearing import WORDS
from pipeline.musicians.musicgen.linear import choose_format
from pipeline.musicians.musicgen.player import Player
from pipeline.musicians.musicgen.published import open_published
from pipeline.musicians.windows.model import Window, WindowOrder


@lru_cache(maxsize=1)
def load(checkpoint: Checkpoint, device: Device, precision: Precision) -> Runtime:
    """Load a checkpoint, once in a process. Raises BackendUnavailable, DamagedModel or OutOfMemory."""
    return Runtime(checkpoint, choose_device(device), precision)


class Runtime(Player):
    """MusicGen, mono or stereo, with or without melody: a WindowModel that can do a window again in float32."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: Precision) -> None:
        form = choose_format(precision, device)
        published = open_published(checkpoint)
        config = published.config
        self.channels = int(config.decoder.audio_channels)
        self.rate = int(config.audio_encoder.sampling_rate)
        self.longest = LONGEST
        self.hop = int(np.prod(config.audio_encoder.upsampling_ratios))
        delays = delays_of(config.decoder.num_codebooks, self.channels)
        # Before the sound a melody model has its tune and its words.
        before = int(config.chroma_length) + WORDS if checkpoint.melody else 0
        positions = before + 1 + int(LONGEST * self.rate / self.hop) + max(delays)
        with room_to_load(checkpoint.weights.name, device):
            # The codec stays in float32: it is small, and half precision is heard in it.
            self._codec = published.codec.to(device)
            self._conditioner = Conditioner(published, device)
        super().__init__(checkpoint.weights.name, published.weights, delays, positions, device, form)

    def decode(self, codes: NDArray[np.int16]) -> Samples:
        """Return the sound of codes [codebooks, steps], float32 [frames, channels]."""
        with torch.inference_mode():
            return self._sound(torch.from_numpy(codes.astype(np.int64)))

    def _line(self, order: WindowOrder) -> Passage:
        steering, away = self._conditioner.steering(order)
        return Passage(self._codes(order.opening), self._steps(order), steering, away, order.controls, order.seed)

    def _steps(self, order: WindowOrder) -> int:
        return max(1, round(order.seconds * self.rate / self.hop))

    def _window(self, written: Written[WindowOrder]) -> Window:
        known = written.codes.shape[1] - self._steps(written.key)
        # With the opening before it, so that the first of the new sound goes on from the last of the old.
        samples = self._sound(written.codes)[known * self.hop :]
        if not written.sound:
            samples = np.full_like(samples, np.nan)
        return Window(samples, written.codes[:, known:].numpy().astype(np.int16))

    def _codes(self, opening: Samples | None) -> torch.Tensor:
        """Return the codes of an opening, int64 [codebooks, steps]; no steps without one."""
        frames = 0 if opening is None else len(opening) // self.hop * self.hop
        if opening is None or not frames:
            return torch.zeros(len(self._delays), 0, dtype=torch.int64)
        planes = torch.from_numpy(np.ascontiguousarray(opening[-frames:].T)).to(self.device)
        # The codec hears one channel; a stereo model has its codebooks in turn: left, right, left, right.
        sides = [self._codec.encode(plane[None, None]).audio_codes[0, 0] for plane in planes]
        codes: torch.Tensor = torch.stack(sides, dim=1).flatten(0, 1).cpu()
        return codes

    def _sound(self, codes: torch.Tensor) -> Samples:
        """Return the sound of codes [codebooks, steps], [frames, channels]: one row at a time, to the same bits."""
        turns = [codes[channel :: self.channels] for channel in range(self.channels)]
        planes = [self._codec.decode(turn[None, None].to(self.device), [None]).audio_values[0, 0] for turn in turns]
        samples: Samples = torch.stack(planes, dim=1).float().cpu().numpy()
        return samples[: codes.shape[1] * self.hop]
