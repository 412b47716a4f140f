"""Matrix products by the weights of a model, in the number format that reads them fastest.

Generating music a step at a time multiplies every weight by a handful of rows: the time is that of reading the weights,
so a format of half the bytes is twice as fast. On a processor activations are float32 whatever the weights are, but for
int8.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from torch.nn import functional

from pipeline.device import Precision, choose_precision
from pipeline.errors import BackendUnavailable
from pipeline.musicians.musicgen import kernels
from pipeline.musicians.musicgen.tile import GROUP, HAS_HALF, HAS_VNNI, QUAD

Format = Literal["float32", "bfloat16", "float16", "int8"]


def choose_format(precision: Precision, device: torch.device) -> Format:
    """Return the format of a decoder's weights: int8 only where it is asked for. Raises BackendUnavailable."""
    if precision == "int8":
        if device.type != "cpu":
            raise BackendUnavailable(
                f"MusicGen computes in int8 on processors alone, and here it would on {device}.",
                "Set LOFI_DEVICE=cpu, or LOFI_PRECISION=auto for albums that are not begun yet.",
            )
        return "int8"
    form: Format = str(choose_precision(precision, device)).removeprefix("torch.")  # type: ignore[assignment]
    return form


class Linear(Protocol):
    """A product by weights: from float32 [rows, in] to float32 [rows, out]."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        ...


def linear(weight: torch.Tensor, form: Format, device: torch.device) -> Linear:
    """Return the product by `weight` [out, in] on a device, kept in the given format; int8 is for processors."""
    return Packed(weight, form) if device.type == "cpu" else Dense(weight.to(device), form)


class Dense:
    """As PyTorch does it, on a GPU."""

    def __init__(self, weight: torch.Tensor, form: Format) -> None:
        # A copy, and not the file's own memory, which somebody may write to.
        self._weight = weight.to(getattr(torch, form), copy=True)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        return functional.linear(x.to(self._weight.dtype), self._weight).float()


class Packed:
    """As our kernels do it, on a processor; `arrays` are the weights as the kernels read them."""

    def __init__(self, weight: torch.Tensor, form: Format) -> None:
        self._outs = len(weight)
        if form == "float32" and torch.equal(weight.half().float(), weight.float()):
            # MusicGen was published in float16, and copies in float32 hold the same numbers: half the bytes to read.
            form = "float16"
        if form == "int8":
            self.arrays = _int8(weight.float())
        else:
            weight = weight.to(getattr(torch, form))
            self.arrays = _float(weight if form != "float16" or HAS_HALF else weight.float())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        out = np.empty((len(x), self._outs), np.float32)
        kernels.multiply(self.arrays, x.contiguous().numpy(), out)
        return torch.from_numpy(out)


def _float(weight: torch.Tensor) -> tuple[np.ndarray, ...]:
    # Numba has no arrays of half precision: the kernels know their bits by these types.
    bits = {torch.float16: torch.int16, torch.bfloat16: torch.uint16}.get(weight.dtype, weight.dtype)
    return (_in_groups(weight.contiguous().view(bits).numpy(), 1),)


def _int8(weight: torch.Tensor) -> tuple[np.ndarray, ...]:
    """Return weights in eight bits, a scale for each output.

    Where a processor can sum products of eight bits, inputs are in eight bits as well, a scale for each row: sums of
    whole numbers are exact. Elsewhere inputs are float32.
    """
    steps = (weight.abs().amax(dim=1, keepdim=True) / 127).clamp_min(1e-12)
    whole = (weight / steps).round_().to(torch.int8).numpy()
    scales = steps[:, 0].numpy()
    if not HAS_VNNI:
        return _in_groups(whole, 1), scales
    # An input of eight bits has 128 added to it.
    offsets = 128 * whole.sum(axis=1, dtype=np.int32)
    return _in_groups(_padded(whole, 1, QUAD), QUAD), scales, offsets


def _in_groups(weight: np.ndarray, together: int) -> np.ndarray:
    """Return weights [out, in] as [groups, in / together, GROUP together], those of outputs that are not there zero."""
    weight = _padded(weight, 0, GROUP)
    shaped = weight.reshape(-1, GROUP, weight.shape[1] // together, together).swapaxes(1, 2)
    return np.ascontiguousarray(shaped).reshape(len(shaped), shaped.shape[1], -1)


def _padded(array: np.ndarray, axis: int, multiple: int) -> np.ndarray:
    missing = -array.shape[axis] % multiple
    return np.pad(array, [(0, missing if place == axis else 0) for place in range(array.ndim)])
