"""A MusicGen model that is loaded: windows in batches, codes into sound.

The language model is run step by step here rather than by transformers' own generate(): that has one guidance, one
set of sampling controls and one source of chance for a whole batch, and returns no codes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from pipeline.audio.clip import Samples
from pipeline.device import Device, Precision, choose_device, choose_precision, out_of_memory, room_to_load
from pipeline.errors import BackendUnavailable, DamagedModel
from pipeline.musicians.musicgen.checkpoint import LONGEST, Checkpoint, or_another
from pipeline.musicians.musicgen.conditions import Conditioner, Conditions
from pipeline.musicians.musicgen.delays import Score, delays_of, lay_out, read_off
from pipeline.musicians.musicgen.sampling import Sampler
from pipeline.musicians.windows.model import EVERY, Window, WindowOrder
from pipeline.weights.layouts import in_safetensors

_SENTENCE = "a warm lo-fi beat with mellow piano"


@lru_cache(maxsize=1)
def load(checkpoint: Checkpoint, device: Device, precision: Precision) -> Runtime:
    """Load a checkpoint, once in a process. Raises BackendUnavailable or DamagedModel."""
    return Runtime(checkpoint, choose_device(device), precision)


class Runtime:
    """MusicGen, mono or stereo, with or without melody: a WindowModel that can do a batch again in float32."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: Precision) -> None:
        self._model, tokenizer = _read(checkpoint)
        self.device, self.precision = device, choose_precision(precision, device)
        config = self._model.config
        self.channels = int(config.decoder.audio_channels)
        self.rate = int(config.audio_encoder.sampling_rate)
        self.longest = LONGEST
        self.hop = int(np.prod(config.audio_encoder.upsampling_ratios))
        self._delays = delays_of(config.decoder.num_codebooks, self.channels)
        self._padding = int(config.decoder.pad_token_id)
        # The codec and the text encoder stay in float32: they are small, and half precision is heard in the one and
        # overflows in the other.
        with room_to_load(checkpoint.weights.name, device):
            self._model.to(device)
            self._model.decoder.to(self.precision)
        listener = None
        if checkpoint.melody:
            listener = transformers.AutoFeatureExtractor.from_pretrained(
                checkpoint.path, local_files_only=True, trust_remote_code=False
            )
        self._conditioner = Conditioner(self._model, tokenizer, listener)
        self._apart = checkpoint.melody

    def generate(self, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[Window]:
        """Generate one batch. A window with a step that came out as no number is NaN from end to end.

        Raises torch.OutOfMemoryError or MemoryError.
        """
        windows: list[Window | None] = [None] * len(orders)
        groups = self._groups(orders)
        try:
            with torch.inference_mode():
                for index, group in enumerate(groups):
                    made = self._batch(
                        [orders[place] for place in group],
                        lambda share, index=index: report((index + share) / len(groups)),  # type: ignore[misc]
                    )
                    for place, window in zip(group, made, strict=True):
                        windows[place] = window
        except RuntimeError as error:
            if out_of_memory(error):
                torch.cuda.empty_cache()
                raise
            if "DefaultCPUAllocator" in str(error) or "not enough memory" in str(error):
                raise MemoryError(str(error)) from None
            raise
        return [window for window in windows if window is not None]

    def generate_exactly(self, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[Window]:
        """Generate as `generate` does, in float32: what overflows in half precision does not there."""
        if not orders or self.precision == torch.float32:
            return []
        try:
            self._model.decoder.to(torch.float32)
            return self.generate(orders, report)
        finally:
            self._model.decoder.to(self.precision)

    def decode(self, codes: NDArray[np.int16]) -> Samples:
        """Return the sound of codes [codebooks, steps], float32 [frames, channels]."""
        with torch.inference_mode():
            return self._sound(torch.from_numpy(codes.astype(np.int64)))

    def _groups(self, orders: Sequence[WindowOrder]) -> list[list[int]]:
        """Return which orders can share a batch: a melody model has its words before the sound, so of one length."""
        if not self._apart:
            return [list(range(len(orders)))] if orders else []
        groups: dict[int, list[int]] = {}
        for place, order in enumerate(orders):
            groups.setdefault(self._conditioner.width(order), []).append(place)
        return list(groups.values())

    def _batch(self, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[Window]:
        openings = [self._codes(order.opening) for order in orders]
        steps = [max(1, round(order.seconds * self.rate / self.hop)) for order in orders]
        score = lay_out(openings, steps, self._delays, self._padding)
        sound = self._write(score, orders, report)
        windows = []
        for row, (opening, count) in enumerate(zip(openings, steps, strict=True)):
            known = opening.shape[1]
            codes = read_off(score.tokens[row], self._delays, known + count)
            # With the opening before it, so that the first of the new sound goes on from the last of the old.
            samples = self._sound(codes)[known * self.hop :]
            if not sound[row]:
                samples = np.full_like(samples, np.nan)
            windows.append(Window(samples, codes[:, known:].numpy().astype(np.int16)))
        return windows

    def _write(self, score: Score, orders: Sequence[WindowOrder], report: Callable[[float], None]) -> list[bool]:
        """Fill the score in place; return for each row whether every step of it was made of numbers."""
        decoder, device = self._model.decoder, self.device
        controls = [order.controls for order in orders]
        sampler = Sampler(controls, [order.seed for order in orders], device)
        guidance = torch.tensor([each.cfg_coef for each in controls], device=device)[:, None, None]
        asked, empty = self._conditioner.conditions(orders)
        guided = bool((guidance != 1).any())
        if guided and not any(each.two_step_cfg for each in controls):
            # Both at once, the prompt's rows first: twice the batch, half the calls.
            passes = [
                Conditions(torch.cat([asked.states, empty.states]), torch.cat([asked.mask, empty.mask]), asked.ahead)
            ]
        else:
            passes = [asked, empty] if guided else [asked]
        caches: list[Any] = [None] * len(passes)
        rows, codebooks, positions = score.tokens.shape
        sound = torch.ones(rows, dtype=torch.bool, device=device)
        fed = score.tokens[..., : score.start].to(device)
        for position in range(score.start, positions):
            hidden = []
            for index, conditions in enumerate(passes):
                copies = len(conditions.states) // rows
                made = decoder.model(
                    input_ids=fed.repeat(copies, 1, 1).reshape(copies * rows * codebooks, -1),
                    past_key_values=caches[index],
                    use_cache=True,
                    **conditions.arguments(first=caches[index] is None),
                )
                caches[index] = made.past_key_values
                hidden.append(made.last_hidden_state[:, -1])
            states = torch.cat(hidden)
            logits = torch.stack([head(states) for head in decoder.lm_heads], dim=1).float()
            if guided:
                logits = logits[rows:] + (logits[:rows] - logits[rows:]) * guidance
            free = score.free[..., position]
            active = free.any(dim=1)
            sound &= logits.isfinite().all(dim=-1).all(dim=-1) | ~active.to(device)
            drawn = sampler.draw(logits, active.tolist()).cpu()
            score.tokens[..., position] = torch.where(free, drawn, score.tokens[..., position])
            fed = score.tokens[..., position, None].to(device)
            if position % EVERY == 0:
                report((position - score.start) / (positions - score.start))
        report(1.0)
        return [bool(each) for each in sound.tolist()]

    def _codes(self, opening: Samples | None) -> torch.Tensor:
        """Return the codes of an opening, int64 [codebooks, steps]; no steps without one."""
        frames = 0 if opening is None else len(opening) // self.hop * self.hop
        if opening is None or not frames:
            return torch.zeros(len(self._delays), 0, dtype=torch.int64)
        planes = torch.from_numpy(np.ascontiguousarray(opening[-frames:].T)).to(self.device)
        # The codec hears one channel; a stereo model has its codebooks in turn: left, right, left, right.
        sides = [self._model.audio_encoder.encode(plane[None, None]).audio_codes[0, 0] for plane in planes]
        codes: torch.Tensor = torch.stack(sides, dim=1).flatten(0, 1).cpu()
        return codes

    def _sound(self, codes: torch.Tensor) -> Samples:
        """Return the sound of codes [codebooks, steps], [frames, channels]: one row at a time, to the same bits."""
        turns = [codes[channel :: self.channels] for channel in range(self.channels)]
        planes = [
            self._model.audio_encoder.decode(turn[None, None].to(self.device), [None]).audio_values[0, 0]
            for turn in turns
        ]
        samples: Samples = torch.stack(planes, dim=1).float().cpu().numpy()
        return samples[: codes.shape[1] * self.hop]


def _read(checkpoint: Checkpoint) -> tuple[Any, Any]:
    """Return the model in float32 on the CPU and its tokenizer. Raises BackendUnavailable or DamagedModel."""
    kind = (
        transformers.MusicgenMelodyForConditionalGeneration
        if checkpoint.melody
        else transformers.MusicgenForConditionalGeneration
    )
    # Its remarks on the published configurations are for developers.
    logging.getLogger("transformers").setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    where: Path = checkpoint.path
    try:
        model, told = kind.from_pretrained(
            where,
            dtype=torch.float32,
            attn_implementation={"decoder": "sdpa"},
            local_files_only=True,
            # Some are published as .bin alone; those are read with weights_only.
            use_safetensors=in_safetensors(where),
            output_loading_info=True,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BackendUnavailable(f"{where} cannot be loaded: {reason[:200]}", or_another(where)) from None
    if told["missing_keys"] or told["mismatched_keys"]:
        missing = len(told["missing_keys"]) + len(told["mismatched_keys"])
        raise DamagedModel(
            f"{where} lacks {missing} of the model's tensors, or has them in another shape.", or_another(where)
        )
    words = tokenizer(_SENTENCE).input_ids
    if words.count(tokenizer.unk_token_id) > len(words) / 3:
        said = f"The tokenizer of {where} knows no words: every prompt would sound the same."
        raise DamagedModel(said, or_another(where))
    return model.eval(), tokenizer
