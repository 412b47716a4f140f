"""The keys and values of what was heard so far, and the attention of one new step to all of them.

At the end of a window most of a step's time goes into reading this cache, so its layout decides. The latest positions
of a row are its tail, in float32; whenever a tail is full it moves into a table as one block. The sums that attention
is made of are then sums of table rows, each with a weight of its own, which is what an embedding bag computes: it reads
a table of whole numbers or of floats straight through, at the speed of the memory, with every head a bag.

- Scores: the keys of a block are stored a channel a row, so that the query's channels are the weights.
- Values: stored a position a row, so that the attention's probabilities are the weights.

In int8 each table row has a scale and an offset of its own: for keys a channel over a block, for values a position,
which is where their sizes differ (Liu et al., "KIVI", 2024). Blocks are counted from a row's own beginning, so that
what a row hears does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import torch
from torch.nn import functional

BLOCK = 64
"""Positions in a block."""

Storage = Literal["float32", "int8"]

_SCALES = 8  # bytes of scale and offset behind each row of an int8 table


class Cache(Protocol):
    """What `rows` sequences have heard; each step calls `begin`, then `attend` for every layer, then `end`.

    `lengths` are the positions of each row so far.
    """

    lengths: list[int]

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        ...

    def begin(self) -> None:
        """Make ready for one new position in every row."""
        ...

    def attend(self, layer: int, made: torch.Tensor) -> torch.Tensor:
        """Take in a step's key and value and return what its query makes of all, [rows, width].

        `made` [rows, 3, heads, size] are the query, already scaled, the key and the value of every row.
        """
        ...

    def end(self) -> None:
        """Count the new position of every row."""
        ...

    def fill(self, layer: int, row: int, made: torch.Tensor) -> None:
        """Take in keys and values a row begins with, `made` [positions, 3, heads, size]; `filled` sets its length."""
        ...

    def filled(self, row: int, length: int) -> None:
        """Let a row go on behind `length` positions; 0 makes it empty."""
        ...

    def wipe(self, row: int) -> None:
        """Make a row empty, and leave no number of it."""
        ...


class BlockCache:
    """A Cache for CPUs, in tails and tables."""

    def __init__(self, rows: int, layers: int, heads: int, size: int, positions: int, storage: Storage) -> None:
        self._rows, self._heads, self._size, self._storage = rows, heads, size, storage
        self._blocks = -(-positions // BLOCK)
        self.lengths = [0] * rows
        self._tails = torch.zeros(layers, 2, rows, heads, BLOCK, size)
        groups = rows * heads * self._blocks
        self._keys = [self._table(groups * size, BLOCK) for _ in range(layers)]
        self._values = [self._table(groups * BLOCK, size) for _ in range(layers)]
        self._every = torch.arange(rows)
        # What of a tail may be attended to when its last position is the t-th.
        self._tail_masks = torch.full((BLOCK, BLOCK), -torch.inf).triu(1)
        self._planned: list[int] | None = None

    def _table(self, rows: int, width: int) -> torch.Tensor:
        whole = self._storage == "int8"
        # NumPy's zeros take no memory, and no time, before they are written; PyTorch's are written at once.
        table = np.zeros((rows, width + _SCALES), np.uint8) if whole else np.zeros((rows, width), np.float32)
        return torch.from_numpy(table)

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        return sum(each.nbytes for each in (self._tails, *self._keys, *self._values))

    def begin(self) -> None:
        """Make ready for one new position in every row."""
        places = [length % BLOCK for length in self.lengths]
        # Rows that are all at one place of their blocks, which is the rule, are written at once.
        self._same = places[0] if len(set(places)) == 1 else None
        self._place = torch.tensor(places)
        self._tail_mask = self._tail_masks[self._place].repeat_interleave(self._heads, dim=0)[:, None]
        full = [length // BLOCK for length in self.lengths]
        if full != self._planned:
            self._plan(full)
            self._planned = full

    def _plan(self, full: Sequence[int]) -> None:
        """Lay out which table rows the bags of this and the next steps sum, for `full` blocks in each row."""
        most = self._most = max(full)
        self._ragged = min(full) != most
        if not most:
            return
        group = torch.arange(self._rows * self._heads)[:, None]
        # All first blocks come before all second ones: memory that no row has come to is never touched.
        block = torch.arange(most)[None] * len(group)
        there = (torch.arange(most)[None] < torch.tensor(full)[:, None]).repeat_interleave(self._heads, dim=0)
        # A bag for every head and block; that of a block that is not there is empty, and sums to nothing.
        first = (group + block)[there] * self._size
        self._key_rows = (first[:, None] + torch.arange(self._size)).flatten().to(torch.int32)
        counts = there.flatten().to(torch.int32) * self._size
        self._key_bags = (counts.cumsum(0, dtype=torch.int32) - counts).to(torch.int32)
        # A bag for every head; blocks that are not there have no weight, and are read from one place.
        place = torch.where(there, group + block, group)[..., None] * BLOCK + torch.arange(BLOCK)
        self._value_rows = place.flatten().to(torch.int32)
        self._value_bags = torch.arange(0, len(group) * most * BLOCK, most * BLOCK, dtype=torch.int32)
        self._absent = ~there.repeat_interleave(BLOCK, dim=1)
        self._there = there

    def attend(self, layer: int, made: torch.Tensor) -> torch.Tensor:
        """Take in a step's key and value and return what its query makes of all, [rows, width]."""
        tails = self._tails[layer]
        query = made[:, 0].reshape(-1, 1, self._size)
        if self._same is None:
            tails[:, self._every, :, self._place] = made[:, 1:]
        else:
            tails.select(3, self._same).copy_(made[:, 1:].transpose(0, 1))
        # The whole tail, always: sums of another length would be other sums, and rows depend on those beside them.
        keys, values = tails.flatten(1, 2)
        scores = torch.bmm(query, keys.transpose(1, 2)).add_(self._tail_mask)
        if not self._most:
            return torch.bmm(scores.softmax(dim=-1), values).view(self._rows, -1)
        earlier = self._scores(layer, query).view(len(query), 1, -1)
        if self._ragged:
            earlier = earlier.masked_fill_(self._absent[:, None], -torch.inf)
        share = torch.cat([earlier, scores], dim=-1).softmax(dim=-1)
        before, latest = share.split([earlier.shape[-1], scores.shape[-1]], dim=-1)
        return self._sums(layer, before).add_(torch.bmm(latest, values)[:, 0]).view(self._rows, -1)

    def _scores(self, layer: int, query: torch.Tensor) -> torch.Tensor:
        weights = query.expand(-1, self._most, -1)
        weights = weights[self._there] if self._ragged else weights
        return self._bag(self._keys[layer], self._key_rows, self._key_bags, weights)

    def _sums(self, layer: int, share: torch.Tensor) -> torch.Tensor:
        return self._bag(self._values[layer], self._value_rows, self._value_bags, share)

    def _bag(self, table: torch.Tensor, rows: torch.Tensor, bags: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        flat = weights.reshape(-1)
        if self._storage == "int8":
            summed: torch.Tensor = torch.ops.quantized.embedding_bag_byte_rowwise_offsets(
                table, rows, bags, False, 0, False, flat
            )
            return summed
        return functional.embedding_bag(rows, table, bags, mode="sum", per_sample_weights=flat)

    def end(self) -> None:
        """Count the new position of every row, and move full tails into the tables."""
        self.lengths = [length + 1 for length in self.lengths]
        full = [row for row, length in enumerate(self.lengths) if length % BLOCK == 0]
        if not full:
            return
        for layer in range(len(self._keys)):
            for row in full:
                self._store(layer, row, self.lengths[row] // BLOCK - 1, *self._tails[layer, :, row, None])

    def fill(self, layer: int, row: int, made: torch.Tensor) -> None:
        """Take in what a row begins with."""
        keys, values = made[:, 1:].permute(1, 2, 0, 3)
        whole = keys.shape[1] // BLOCK
        end = whole * BLOCK
        if whole:
            split = (whole, BLOCK, self._size)
            self._store(
                layer,
                row,
                0,
                keys[:, :end].unflatten(1, split[:2]).transpose(0, 1),
                values[:, :end].unflatten(1, split[:2]).transpose(0, 1),
            )
        rest = keys.shape[1] - end
        self._tails[layer, 0, row, :, :rest] = keys[:, end:]
        self._tails[layer, 1, row, :, :rest] = values[:, end:]

    def filled(self, row: int, length: int) -> None:
        """Let a row go on behind `length` positions; 0 makes it empty."""
        self.lengths[row] = length

    def wipe(self, row: int) -> None:
        """Make a row empty, and leave no number of it."""
        self.filled(row, 0)
        self._tails[:, :, row].zero_()
        for table in (*self._keys, *self._values):
            table.view(self._blocks, self._rows, -1)[:, row].zero_()

    def _store(self, layer: int, row: int, block: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Write whole blocks, [blocks, heads, BLOCK, size] each, from the given one on."""
        count = len(keys)
        for table, blocks in (
            (self._keys[layer], keys.transpose(2, 3)),
            (self._values[layer], values),
        ):
            # [blocks, heads, rows of the table, width of the table]
            shaped = blocks.contiguous()
            slots = table.view(self._blocks, self._rows, self._heads, shaped.shape[2], -1)[block : block + count, row]
            slots.copy_(self._stored(shaped).view(slots.shape))

    def _stored(self, blocks: torch.Tensor) -> torch.Tensor:
        if self._storage == "float32":
            return blocks
        stored: torch.Tensor = torch.ops.quantized.embedding_bag_byte_prepack(blocks.flatten(0, -2))
        return stored


class DenseCache:
    """A Cache in one piece, for devices whose own attention is fast at any length."""

    def __init__(
        self, rows: int, layers: int, heads: int, size: int, positions: int, device: torch.device, form: str
    ) -> None:
        self.lengths = [0] * rows
        self._heard = torch.zeros(layers, 2, rows, heads, positions, size, device=device, dtype=getattr(torch, form))
        self._every = torch.arange(rows, device=device)

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes."""
        return int(self._heard.nbytes)

    def begin(self) -> None:
        """Make ready for one new position in every row."""
        self._place = torch.tensor(self.lengths, device=self._heard.device)
        # Whole blocks, so that few lengths are ever seen.
        self._end = min((max(self.lengths) // BLOCK + 1) * BLOCK, self._heard.shape[4])
        self._mask = (torch.arange(self._end, device=self._heard.device) <= self._place[:, None])[:, None, None]

    def attend(self, layer: int, made: torch.Tensor) -> torch.Tensor:
        """Take in a step's key and value and return what its query makes of all, [rows, width]."""
        made = made.to(self._heard.dtype)
        self._heard[layer][:, self._every, :, self._place] = made[:, 1:]
        keys, values = self._heard[layer, :, :, :, : self._end]
        heard = functional.scaled_dot_product_attention(
            made[:, 0, :, None], keys, values, attn_mask=self._mask, scale=1.0
        )
        return heard.reshape(len(made), -1).float()

    def end(self) -> None:
        """Count the new position of every row."""
        self.lengths = [length + 1 for length in self.lengths]

    def fill(self, layer: int, row: int, made: torch.Tensor) -> None:
        """Take in what a row begins with."""
        self._heard[layer, :, row, :, : len(made)] = made[:, 1:].permute(1, 2, 0, 3)

    def filled(self, row: int, length: int) -> None:
        """Let a row go on behind `length` positions; 0 makes it empty."""
        self.lengths[row] = length

    def wipe(self, row: int) -> None:
        """Make a row empty, and leave no number of it."""
        self.filled(row, 0)
        self._heard[:, :, row].zero_()
