"""MusicGen's language model, a step at a time: codes in, logits of the next codes out.

Twenty-four to forty-eight layers of attention to what was heard, a look across at the words, and a feed-forward net,
each behind a norm and added to what came in (Copet et al., "Simple and Controllable Music Generation", 2023). The
arithmetic is float32 but for the weights, whose format is chosen.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional

from pipeline.musicians.musicgen import kernels
from pipeline.musicians.musicgen.anatomy import Anatomy, Norm, Weights
from pipeline.musicians.musicgen.cache import LONGEST, BlockCache, Cache, DenseCache, Storage
from pipeline.musicians.musicgen.layers import Passage, Runner, normed, runner
from pipeline.musicians.musicgen.linear import Format, Linear, linear

CPU = torch.device("cpu")

PROBE = 32
"""Steps of random codes that a decoder in int8 is compared with float32 on."""


class Decoder:
    """The language model, its weights in one format. Stateless: what was heard is in a Hearing.

    `error` is by how much the logits of an int8 decoder differ from those of float32, RMS over RMS, on random codes;
    None for other formats. It is measured while the layers are read, so that there is never a second model in memory.
    """

    def __init__(self, weights: Weights, form: Format, device: torch.device = CPU) -> None:
        self.anatomy, self.form, self.device = weights.anatomy, form, device
        weights.check_end()
        kernels.use_threads()
        self._embeddings = weights.embeddings().to(device)
        anatomy = self.anatomy
        self._codebook = torch.arange(anatomy.codebooks, device=device) * (anatomy.card + 1)
        self._positions = torch.empty(0, anatomy.width)
        self._norm = weights.norm().to(device)
        probe = _Probe(self, anatomy) if form == "int8" else None
        self._layers = []
        for number in range(anatomy.layers):
            tensors = weights.layer(number)
            self._layers.append(runner(tensors, anatomy, form, device))
            if probe is not None:
                probe.hear(runner(tensors, anatomy, "float32", device), self._layers[-1])
        heads = weights.heads()
        self._heads = linear(heads, form, device)
        self.error = None if probe is None else probe.error(linear(heads, "float32", device), self._heads, self._norm)

    def cache(self, rows: int, positions: int, usual: int | None = None) -> Cache:
        """Return an empty cache for `rows` sequences of up to `positions` each; few have more than the `usual`."""
        shape = (rows, self.anatomy.layers, self.anatomy.heads, self.anatomy.size)
        if self.device.type != "cpu":
            return DenseCache(*shape, usual or positions, self.device, self.form)
        storage: Storage = "int8" if self.form == "int8" else "float32"
        return BlockCache(*shape, positions, storage, usual or LONGEST)

    def read(self, words: torch.Tensor) -> list[torch.Tensor]:
        """Return for each layer the keys and values [tokens, 2, heads, size] of words, float32 [tokens, width]."""
        return [layer.read(words) for layer in self._layers]

    def embed(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the vectors [rows, width] of codes [rows, codebooks]; `card` is the code that stands for none yet."""
        if not len(codes):
            return self._embeddings[:0]
        return functional.embedding_bag(codes + self._codebook, self._embeddings, mode="sum")

    def run(self, x: torch.Tensor, passage: Passage) -> torch.Tensor:
        """Return the hidden states [n, width] of vectors that pass together."""
        kernels.use_threads()
        places = torch.from_numpy(passage.places).to(self.device)
        x = x + self._places(int(passage.places.max()) + 1)[places]
        for number, layer in enumerate(self._layers):
            x = layer.run(number, x, passage)
        return normed(x, self._norm)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return the logits [rows, codebooks, card] of hidden states [rows, width]."""
        return self._heads(states).view(len(states), self.anatomy.codebooks, self.anatomy.card)

    def _places(self, count: int) -> torch.Tensor:
        """Return the sinusoids of at least `count` positions, cosines before sines, [positions, width]."""
        if len(self._positions) < count:
            half = self.anatomy.width // 2
            pace = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10_000) / (half - 1)))
            phase = torch.arange(max(count, 2048), dtype=torch.float32)[:, None] * pace
            self._positions = torch.cat([phase.cos(), phase.sin()], dim=1).to(self.device)
        return self._positions


class _Probe:
    """Random codes on their way through a model, once exactly and once as it will be played."""

    def __init__(self, decoder: Decoder, anatomy: Anatomy) -> None:
        codes = torch.randint(anatomy.card, (PROBE, anatomy.codebooks), generator=torch.Generator().manual_seed(0))
        self._anatomy = anatomy
        self._exact = decoder.embed(codes) + decoder._places(PROBE)[:PROBE]
        self._own = self._exact.clone()

    def hear(self, exact: Runner, own: Runner) -> None:
        """Pass one layer, which has two forms."""
        self._exact = exact.run(0, self._exact, self._passage("float32"))
        self._own = own.run(0, self._own, self._passage("int8"))

    def _passage(self, storage: Storage) -> Passage:
        heard = BlockCache(1, 1, self._anatomy.heads, self._anatomy.size, PROBE, storage)
        nobody = np.zeros(0, np.int64)
        return Passage(heard, None, np.zeros(PROBE, np.int64), np.arange(PROBE), nobody, nobody)

    def error(self, exact: Linear, own: Linear, norm: Norm) -> float:
        """Return the RMS of the difference over that of the exact logits."""
        wanted = exact(normed(self._exact, norm))
        return float((own(normed(self._own, norm)) - wanted).norm() / wanted.norm())
