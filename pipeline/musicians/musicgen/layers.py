"""The layers of the language model, made ready to run: on a processor in our own kernels, on a GPU in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn import functional

from pipeline.musicians.musicgen import kernels
from pipeline.musicians.musicgen.anatomy import Anatomy, Layer, Norm
from pipeline.musicians.musicgen.cache import BlockCache, Cache, DenseCache, Rows
from pipeline.musicians.musicgen.linear import Dense, Format, Packed


@dataclass(frozen=True, eq=False)
class Passage:
    """What passes through the layers together: the positions `places` of `rows`, into the caches of sound and words.

    Those of them that are `looking`, by their numbers here, look at the first `tokens` words of their rows. Rows are
    all different, for a step of each, or all the same, for what one begins with.
    """

    heard: Cache
    read: Cache | None
    rows: Rows
    places: Rows
    looking: Rows
    tokens: Rows


class Runner(Protocol):
    """A layer that is ready to run."""

    def run(self, number: int, x: torch.Tensor, passage: Passage) -> torch.Tensor:
        """Return what comes of vectors, float32 [n, width], which may be changed; the layer is one by its number."""
        ...

    def read(self, words: torch.Tensor) -> torch.Tensor:
        """Return the keys and values [tokens, 2, heads, size] of words, float32 [tokens, width]."""
        ...


def runner(tensors: Layer, anatomy: Anatomy, form: Format, device: torch.device) -> Runner:
    """Return a layer made ready to run on a device."""
    if device.type == "cpu":
        return PackedLayer(tensors, anatomy, form)
    return DenseLayer(tensors, anatomy, form, device)


class PackedLayer:
    """A layer in our kernels, for a BlockCache."""

    def __init__(self, tensors: Layer, anatomy: Anatomy, form: Format) -> None:
        self._size, self._inner = anatomy.size, anatomy.inner
        attention, out, up, down = (
            Packed(weight, form).arrays
            for weight in (tensors.attention, tensors.attention_out, tensors.up, tensors.down)
        )
        norm, across_norm = tensors.attention_norm, tensors.feed_norm
        across, across_out = attention, out  # what a layer has that looks at no words, and never reads
        if tensors.across is not None:
            assert tensors.across_out is not None and tensors.across_norm is not None
            across = Packed(tensors.across[: anatomy.width], form).arrays
            across_out, across_norm = Packed(tensors.across_out, form).arrays, tensors.across_norm
            self._words = Packed(tensors.across[anatomy.width :], form)
        self._products = attention, out, across, across_out, up, down
        self._norms = tuple(
            part.numpy() for each in (norm, across_norm, tensors.feed_norm) for part in (each.weight, each.bias)
        )

    def run(self, number: int, x: torch.Tensor, passage: Passage) -> torch.Tensor:
        """Return what comes of vectors, in their place."""
        heard, read = passage.heard, passage.read or passage.heard
        assert isinstance(heard, BlockCache) and isinstance(read, BlockCache)
        heads = len(x) * x.shape[1] // self._size
        kernels.layer(
            x.numpy(),
            self._norms,
            self._products,
            self._inner,
            heard.layer(number),
            read.layer(number),
            passage.rows,
            passage.places,
            passage.looking,
            passage.tokens,
            heard.scratch(heads),
            read.scratch(heads),
        )
        return x

    def read(self, words: torch.Tensor) -> torch.Tensor:
        """Return the keys and values of words."""
        return self._words(words).view(len(words), 2, -1, self._size)


class DenseLayer:
    """A layer in PyTorch, for a DenseCache."""

    def __init__(self, tensors: Layer, anatomy: Anatomy, form: Format, device: torch.device) -> None:
        def product(weight: torch.Tensor) -> Dense:
            return Dense(weight.to(device), form)

        self._size, width = anatomy.size, anatomy.width
        self._attention, self._attention_out = product(tensors.attention), product(tensors.attention_out)
        self._attention_norm = tensors.attention_norm.to(device)
        self._up, self._down, self._feed_norm = product(tensors.up), product(tensors.down), tensors.feed_norm.to(device)
        if tensors.across is not None:
            assert tensors.across_out is not None and tensors.across_norm is not None
            self._across, self._words = product(tensors.across[:width]), product(tensors.across[width:])
            self._across_out, self._across_norm = product(tensors.across_out), tensors.across_norm.to(device)

    def run(self, number: int, x: torch.Tensor, passage: Passage) -> torch.Tensor:
        """Return what comes of vectors."""
        heard, rows, places = passage.heard, passage.rows, passage.places
        assert isinstance(heard, DenseCache)
        made = self._parts(self._attention(normed(x, self._attention_norm)), 3)
        heard.keep(number, rows, places, made)
        x = x + self._attention_out(heard.attend(number, rows, places + 1, made))
        if len(passage.looking):
            assert isinstance(passage.read, DenseCache)
            looking = torch.from_numpy(passage.looking).to(x.device)
            asked = self._parts(self._across(normed(x[looking], self._across_norm)), 1)
            seen = passage.read.attend(number, rows[passage.looking], passage.tokens, asked)
            x = x.index_add(0, looking, self._across_out(seen))
        return x + self._down(functional.gelu(self._up(normed(x, self._feed_norm))))

    def read(self, words: torch.Tensor) -> torch.Tensor:
        """Return the keys and values of words."""
        return self._parts(self._words(words), 2)

    def _parts(self, made: torch.Tensor, count: int) -> torch.Tensor:
        return made.view(len(made), count, -1, self._size)


def normed(x: torch.Tensor, norm: Norm) -> torch.Tensor:
    """Return every row with mean 0 and variance 1, then the norm's weight and bias."""
    return torch.layer_norm(x, norm.weight.shape, norm.weight, norm.bias, 1e-5)
