"""A checkpoint in audiocraft's layout as a model of windows: text, sound to go on from and tunes become new sound."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audio.clip import Clip, Samples
from pipeline.domain import Seed
from pipeline.musicians.audiocraft.loading import load_codec, load_language_model, set_precision, stereo_codec
from pipeline.musicians.audiocraft.multiband import Multiband
from pipeline.musicians.audiocraft.parts import Files
from pipeline.musicians.audiocraft.sampling import Sampler
from pipeline.musicians.windows.model import EVERY, Ask, Report, Window, WindowOrder, batches

from audiocraft.data.audio_utils import convert_audio  # isort: skip  # after loading, which puts the hub offline
from audiocraft.modules.conditioners import ConditioningAttributes, WavCondition  # isort: skip

_TEXT_STEP = 16
"""Prompts are padded to a multiple of this many tokens.

audiocraft's cross-attention sees the padding of a batch, so that a prompt sounds otherwise beside a longer one. Padded
by its own length alone, and only beside others of that length, it does not. In training it saw much padding.
"""
_TEXT_LIMIT = 512
"""Tokens: T5's own limit. What is longer is cut."""


@dataclass(frozen=True)
class _Row:
    """An order made ready: `opening` int64 [1, codebooks, steps], `steps` of new sound, `width` of its prompt."""

    order: WindowOrder
    opening: torch.Tensor | None
    steps: int
    width: int

    @property
    def opened(self) -> int:
        return 0 if self.opening is None else self.opening.shape[-1]

    @property
    def company(self) -> tuple[object, ...]:
        """What the rows of one batch must have in common."""
        c = self.order.controls
        sampling = (c.use_sampling, c.top_k, c.top_p, c.temperature, c.cfg_coef, c.two_step_cfg)
        return self.opened, self.width, self.order.prompt is None, self.order.melody is None, sampling


