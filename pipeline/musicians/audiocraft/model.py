"""A checkpoint in audiocraft's layout as a model of windows: text, sound to go on from and tunes become new sound."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audio.clip import Clip, Samples
from pipeline.domain import Seed
from pipeline.musicians.audiocraft.loading import load_codec, load_language, stereo_codec
from pipeline.musicians.audiocraft.multiband import Multiband
from pipeline.musicians.audiocraft.parts import Files
from pipeline.musicians.musicgen.batcher import Passage, Steering, Written
from pipeline.musicians.musicgen.hearing import WORDS
from pipeline.musicians.musicgen.linear import Format
from pipeline.musicians.musicgen.player import Player
from pipeline.musicians.windows.model import Window, WindowOrder

from audiocraft.data.audio_utils import convert_audio  # isort: skip  # after loading, which puts the hub offline
from audiocraft.modules.conditioners import (  # isort: skip
    ClassifierFreeGuidanceDropout,
    ConditioningAttributes,
    WavCondition,
)

_TEXT_STEP = 16
"""Prompts are padded to a multiple of this many tokens.

audiocraft's cross-attention sees the padding of a batch, so that a prompt sounds otherwise beside a longer one. Padded
by its own length alone it does not. In training it saw much padding.
"""
"""Tokens: T5's own limit. What is longer is cut."""


class AudiocraftModel(Player):
    """A WindowModel in a checkpoint of audiocraft's layout: its conditioners and its codec, and our decoder."""

    def __init__(self, files: Files, device: torch.device, form: Format, multiband: Path | None) -> None:
        language = load_language(files, device)
        self._files, self._conditioners = files, language.conditioners
        self._mono = load_codec(files, device)
        self._codec = stereo_codec(self._mono, language.config)
        self._multiband = Multiband(multiband, self._mono)
        text = self._conditioners.conditioners["description"]
        text.t5_tokenizer = partial(text.t5_tokenizer, pad_to_multiple_of=_TEXT_STEP, truncation=True, max_length=WORDS)
        self.rate = int(self._codec.sample_rate)
        self.channels = int(self._codec.channels)
        self.longest = files.anatomy.longest
        self.hop = round(self.rate / self._codec.frame_rate)  # frames to a step
        before = files.anatomy.chroma + WORDS if files.anatomy.melody else 0
        positions = before + 1 + self._most + 2 * max(language.delays)
        super().__init__(files.folder.name, language.weights, language.delays, positions, device, form)

    @property
    def _most(self) -> int:
        """Steps that one window may have."""
        return int(self.longest * self.rate / self.hop)

    def _steps(self, order: WindowOrder) -> int:
        return max(1, math.ceil(round(order.seconds * self.rate) / int(self.hop)))

    def _line(self, order: WindowOrder) -> Passage:
        steps = self._steps(order)
        if steps > self._most:
            raise ValueError(f"{order.seconds} s are more than the {self.longest} s of one window")
        asked = self._conditions(order)
        away = self._steering(ClassifierFreeGuidanceDropout(p=1.0)([asked])[0])
        led = order.prompt is not None or order.melody is not None
        steering = self._steering(asked) if led else away
        guided = led and order.controls.cfg_coef != 1
        opening = self._encoded(order.opening, self._most - steps)
        # Codebooks lag behind each other, and at the end of a line the last ones are drawn without the first. A few
        # steps more, which nobody hears, and a take does not depend on where its line ends.
        more = steps + max(self._delays)
        return Passage(opening, more, steering, away if guided else None, order.controls, order.seed)

    def _steering(self, attributes: Any) -> Steering:
        """Return what audiocraft's own conditioners make of a description and a tune."""
        with _settled():
            made = self._conditioners(self._conditioners.tokenize([attributes]))
        words = made["description"][0][0].float()
        if not self._files.anatomy.melody:
            return Steering(words if bool(words.any()) else None, words[:0])
        return Steering(None, torch.cat([made["self_wav"][0][0].float(), words]))

    def _encoded(self, opening: Samples | None, room: int) -> torch.Tensor:
        """Return the end of an opening as tokens, int64 [codebooks, steps], at most `room` steps of it.

        Whole steps, cut at the front: the codec would pad the last one with silence, and that would be gone on from.
        """
        steps = 0 if opening is None else min(len(opening) // self.hop, room)
        if opening is None or not steps:
            return torch.zeros(len(self._delays), 0, dtype=torch.int64)
        sound = torch.from_numpy(opening[-steps * self.hop :].T.copy()).to(self.device)
        tokens: torch.Tensor = self._codec.encode(sound[None])[0][0]
        return tokens[:, :steps].cpu()

    def _conditions(self, order: WindowOrder) -> Any:
        tune = {"self_wav": self._tune(order.melody)} if self._files.anatomy.melody else {}
        return ConditioningAttributes(text={"description": order.prompt}, wav=tune)

    def _tune(self, melody: Clip | None) -> Any:
        """Return a tune as long as a window, over and over if it is shorter; nothing is a single silent frame."""
        if melody is None:
            wav = torch.zeros(1, 1, 1)
        else:
            wav = convert_audio(torch.from_numpy(melody.samples.T.copy()), melody.rate, self.rate, 1)[None]
            wav = wav[..., torch.arange(int(self.longest * self.rate)) % wav.shape[-1]]
        length = torch.tensor([0 if melody is None else wav.shape[-1]])
        return WavCondition(wav.to(self.device), length.to(self.device), [self.rate], [None], [None])

    def _window(self, written: Written[WindowOrder]) -> Window:
        """Decode one line, by itself and in float32: the opening too, so that the new sound begins where it ends."""
        order, steps = written.key, self._steps(written.key)
        tokens = written.codes[:, : written.codes.shape[1] - max(self._delays)]
        known, frames = tokens.shape[1] - steps, round(written.key.seconds * self.rate)
        codes = tokens[:, known:].numpy().astype(np.int16)
        if not written.sound:
            return Window(np.full((frames, self.channels), np.nan, np.float32), codes)
        sound = self._decoded(tokens.to(self.device), order.controls.multiband, order.seed)
        start = known * self.hop
        return Window(sound[start : start + frames].copy(), codes)

    def decode(self, codes: NDArray[np.int16], multiband: bool, seed: Seed) -> Samples:
        """Return the sound of tokens [codebooks, steps], float32 [frames, channels]."""
        return self._decoded(torch.from_numpy(codes.astype(np.int64)).to(self.device), multiband, seed)

    def _decoded(self, tokens: torch.Tensor, multiband: bool, seed: Seed) -> Samples:
        with torch.no_grad():
            if multiband:
                sound = self._multiband.decode(self._voices(tokens), seed)
            else:
                sound = self._codec.decode(tokens[None], None)[0]
        samples: Samples = np.ascontiguousarray(sound.float().cpu().numpy().T)
        return samples

    def _voices(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the tokens of each channel, int64 [channels, codebooks of one, steps]."""
        if self.channels == 1:
            return tokens[None]
        return torch.cat(self._codec.get_left_right_codes(tokens[None]))


@lru_cache(maxsize=2)
def load_model(files: Files, device: torch.device, form: Format, multiband: Path | None) -> AudiocraftModel:
    """Return the model, loaded once in a process. Raises DamagedModel, BackendUnavailable and OutOfMemory."""
    return AudiocraftModel(files, device, form, multiband)


@contextmanager
def _settled() -> Iterator[None]:
    """Make Demucs, which shifts its input by chance, shift it alike for every take."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)
