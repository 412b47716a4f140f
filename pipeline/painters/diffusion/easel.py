"""A diffusion model in this process: one prompt and one seed become one picture, or the reason why not."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from safetensors import SafetensorError, safe_open

from pipeline.device import free_memory, out_of_memory, room_to_load
from pipeline.errors import BackendFailed, DamagedModel
from pipeline.painters.diffusion.checkpoint import Checkpoint
from pipeline.painters.legibility import Picture
from pipeline.weights import again
from pipeline.weights.layouts import weights_of_part

FLAGGED = "flagged by the checkpoint's safety checker"
NOT_NUMBERS = "not numbers"
FLAT = "flat"

_ROOM = 4 * 2**30
"""Free bytes under which a picture of 512 pixels a side is painted sparingly; it grows with the area."""

_LEAST_RANGE = 16
"""Steps of grey (of 255) between the 2nd and 98th percentile; a picture with less is flat: one colour, or black."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """What became of a seed: a picture, uint8 [side, side, 3], or the `fault` for which there is none."""

    picture: Picture | None
    fault: str = ""


class Easel:
    """A loaded checkpoint."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, precision: torch.dtype) -> None:
        """Load the weights: safetensors only, no remote code, nothing fetched. Raises DamagedModel."""
        _silence()
        self.checkpoint = checkpoint
        self.device = device
        self.precision = self._asked = precision
        self.side = checkpoint.side
        self._sparing = False
        try:
            with warnings.catch_warnings():
                # Advice for the checkpoint's maker on its configuration files, not for whoever uses it.
                warnings.simplefilter("ignore")
                self._pipe: Any = diffusers.DiffusionPipeline.from_pretrained(
                    checkpoint.path,
                    dtype=precision,
                    variant=checkpoint.variant,
                    use_safetensors=True,
                    trust_remote_code=False,
                    local_files_only=True,
                )
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            raise DamagedModel(f"{checkpoint.path} cannot be loaded: {_line(error)}", again(checkpoint.path)) from error
        if lacking := _lacking(self._pipe, checkpoint):
            raise DamagedModel(f"{checkpoint.path / lacking} lacks some of its weights.", again(checkpoint.path))
        with room_to_load(str(checkpoint.path), device):
            self._pipe.to(device)
        self._pipe.set_progress_bar_config(disable=True)

    @property
    def notes(self) -> tuple[str, ...]:
        """What it had to do otherwise than asked, for a person to read."""
        slower = f"painted in float32, for {str(self._asked).removeprefix('torch.')} gave no numbers"
        smaller = f"painted {self.side} pixels wide, for memory ran out at {self.checkpoint.side}"
        done = ((self.precision != self._asked, slower), (self.side != self.checkpoint.side, smaller))
        return tuple(note for happened, note in done if happened)

    def paint(self, prompt: str, avoid: str, seed: int) -> Attempt:
        """Paint one picture; the same for the same words and seed, whatever else was painted before.

        A picture that half precision turned into NaN is painted again in float32, and so is all that follows. When
        memory runs out, one retry is made, sparingly and at three quarters of the side; sizes stay smaller from
        there. Raises BackendFailed when that fails too.
        """
        if not self._sparing and free_memory(self.device) < _ROOM * (self.side / 512) ** 2:
            self._spare()
        values, flagged = self._paint_within_memory(prompt, avoid, seed)
        if values is None and self.precision != torch.float32:
            self.precision = torch.float32
            self._pipe.to(dtype=torch.float32)
            values, flagged = self._paint_within_memory(prompt, avoid, seed)
        if flagged:
            return Attempt(None, FLAGGED)
        if values is None:
            return Attempt(None, NOT_NUMBERS)
        low, high = np.percentile(values.mean(-1), [2, 98])
        return Attempt(None, FLAT) if high - low < _LEAST_RANGE else Attempt(values)

    def _paint_within_memory(self, prompt: str, avoid: str, seed: int) -> tuple[Picture | None, bool]:
        try:
            return self._paint(prompt, avoid, seed)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise BackendFailed(f"The diffusion model failed: {_line(error)}") from error
        # Outside the handler: the error holds the tensors of the failed attempt.
        cell = self.checkpoint.cell * 8
        self.side = max(self.side * 3 // 4 // cell * cell, cell)
        self._spare()
        try:
            return self._paint(prompt, avoid, seed)
        except (RuntimeError, MemoryError) as error:
            raise BackendFailed(
                f"The diffusion model failed again at {self.side} pixels: {_line(error)}",
                "Close other programs, or name a smaller checkpoint with LOFI_DIFFUSION_MODEL.",
            ) from error

    def _paint(self, prompt: str, avoid: str, seed: int) -> tuple[Picture | None, bool]:
        """Return the picture (None when it holds NaN or infinity), and whether the safety checker flagged it."""
        kind = self.checkpoint.kind
        # On the processor, so that a seed is the same noise on every device; one generator for one picture.
        chance = torch.Generator("cpu").manual_seed(seed)
        takes = inspect.signature(type(self._pipe).__call__).parameters
        options = {"negative_prompt": avoid} if kind.guidance and "negative_prompt" in takes else {}
        with warnings.catch_warnings(), torch.inference_mode():
            # The safety checker turns NaN into a picture before anybody can look whether there is any.
            warnings.simplefilter("ignore")
            out = self._pipe(
                prompt,
                height=self.side,
                width=self.side,
                num_inference_steps=kind.steps,
                guidance_scale=kind.guidance,
                generator=chance,
                output_type="pt",
                **options,
            )
        flagged = bool((getattr(out, "nsfw_content_detected", None) or [False])[0])
        values = out.images[0].float().cpu().numpy().transpose(1, 2, 0)
        if not np.isfinite(values).all():
            return None, flagged
        return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8), flagged

    def _spare(self) -> None:
        """Need less memory from here on, at some cost in time."""
        self._sparing = True
        self._pipe.enable_attention_slicing()
        self._pipe.vae.enable_tiling()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


@lru_cache(maxsize=1)
def open_easel(checkpoint: Checkpoint, device: torch.device, precision: torch.dtype) -> Easel:
    """Return the loaded checkpoint, loading it the first time this process asks."""
    return Easel(checkpoint, device, precision)


def _lacking(pipe: Any, checkpoint: Checkpoint) -> str:
    """Return the part of a loaded checkpoint whose files do not hold all its weights; "" when there is none.

    The libraries only log it: diffusers leaves such weights empty, transformers makes them up at random, which nobody
    would notice in a safety checker.
    """
    components: dict[str, Any] = pipe.components
    for part, model in components.items():
        if isinstance(model, torch.nn.Module):
            if any(weights.is_meta for weights in model.parameters()):
                return part
            if isinstance(model, transformers.PreTrainedModel):
                held: set[str] = set()
                for file in weights_of_part(checkpoint.path / part, checkpoint.variant):
                    with safe_open(file, "pt") as tensors:
                        held.update(map(_plain_name, tensors.keys()))
                if {_plain_name(name) for name, _ in model.named_parameters()} - held:
                    return part
    return ""


def _plain_name(weights: str) -> str:
    """Return a name without the prefixes that transformers added and dropped again over its versions."""
    return weights.replace("text_model.", "").replace("vision_model.", "")


def _line(error: BaseException) -> str:
    """Return an error's first line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _silence() -> None:
    """Keep progress bars and advice off the screen of a program that has a display of its own."""
    diffusers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
