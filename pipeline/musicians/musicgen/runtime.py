"""A MusicGen model that is loaded: windows side by side, codes into sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.audio.clip import Samples
from pipeline.device import Device, Precision, choose_device, choose_precision, out_of_memory, room_to_load
from pipeline.errors import BackendUnavailable
from pipeline.musicians.musicgen.batcher import Batcher, Line, Written
from pipeline.musicians.musicgen.checkpoint import LONGEST, STEPS, Checkpoint
from pipeline.musicians.musicgen.conditions import WORDS, Conditioner
from pipeline.musicians.musicgen.decoder import Decoder
from pipeline.musicians.musicgen.delays import delays_of
from pipeline.musicians.musicgen.linear import Format
from pipeline.musicians.musicgen.published import open_published
from pipeline.musicians.windows.model import Ask, Report, Window, WindowOrder


@lru_cache(maxsize=1)
def load(checkpoint: Checkpoint, device: Device, precision: Precision) -> Runtime:
    """Load a checkpoint, once in a process. Raises BackendUnavailable, Damaged or OutOfMemory."""
    return Runtime(checkpoint, choose_device(device), precision)


class Runtime:
    """MusicGen, mono or stereo, with or without melody: a WindowModel that can do a batch again in float32."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: Precision) -> None:
        self.device, self.form = device, choose_format(precision, device)
        if self.form == "int8" and (device.type != "cpu" or "fbgemm" not in torch.backends.quantized.supported_engines):
            raise BackendUnavailable("MusicGen computes in int8 on x86 processors alone.", "Set LOFI_PRECISION=auto.")
        self._published = open_published(checkpoint)
        config = self._published.config
        self.channels = int(config.decoder.audio_channels)
        self.rate = int(config.audio_encoder.sampling_rate)
        self.longest = LONGEST
        self.hop = int(np.prod(config.audio_encoder.upsampling_ratios))
        self._delays = delays_of(config.decoder.num_codebooks, self.channels)
        # Before the sound a melody model has its tune and its words.
        self._before = int(config.chroma_length) + WORDS if checkpoint.melody else 0
        with room_to_load(checkpoint.weights.name, device), torch.inference_mode():
            self._codec = self._published.codec.to(device)
            self._conditioner = Conditioner(self._published, device)
            self._decoder = Decoder(self._published.weights, self.form, device)

    @property
    def cached(self) -> float:
        """Bytes that a key or a value takes in the cache."""
        if self.device.type == "cpu":
            return 1.2 if self.form == "int8" else 4
        return 4 if self.form == "float32" else 2

    def generate(self, ask: Ask, size: int, report: Report) -> Iterator[tuple[WindowOrder, Window]]:
        """Yield each window that is asked for when it is done; one with a step that was no number is all NaN.

        Raises torch.OutOfMemoryError or MemoryError.
        """
        yield from self._generate(self._decoder, ask, size, report)

    def generate_exactly(self, order: WindowOrder, report: Report) -> Window | None:
        """Generate as `generate` does, in float32: what overflows in half precision does not there."""
        if self.form == "float32":
            return None
        with torch.inference_mode():
            exact = Decoder(self._published.weights, "float32", self.device)
        waiting = [order]
        ((_, window),) = self._generate(exact, lambda: waiting.pop() if waiting else None, 1, report)
        return window

    def decode(self, codes: NDArray[np.int16]) -> Samples:
        """Return the sound of codes [codebooks, steps], float32 [frames, channels]."""
        with torch.inference_mode():
            return self._sound(torch.from_numpy(codes.astype(np.int64)))

    def _generate(self, decoder: Decoder, ask: Ask, size: int, report: Report) -> Iterator[tuple[WindowOrder, Window]]:
        def line() -> tuple[WindowOrder, Line] | None:
            order = ask()
            return None if order is None else (order, self._line(order))

        batcher: Batcher[WindowOrder] = Batcher(decoder, self._delays, size, STEPS + self._before)
        with _running_out_of_memory():
            for written in batcher.write(line, report):
                yield written.key, self._window(written)

    def _line(self, order: WindowOrder) -> Line:
        with torch.inference_mode():
            steering, away = self._conditioner.steering(order)
            opening = self._codes(order.opening)
        return Line(opening, self._steps(order), steering, away, order.controls, order.seed)

    def _steps(self, order: WindowOrder) -> int:
        return max(1, round(order.seconds * self.rate / self.hop))

    def _window(self, written: Written[WindowOrder]) -> Window:
        known = written.codes.shape[1] - self._steps(written.key)
        # With the opening before it, so that the first of the new sound goes on from the last of the old.
        with torch.inference_mode():
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


def choose_format(precision: Precision, device: torch.device) -> Format:
    """Return the format of the decoder's weights: int8 only where it is asked for, and on a CPU."""
    if precision == "int8":
        return "int8"
    form: Format = str(choose_precision(precision, device)).removeprefix("torch.")  # type: ignore[assignment]
    return form


@contextmanager
def _running_out_of_memory() -> Iterator[None]:
    """Let a lack of memory leave the block as MemoryError or torch.OutOfMemoryError, whatever PyTorch raised."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            torch.cuda.empty_cache()
        elif out_of_memory(error):
            raise MemoryError(str(error)) from None
        raise
