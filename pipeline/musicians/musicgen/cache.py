"""The keys and values of what rows have heard, and attention to them.

Near the end of a window most of a step's time goes into reading this cache. On a processor it lies so that attention
reads straight through it, in int8 with a step of its own for every key and value, and its memory is taken only as far
as rows have come.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from torch.nn import functional

from pipeline.musicians.musicgen import kernels
from pipeline.musicians.musicgen.tile import GROUP, LANES

Storage = Literal["float32", "int8"]

Rows = np.ndarray
"""Numbers of rows, or positions of them, int64 [n]."""

LONGEST = 512
"""Positions of a block, where there are as many: of each head enough to be read in one stream."""


class Cache(Protocol):
    """What every layer of a model keeps of some rows, each up to so many positions."""

    def nbytes(self, positions: int) -> int:
        """Return the bytes of memory it takes when rows have come to so many positions."""
        ...

    def keep(self, layer: int, rows: Rows, places: Rows, made: torch.Tensor) -> None:
        """Keep the last two of made[i], a key and a value of `made` [n, any, heads, size], at places[i] of rows[i]."""
        ...

    def clear(self, row: int) -> None:
        """Leave nothing in a row that could spoil whoever comes after, were it no number."""
        ...


class BlockCache:
    """A Cache for processors, in blocks of `most` positions. All first blocks come before all second ones."""

    def __init__(
        self, rows: int, layers: int, heads: int, size: int, positions: int, storage: Storage, most: int = LONGEST
    ) -> None:
        block = min(most, -(-positions // GROUP) * GROUP)
        self._positions = -(-positions // block) * block
        shape, wide = (self._positions // block, rows, heads), -(-size // LANES) * LANES
        # NumPy's zeros take no memory, and no time, before they are written; PyTorch's are written at once.
        self._layers = [
            (
                np.zeros((*shape, block // GROUP, size, GROUP), storage),
                np.zeros((*shape, block), np.float32),
                np.zeros((*shape, block, wide), storage),
                np.zeros((*shape, block), np.float32),
            )
            for _ in range(layers)
        ]
        self._scratch = np.empty((0, 0), np.float32)

    def nbytes(self, positions: int) -> int:
        """Return the bytes of memory it takes when rows have come to so many positions."""
        blocks, length = self._layers[0][1].shape[0], self._layers[0][1].shape[3]
        return sum(array.nbytes for layer in self._layers for array in layer) * -(-positions // length) // blocks

    def keep(self, layer: int, rows: Rows, places: Rows, made: torch.Tensor) -> None:
        """Keep keys and values."""
        kernels.keep(*self._layers[layer], rows, places, made.numpy())

    def layer(self, number: int) -> tuple[np.ndarray, ...]:
        """Return keys, their steps, values and their steps, as the kernels read them."""
        return self._layers[number]

    def scratch(self, heads: int) -> np.ndarray:
        """Return room for what the heads of all queries give each position, [heads, positions and GROUP more]."""
        if len(self._scratch) < heads:
            self._scratch = np.empty((heads, self._positions + GROUP), np.float32)
        return self._scratch

    def clear(self, row: int) -> None:
        """Do nothing: what lies behind a row's end is not read."""


class DenseCache:
    """A Cache in one piece, for devices whose own attention is fast at any length; it grows beyond `positions`."""

    def __init__(
        self, rows: int, layers: int, heads: int, size: int, positions: int, device: torch.device, form: str
    ) -> None:
        self._kept = torch.zeros(layers, 2, rows, heads, positions, size, device=device, dtype=getattr(torch, form))

    def nbytes(self, positions: int) -> int:  # noqa: ARG002
        """Return the bytes of memory it takes, whatever is in it."""
        return int(self._kept.nbytes)

    def keep(self, layer: int, rows: Rows, places: Rows, made: torch.Tensor) -> None:
        """Keep keys and values."""
        if (missing := int(places.max()) + 1 - self._kept.shape[4]) > 0:
            self._kept = functional.pad(self._kept, (0, 0, 0, -(-missing // GROUP) * GROUP))
        where = torch.from_numpy(rows).to(made.device), torch.from_numpy(places).to(made.device)
        self._kept[layer][:, where[0], :, where[1]] = made[:, -2:].to(self._kept.dtype)

    def attend(self, layer: int, rows: Rows, ends: Rows, made: torch.Tensor) -> torch.Tensor:
        """Return what the first of made[i], a query, makes of the first ends[i] positions of rows[i], [n, width].

        The rows are all different, or all the same.
        """
        device, longest = made.device, int(ends.max())
        # Whole groups, so that few lengths are ever seen.
        longest = min(-(-longest // GROUP) * GROUP, self._kept.shape[4])
        keys, values = self._kept[layer, :, :, :, :longest]
        heard = torch.arange(longest, device=device) < torch.from_numpy(ends).to(device)[:, None]
        query, mask = made[:, 0, :, None].to(keys.dtype), heard[:, None, None]
        one = bool((rows == rows[0]).all())
        if one:  # positions of one row
            query, mask, row = query.permute(2, 1, 0, 3), heard[None, None], int(rows[0])
            keys, values = keys[row : row + 1], values[row : row + 1]
        elif len(rows) < len(keys):
            chosen = torch.from_numpy(rows).to(device)
            keys, values = keys[chosen], values[chosen]
        out = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return (out.transpose(1, 2) if one else out).reshape(len(made), -1).float()

    def clear(self, row: int) -> None:
        """Zero a row: what is masked is still multiplied."""
        self._kept[:, :, row].zero_()
