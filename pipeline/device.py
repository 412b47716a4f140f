"""Where a model runs and in which number format. Imports torch: only for backends that load a model."""

from __future__ import annotations

from typing import Literal

import torch

from pipeline.errors import BackendUnavailable

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


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
    if asked == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    chosen: torch.dtype = getattr(torch, asked)
    return chosen


def free_memory(device: torch.device) -> int:
    """Return the free bytes a batch may use on the device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    import os

    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # macOS does not say what is free: assume half
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