class AudiocraftModel:
    """A WindowModel, on a `device` and in a `precision`. See pipeline/musicians/windows/model.py."""

    def __init__(self, files: Files, device: torch.device, precision: torch.dtype, multiband: Path | None) -> None:
        self._files, self.device, self.precision = files, device, precision
        self._mono = load_codec(files, device)
        self._lm = load_language_model(files, device, precision)
        self._codec = stereo_codec(self._mono, self._lm)
        self._sampler = Sampler(self._lm)
        self._multiband = Multiband(multiband, self._mono)
        text = self._lm.condition_provider.conditioners["description"]
        self._tokenizer = text.t5_tokenizer
        text.t5_tokenizer = partial(
            self._tokenizer, pad_to_multiple_of=_TEXT_STEP, truncation=True, max_length=_TEXT_LIMIT
        )
        self.rate = int(self._codec.sample_rate)
        self.channels = int(self._codec.channels)
        self.longest = files.anatomy.longest
        self.hop = round(self.rate / self._codec.frame_rate)  # frames to a step

    def generate(self, ask: Ask, size: int, report: Report) -> Iterator[tuple[WindowOrder, Window]]:
        """Yield each window that is asked for; those that cannot share a batch are generated after each other."""
        for orders in batches(ask, size):
            yield from self._generate(orders, self.precision, report)

    def generate_exactly(self, order: WindowOrder, report: Report) -> Window | None:
        """Generate one window in float32."""
        if self.precision == torch.float32:
            return None
        set_precision(self._lm, torch.float32)
        try:
            ((_, window),) = self._generate([order], torch.float32, report)
        finally:
            set_precision(self._lm, self.precision)
        return window

    def _generate(
        self, orders: Sequence[WindowOrder], precision: torch.dtype, report: Report
    ) -> Iterator[tuple[WindowOrder, Window]]:
        rows = [self._row(order) for order in orders]
        companies: dict[tuple[object, ...], list[_Row]] = {}
        for row in rows:
            companies.setdefault(row.company, []).append(row)
        for batch in companies.values():
            tokens, broken = self._tokens(batch, precision, partial(_report_all, report, batch))
            for row, codes, bad in zip(batch, tokens, broken, strict=True):
                yield row.order, self._broken(row) if bad else self._window(row, codes)

    def _row(self, order: WindowOrder) -> _Row:
        steps = max(1, math.ceil(round(order.seconds * self.rate) / self.hop))
        if steps > self._most:
            raise ValueError(f"{order.seconds} s are more than the {self.longest} s of one window")
        words = self._tokenizer(order.prompt or "", truncation=True, max_length=_TEXT_LIMIT).input_ids
        return _Row(order, self._encoded(order.opening, self._most - steps), steps, -(-len(words) // _TEXT_STEP))

    @property
    def _most(self) -> int:
        """Steps that one window may have."""
        return int(self.longest * self.rate / self.hop)

    def _encoded(self, opening: Samples | None, room: int) -> torch.Tensor | None:
        """Return the end of an opening as tokens, at most `room` steps of it.

        Whole steps, cut at the front: the codec would pad the last one with silence, and that would be gone on from.
        """
        steps = 0 if opening is None else min(len(opening) // self.hop, room)
        if opening is None or not steps:
            return None
        sound = torch.from_numpy(opening[-steps * self.hop :].T.copy()).to(self.device)
        with torch.no_grad():
            tokens: torch.Tensor = self._codec.encode(sound[None])[0]
        return tokens[..., :steps]

    def _tokens(
        self, rows: Sequence[_Row], precision: torch.dtype, report: Callable[[float], None]
    ) -> tuple[torch.Tensor, list[bool]]:
        """Return tokens, int64 [rows, codebooks, opening and new steps], and which rows met no real numbers."""
        first, orders = rows[0], [row.order for row in rows]
        controls = first.order.controls
        guided = first.order.prompt is not None or first.order.melody is not None
        openings = [row.opening for row in rows if row.opening is not None]
        # Codebooks lag behind each other, and at the end of a generation the last ones are drawn without the first.
        # A few steps more, which nobody hears, and a take is the same to its end beside a longer one.
        lag = self._lm.num_codebooks
        self._sampler.begin([order.seed for order in orders], self._most + 2 * lag + 1, guided)
        with torch.no_grad(), self._autocast(precision), _settled():
            tokens = self._lm.generate(
                torch.cat(openings) if openings else None,
                [self._conditions(order) for order in orders],
                max_gen_len=first.opened + max(row.steps for row in rows) + lag,
                use_sampling=controls.use_sampling,
                temp=controls.temperature,
                top_k=controls.top_k,
                top_p=controls.top_p,
                cfg_coef=controls.cfg_coef,
                two_step_cfg=controls.two_step_cfg and guided,
                callback=lambda done, whole: None if done % EVERY else report(min(1.0, done / whole)),
            )
        return tokens, self._sampler.broken.tolist()

    def _autocast(self, precision: torch.dtype) -> AbstractContextManager[Any]:
        if precision == torch.float32:
            return nullcontext()
        autocast: AbstractContextManager[Any] = torch.autocast(self.device.type, dtype=precision)
        return autocast

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

    def _broken(self, row: _Row) -> Window:
        """Return a window that says of itself that it is none: samples that are not numbers."""
        samples = np.full((round(row.order.seconds * self.rate), self.channels), np.nan, np.float32)
        return Window(samples, np.zeros((self._lm.num_codebooks, row.steps), np.int16))

    def _window(self, row: _Row, tokens: torch.Tensor) -> Window:
        """Decode one row, by itself and in float32: the opening too, so that the new sound begins where it ends."""
        tokens = tokens[:, : row.opened + row.steps]
        sound = self._decoded(tokens, row.order.controls.multiband, row.order.seed)
        start, frames = row.opened * self.hop, round(row.order.seconds * self.rate)
        return Window(sound[start : start + frames].copy(), tokens[:, row.opened :].cpu().numpy().astype(np.int16))

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


def _report_all(report: Report, rows: Sequence[_Row], share: float) -> None:
    for row in rows:
        report(row.order, share)


@lru_cache(maxsize=2)
def load_model(files: Files, device: torch.device, precision: torch.dtype, multiband: Path | None) -> AudiocraftModel:
    """Return the model, loaded once in a process. Raises DamagedModel and BackendUnavailable."""
    return AudiocraftModel(files, device, precision, multiband)


@contextmanager
def _settled() -> Iterator[None]:
    """Make Demucs, which shifts its input by chance, shift it alike for every take."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)
