"""Matrix products by the weights of a model, in the number format that reads them fastest.

Generating music a step at a time multiplies every weight by a handful of rows: the time is that of reading the weights,
so a format of half the bytes is twice as fast. Activations are float32 throughout on a CPU, whatever the weights are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch.nn import functional

from pipeline.device import Precision, choose_precision
from pipeline.errors import BackendUnavailable

Format = Literal["float32", "bfloat16", "float16", "int8"]

Linear = Callable[[torch.Tensor], torch.Tensor]
"""From float32 [rows, in] to float32 [rows, out]."""


def choose_format(precision: Precision, device: torch.device) -> Format:
    """Return the format of a decoder's weights: int8 only where it is asked for. Raises BackendUnavailable."""
    if precision == "int8":
        if device.type != "cpu" or not has_fbgemm():
            works = "Set LOFI_DEVICE=cpu" if has_fbgemm() else "Work on one"
            raise BackendUnavailable(
                f"MusicGen computes in int8 on x86 processors alone, and here it would on {device}.",
                f"{works}, or set LOFI_PRECISION=auto for albums that are not begun yet.",
            )
        return "int8"
    form: Format = str(choose_precision(precision, device)).removeprefix("torch.")  # type: ignore[assignment]
    return form


def linear(weight: torch.Tensor, form: Format) -> Linear:
    """Return the product by `weight` [out, in], kept in the given format; int8 needs an x86 processor."""
    if weight.device.type != "cpu":
        return _Dense(weight.to(getattr(torch, form)))
    return _CPU[form](weight)


class _Dense:
    """As PyTorch does it: float32 on a CPU, any float on a GPU."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._weight = weight.clone()  # and not the file's own memory, which somebody may write to

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        product = functional.linear(x.to(self._weight.dtype), self._weight)
        return product.float()


def _float32(weight: torch.Tensor) -> Linear:
    """Return the product by weights in float32, kept in float16 where that loses nothing: half the bytes to read.

    MusicGen was published in float16, and copies in float32 hold the same numbers.
    """
    if has_fbgemm() and torch.equal(weight.half().float(), weight.float()):
        return _Float16(weight)
    return _Dense(weight.float())


def _float16(weight: torch.Tensor) -> Linear:
    return _Float16(weight) if has_fbgemm() else _Dense(weight.half().float())


def _bfloat16(weight: torch.Tensor) -> Linear:
    """Return the product in bfloat16, in the processor's own layout where it computes in that format at all."""
    if torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return _BFloat16(weight)
    return _Dense(weight.bfloat16())


@contextmanager
def _fbgemm() -> Iterator[None]:
    """Have PyTorch pack weights for fbgemm inside the block."""
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        yield
    finally:
        torch.backends.quantized.engine = before


def has_fbgemm() -> bool:
    """Whether PyTorch has the library for weights of few bits here: on x86 processors since AVX2."""
    return "fbgemm" in torch.backends.quantized.supported_engines


class _Float16:
    """Weights in float16, products and sums in float32: for weights published in float16 nothing is lost."""

    def __init__(self, weight: torch.Tensor) -> None:
        with _fbgemm():
            self._packed = torch.ops.quantized.linear_prepack_fp16(weight.float().contiguous(), None)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.ops.quantized.linear_dynamic_fp16(x, self._packed)
        return product


class _BFloat16:
    """Weights and inputs in bfloat16, sums in float32, weights laid out for the instructions of this processor."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(torch.bfloat16).contiguous(), 2)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            x.to(torch.bfloat16), self._packed, None, "none", [], ""
        )
        return product.float()


class _Int8:
    """Weights in eight bits, a scale for each output; inputs in eight bits, a scale for each row.

    PyTorch's own dynamic quantisation has one scale for a whole batch, so that a take would depend on the ones beside
    it. Here each row is divided by its largest value first, and all share the scale that then fits: sums of whole
    numbers are exact, so a row comes out the same to the last bit in any batch.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        weight = weight.float()
        scales = (weight.abs().amax(dim=1) / 127).clamp_min(1e-12)
        whole = torch.quantize_per_channel(
            weight, scales.double(), torch.zeros(len(scales), dtype=torch.int64), 0, torch.qint8
        )
        with _fbgemm():
            self._packed = torch.ops.quantized.linear_prepack(whole, None)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        # A row of nothing is divided by nothing: what comes of that is a number all the same, times nothing.
        largest = x.abs().amax(dim=-1, keepdim=True)
        product: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x / largest, 1 / _LEVELS, _LEVELS + 1, self._packed
        )
        return product.mul_(largest)


def _levels() -> int:
    """Return the steps from 0 to the largest input: without VNNI, pairs of products must fit into sixteen bits."""
    return 127 if torch.cpu._is_vnni_supported() else 63


_LEVELS = _levels()
_CPU: dict[Format, Callable[[torch.Tensor], Linear]] = {
    "float32": _float32,
    "float16": _float16,
    "bfloat16": _bfloat16,
    "int8": _Int8,
}
