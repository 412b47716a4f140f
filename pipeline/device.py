"""Where a model runs and in which number format. Imports torch: only for backends that load a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from pipeline.errors import BackendUnavailable, OutOfMemory
from pipeline.memory import available_memory

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16", "float16", "int8"]
"""How a model computes; int8 is for MusicGen's weights on a CPU, and the other models have what "auto" gives them."""


def choose_device(asked: Device) -> torch.device:
    """Return the device to run on: what is asked for, or the best there is. Raises BackendUnavailable."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return torch.device(next(name for name, here in there.items() if here))
    if not there[asked]:
        raise BackendUnavailable(f"PyTorch finds no {asked} device here.", "Set LOFI_DEVICE=auto, or mend the driver.")
    return torch.device(asked)


def choose_precision(asked: Precision, device: torch.device) -> torch.dtype:
    """Return the number format: bfloat16 on CUDA unless asked otherwise, float32 elsewhere."""
    if asked in ("auto", "int8"):
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    chosen: torch.dtype = getattr(torch, asked)
    return chosen


def free_memory(device: torch.device) -> int:
    """Return the free bytes a batch may use on the device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return available_memory()


@contextmanager
def room_to_load(what: str, device: torch.device) -> Iterator[None]:
    """Turn running out of memory inside the block into OutOfMemory, which says what was being loaded."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise OutOfMemory(
            f"{what} does not fit into the memory of {device}.",
            "Close other programs, set LOFI_DEVICE=cpu, or name a smaller model, and run the same command again.",
        ) from error


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of PyTorch means that memory ran out; on the processor and on Apple it is a RuntimeError."""
    said = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        phrase in said for phrase in ("out of memory", "can't allocate memory", "not enough memory")
    )
