"""What a MusicGen decoder is made of, and its tensors under one set of names, from either published layout.

Nothing is read twice and nothing is kept: tensors are mapped from the file and given out layer by layer, so that a
decoder in another format never has a second copy of the model beside it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from pipeline.errors import DamagedModel


@dataclass(frozen=True)
class Anatomy:
    """The sizes of a decoder. `inner` is the width between the two halves of a feed-forward layer.

    `codebooks` counts those of both channels of a stereo model, `card` the codes in one. `crossed` is true where words
    stand beside the sound and every layer looks across at them, false where they stand before it (melody models).
    """

    layers: int
    width: int
    heads: int
    inner: int
    codebooks: int
    card: int
    crossed: bool

    @property
    def size(self) -> int:
        """Width of a head."""
        return self.width // self.heads


class Tensors(Protocol):
    """Where tensors come from, by their names in the file."""

    def __call__(self, name: str) -> torch.Tensor:
        """Return a tensor as it is stored. Raises KeyError."""
        ...


@dataclass(frozen=True)
class Names:
    """How one layout calls things: `{}` is the number of a layer or a codebook; three names are stacked into one."""

    embedding: str
    head: str
    norm: str
    layer: str
    attention: tuple[str, ...]
    attention_out: str
    attention_norm: str
    across: tuple[str, ...]
    across_out: str
    across_norm: str
    up: str
    down: str
    feed_norm: str


TRANSFORMERS = Names(
    embedding="decoder.model.decoder.embed_tokens.{}.weight",
    head="decoder.lm_heads.{}.weight",
    norm="decoder.model.decoder.layer_norm",
    layer="decoder.model.decoder.layers.{}.",
    attention=("self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"),
    attention_out="self_attn.out_proj.weight",
    attention_norm="self_attn_layer_norm",
    across=("encoder_attn.q_proj.weight", "encoder_attn.k_proj.weight", "encoder_attn.v_proj.weight"),
    across_out="encoder_attn.out_proj.weight",
    across_norm="encoder_attn_layer_norm",
    up="fc1.weight",
    down="fc2.weight",
    feed_norm="final_layer_norm",
)
AUDIOCRAFT = Names(
    embedding="emb.{}.weight",
    head="linears.{}.weight",
    norm="out_norm",
    layer="transformer.layers.{}.",
    attention=("self_attn.in_proj_weight",),
    attention_out="self_attn.out_proj.weight",
    attention_norm="norm1",
    across=("cross_attention.in_proj_weight",),
    across_out="cross_attention.out_proj.weight",
    across_norm="norm_cross",
    up="linear1.weight",
    down="linear2.weight",
    feed_norm="norm2",
)


@dataclass(frozen=True, eq=False)
class Norm:
    """Weight and bias of a layer norm, float32."""

    weight: torch.Tensor
    bias: torch.Tensor

    def to(self, device: torch.device) -> Norm:
        """Return it on a device."""
        return Norm(self.weight.to(device), self.bias.to(device))


@dataclass(frozen=True, eq=False)
class Layer:
    """The tensors of one layer: queries, keys and values in one [3 width, width], and so across, where it looks."""

    attention: torch.Tensor
    attention_out: torch.Tensor
    attention_norm: Norm
    across: torch.Tensor | None
    across_out: torch.Tensor | None
    across_norm: Norm | None
    up: torch.Tensor
    down: torch.Tensor
    feed_norm: Norm


class Weights:
    """The tensors of a decoder of some anatomy, checked as they are read: shapes, and that all are numbers.

    Raises DamagedModel, which names the tensor, with `remedy`.
    """

    def __init__(self, tensors: Tensors, names: Names, anatomy: Anatomy, where: Path, remedy: str) -> None:
        self._tensors, self._names, self.anatomy = tensors, names, anatomy
        self._where, self._remedy = where, remedy

    def embeddings(self) -> torch.Tensor:
        """Return the vectors of all codes and paddings, codebook after codebook, [codebooks (card + 1), width]."""
        shape = (self.anatomy.card + 1, self.anatomy.width)
        return torch.cat(
            [self._read(self._names.embedding.format(k), shape).float() for k in range(self.anatomy.codebooks)]
        )

    def heads(self) -> torch.Tensor:
        """Return the heads of all codebooks in one, [codebooks card, width]."""
        shape = (self.anatomy.card, self.anatomy.width)
        return torch.cat([self._read(self._names.head.format(k), shape) for k in range(self.anatomy.codebooks)])

    def norm(self) -> Norm:
        """Return the last norm."""
        return self._norm(self._names.norm)

    def check_end(self) -> None:
        """Raise DamagedModel where the checkpoint has more layers than its configuration says."""
        name = self._names.layer.format(self.anatomy.layers) + self._names.attention_out
        with suppress(KeyError):
            self._tensors(name)
            raise DamagedModel(f"{self._where} has a tensor {name}, beyond the layers it says it has.", self._remedy)

    def layer(self, number: int) -> Layer:
        """Return one layer."""
        names, width, inner = self._names, self.anatomy.width, self.anatomy.inner
        at = names.layer.format(number)
        crossed = self.anatomy.crossed
        return Layer(
            attention=self._stacked(at, names.attention),
            attention_out=self._read(at + names.attention_out, (width, width)),
            attention_norm=self._norm(at + names.attention_norm),
            across=self._stacked(at, names.across) if crossed else None,
            across_out=self._read(at + names.across_out, (width, width)) if crossed else None,
            across_norm=self._norm(at + names.across_norm) if crossed else None,
            up=self._read(at + names.up, (inner, width)),
            down=self._read(at + names.down, (width, inner)),
            feed_norm=self._norm(at + names.feed_norm),
        )

    def _stacked(self, at: str, names: tuple[str, ...]) -> torch.Tensor:
        width = self.anatomy.width
        parts = [self._read(at + name, (3 * width // len(names), width)) for name in names]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _norm(self, name: str) -> Norm:
        width = (self.anatomy.width,)
        weight, bias = (self._read(f"{name}.{part}", width).float().clone() for part in ("weight", "bias"))
        return Norm(weight, bias)

    def _read(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        try:
            tensor = self._tensors(name)
        except KeyError:
            raise DamagedModel(f"{self._where} has no tensor {name}.", self._remedy) from None
        check_shape(self._where, name, tensor, shape, self._remedy)
        # The sum of a tensor is a number exactly when all of it is, unless it overflows: then every number is asked.
        if not tensor.sum(dtype=torch.float32).isfinite() and not tensor.isfinite().all():
            raise DamagedModel(f"The tensor {name} of {self._where} holds what is not a number.", self._remedy)
        return tensor


def check_shape(where: Path, name: str, tensor: torch.Tensor, shape: tuple[int, ...], remedy: str) -> None:
    """Raise DamagedModel, which names the tensor, unless it has the shape that its checkpoint's configuration says."""
    if tuple(tensor.shape) != shape:
        given, said = (" x ".join(map(str, each)) or "one number" for each in (tensor.shape, shape))
        raise DamagedModel(f"The tensor {name} of {where} is {given} where the configuration says {said}.", remedy)
