"""MusicGen's language model, a step at a time: codes in, logits of the next codes out.

Twenty-four to forty-eight layers of attention to what was heard, a look across at the words, and a feed-forward net,
each behind a norm and added to what came in (Copet et al., "Simple and Controllable Music Generation", 2023). The
arithmetic is float32 but for the weights, whose format is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from pipeline.musicians.musicgen.anatomy import Anatomy, Layer, Norm, Weights
from pipeline.musicians.musicgen.cache import BlockCache, Cache, DenseCache, Storage
from pipeline.musicians.musicgen.linear import Format, Linear, linear

CPU = torch.device("cpu")

TOKENS = 64
"""Words are padded to a multiple of this many tokens: most prompts are shorter."""

Attend = Callable[[int, torch.Tensor], torch.Tensor]
"""From a layer's number and its queries, keys and values [rows, 3, heads, size] to what it makes of them."""


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
        self._embeddings = weights.embeddings().to(device)
        anatomy = self.anatomy
        self._codebook = torch.arange(anatomy.codebooks, device=device) * (anatomy.card + 1)
        self._positions = torch.empty(0, anatomy.width)
        self._norm = weights.norm().to(device)
        probe = _Probe(self, anatomy) if form == "int8" else None
        self._layers = []
        for number in range(anatomy.layers):
            tensors = weights.layer(number)
            self._layers.append(_Layer(tensors, anatomy, form, device))
            if probe is not None:
                probe.hear(_Layer(tensors, anatomy, "float32", device), self._layers[-1])
        heads = weights.heads().to(device)
        self._heads = linear(heads, form)
        self.error = None if probe is None else probe.error(linear(heads, "float32"), self._heads, self._norm)

    def cache(self, rows: int, positions: int) -> Cache:
        """Return an empty cache for `rows` sequences of up to `positions` each."""
        anatomy = self.anatomy
        if self.device.type != "cpu":
            return DenseCache(rows, anatomy.layers, anatomy.heads, anatomy.size, positions, self.device, self.form)
        storage: Storage = "int8" if self.form == "int8" else "float32"
        return BlockCache(rows, anatomy.layers, anatomy.heads, anatomy.size, positions, storage)

    def look_at(self, words: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return for each layer the keys and values [heads, tokens, size] of words, float32 [tokens, width]."""
        return [layer.look_at(words, self.anatomy) for layer in self._layers]

    def embed(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the vectors [rows, width] of codes [rows, codebooks]; `card` is the code that stands for none yet."""
        if not len(codes):
            return self._embeddings[:0]
        return functional.embedding_bag(codes + self._codebook, self._embeddings, mode="sum")

    def run(self, x: torch.Tensor, positions: Sequence[int], attend: Attend, across: Across | None) -> torch.Tensor:
        """Return the hidden states [rows, width] of vectors at some positions of their sequences."""
        x = x + self._places(max(positions) + 1)[torch.tensor(positions, device=self.device)]
        for number, layer in enumerate(self._layers):
            x = layer.run(number, x, attend, across)
        return _normed(x, self._norm)

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


class Hearing:
    """What `rows` sequences have heard so far, and the words that those of them with a prompt look across at."""

    def __init__(self, decoder: Decoder, rows: int, positions: int) -> None:
        self._decoder, self.rows = decoder, rows
        self._cache = decoder.cache(rows, positions)
        self._across = Across(decoder.anatomy, rows) if decoder.anatomy.crossed else None

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        return self._cache.nbytes

    def begin(self, row: int, words: torch.Tensor | None, before: torch.Tensor) -> None:
        """Let a row begin anew.

        `words`, float32 [tokens, width], is what it looks across at, None for nothing; `before`, [positions, width],
        are the vectors that stand before the first step: a melody model's tune and words, and what it goes on from.
        They are heard in one pass.
        """
        if self._across is not None:
            self._across.set(row, None if words is None else self._decoder.look_at(words))
        count = len(before)
        self._cache.filled(row, 0)
        if not count:
            return
        across = None if self._across is None or words is None else self._across.of(row)

        def attend(layer: int, made: torch.Tensor) -> torch.Tensor:
            self._cache.fill(layer, row, made)
            return attend_to_itself(made)

        self._decoder.run(before, range(count), attend, across)
        self._cache.filled(row, count)

    def forget(self, row: int) -> None:
        """Let a row be empty, so that it costs next to nothing until it begins anew."""
        self._cache.filled(row, 0)

    def wipe(self, row: int) -> None:
        """Let a row be empty that met what is no number: even unheard it would spoil whoever comes after."""
        self._cache.wipe(row)

    def step(self, codes: torch.Tensor) -> torch.Tensor:
        """Hear the codes [rows, codebooks] of one step; return the logits of the next, [rows, codebooks, card]."""
        decoder, cache = self._decoder, self._cache
        cache.begin()
        states = decoder.run(decoder.embed(codes), cache.lengths, cache.attend, self._across)
        cache.end()
        return decoder.logits(states)


@dataclass(frozen=True, eq=False)
class _Words:
    """For each layer keys [rows heads, size, tokens] and values [rows heads, tokens, size], none without any words.

    The mask is -inf where a row has fewer; `rows` are those that have any, None where all do.
    """

    layers: list[tuple[torch.Tensor, torch.Tensor]]
    mask: torch.Tensor | None
    rows: torch.Tensor | slice | None


class Across:
    """The keys and values of words, made once for a prompt. Rows without words get nothing, and cost nothing."""

    def __init__(self, anatomy: Anatomy, rows: int) -> None:
        self._anatomy = anatomy
        self._heard: list[list[tuple[torch.Tensor, torch.Tensor]] | None] = [None] * rows
        self._words: _Words | None = None

    def set(self, row: int, heard: list[tuple[torch.Tensor, torch.Tensor]] | None) -> None:
        """Give a row the keys and values of its words for each layer."""
        self._heard[row] = heard
        self._words = None

    def of(self, row: int) -> Across:
        """Return what one row looks at, for any number of positions of it."""
        alone = Across(self._anatomy, 1)
        alone._heard = [self._heard[row]]
        return alone

    def look(self, layer: int, x: torch.Tensor, made: Linear, out: Linear) -> torch.Tensor:
        """Return `x` [rows, width] with what its rows see: `made` gives their queries, `out` takes it back."""
        words = self._words = self._words or self._gathered()
        if not words.layers:
            return x
        keys, values = words.layers[layer]
        looking = x if words.rows is None else x[words.rows]
        # [rows heads, positions of a row, size]
        queries = made(looking).view(
            -1, len(looking) * self._anatomy.heads // len(keys), self._anatomy.heads, self._anatomy.size
        )
        queries = queries.transpose(1, 2).reshape(len(keys), -1, self._anatomy.size)
        scores = torch.bmm(queries, keys)
        if words.mask is not None:
            scores = scores + words.mask
        seen = torch.bmm(scores.softmax(dim=-1), values).unflatten(0, (-1, self._anatomy.heads)).transpose(1, 2)
        seen = out(seen.reshape(len(looking), -1))
        if words.rows is None:
            return x + seen
        x[words.rows] += seen
        return x

    def _gathered(self) -> _Words:
        heard = {row: each for row, each in enumerate(self._heard) if each is not None}
        if not heard:
            return _Words([], None, None)
        size, heads = self._anatomy.size, self._anatomy.heads
        lengths = [each[0][0].shape[1] for each in heard.values()]
        # Steps of so many that rows nearly always have what they would have alone, to the last bit.
        count, longest = len(heard), -(-max(lengths) // TOKENS) * TOKENS
        some = next(iter(heard.values()))[0][0]
        layers = []
        for number in range(self._anatomy.layers):
            keys, values = some.new_zeros(count, heads, size, longest), some.new_zeros(count, heads, longest, size)
            for place, (each, length) in enumerate(zip(heard.values(), lengths, strict=True)):
                keys[place, :, :, :length] = each[number][0].transpose(1, 2)
                values[place, :, :length] = each[number][1]
            layers.append((keys.flatten(0, 1), values.flatten(0, 1)))
        mask = None
        if min(lengths) != longest:
            there = torch.arange(longest, device=some.device) < torch.tensor(lengths, device=some.device)[:, None]
            mask = torch.zeros_like(there, dtype=some.dtype).masked_fill(~there, -torch.inf)
            mask = mask.repeat_interleave(heads, dim=0)[:, None]
        rows: torch.Tensor | slice | None = None
        if list(heard) == list(range(count)):
            rows = None if count == len(self._heard) else slice(count)
        else:
            rows = torch.tensor(list(heard), device=some.device)
        return _Words(layers, mask, rows)


class _Probe:
    """Random codes on their way through a model, once exactly and once as it will be played."""

    def __init__(self, decoder: Decoder, anatomy: Anatomy) -> None:
        codes = torch.randint(anatomy.card, (PROBE, anatomy.codebooks), generator=torch.Generator().manual_seed(0))
        self._exact = self._own = decoder.embed(codes) + decoder._places(PROBE)[:PROBE]

    def hear(self, exact: _Layer, own: _Layer) -> None:
        """Pass one layer, which has two forms."""
        self._exact = exact.run(0, self._exact, lambda _, made: attend_to_itself(made), None)
        self._own = own.run(0, self._own, lambda _, made: attend_to_itself(made), None)

    def error(self, exact: Linear, own: Linear, norm: Norm) -> float:
        """Return the RMS of the difference over that of the exact logits."""
        wanted = exact(_normed(self._exact, norm))
        return float((own(_normed(self._own, norm)) - wanted).norm() / wanted.norm())


def attend_to_itself(made: torch.Tensor) -> torch.Tensor:
    """Return what positions make of themselves and those before them, from `made` [positions, 3, heads, size]."""
    heads = made.permute(1, 2, 0, 3)[:, None]
    # The queries are scaled already.
    heard = functional.scaled_dot_product_attention(*heads, is_causal=True, scale=1.0)
    return heard[0].transpose(0, 1).reshape(len(made), -1)


class _Layer:
    """One layer, made ready to run. Queries are scaled as they come out: in their weights the scale would cost bits."""

    def __init__(self, tensors: Layer, anatomy: Anatomy, form: Format, device: torch.device) -> None:
        def product(weight: torch.Tensor) -> Linear:
            return linear(weight.to(device), form)

        self._size, self._scale, width = anatomy.size, anatomy.size**-0.5, anatomy.width
        self._attention, self._attention_out = product(tensors.attention), product(tensors.attention_out)
        self._attention_norm = tensors.attention_norm.to(device)
        self._up, self._down, self._feed_norm = product(tensors.up), product(tensors.down), tensors.feed_norm.to(device)
        if tensors.across is None:
            return
        assert tensors.across_out is not None and tensors.across_norm is not None
        self._across, self._words = product(tensors.across[:width]), product(tensors.across[width:])
        self._across_out, self._across_norm = product(tensors.across_out), tensors.across_norm.to(device)

    def _asked(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the queries of rows across at the words."""
        return self._across(_normed(rows, self._across_norm)).mul_(self._scale)

    def look_at(self, words: torch.Tensor, anatomy: Anatomy) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = (
            self._words(words).view(len(words), 2, anatomy.heads, anatomy.size).permute(1, 2, 0, 3).contiguous()
        )
        return keys, values

    def run(self, number: int, x: torch.Tensor, attend: Attend, across: Across | None) -> torch.Tensor:
        made = self._attention(_normed(x, self._attention_norm)).view(len(x), 3, -1, self._size)
        made[:, 0] *= self._scale
        x = x + self._attention_out(attend(number, made))
        if across is not None:
            x = across.look(number, x, self._asked, self._across_out)
        return x + self._down(functional.gelu(self._up(_normed(x, self._feed_norm))))


def _normed(x: torch.Tensor, norm: Norm) -> torch.Tensor:
    return torch.layer_norm(x, norm.weight.shape, norm.weight, norm.bias, 1e-5)
