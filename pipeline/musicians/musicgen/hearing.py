"""What sequences have heard so far, and the words they look across at."""

from __future__ import annotations

import numpy as np
import torch

from pipeline.musicians.musicgen.cache import Rows
from pipeline.musicians.musicgen.decoder import Decoder
from pipeline.musicians.musicgen.layers import Passage

WORDS = 512
"""Tokens of a prompt that are read, as many as T5 was trained on; the rest is left out."""

TOGETHER = 64
"""Positions of one row that are heard at once: more need memory and are no faster."""


class Hearing:
    """What a decoder has heard in each of some rows, which come and go. A row that is nobody's costs nothing."""

    def __init__(self, decoder: Decoder, rows: int, positions: int) -> None:
        self._decoder, self.rows = decoder, rows
        self._heard = decoder.cache(rows, positions)
        self._read = decoder.cache(rows, WORDS, usual=64) if decoder.anatomy.crossed else None
        self._taken = np.zeros(rows, bool)
        self._lengths, self._tokens = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self._longest = 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it has taken so far."""
        return self._heard.nbytes(self._longest)

    def begin(self, row: int, words: torch.Tensor | None, before: torch.Tensor) -> None:
        """Let a row begin anew.

        `words`, float32 [tokens, width], is what it looks across at, None for nothing; `before`, [positions, width],
        are the vectors that stand before the first step: a melody model's tune and words, and what it goes on from.
        """
        self._taken[row], self._lengths[row], self._tokens[row] = True, len(before), 0
        if self._read is not None and words is not None:
            words = words[:WORDS]
            self._tokens[row] = len(words)
            rows, places = np.full(len(words), row), np.arange(len(words))
            for layer, made in enumerate(self._decoder.read(words)):
                self._read.keep(layer, rows, places, made)
        for first in range(0, len(before), TOGETHER):
            some = before[first : first + TOGETHER]
            self._decoder.run(some, self._passage(np.full(len(some), row), first + np.arange(len(some))))

    def end(self, row: int) -> None:
        """Let a row be nobody's."""
        self._taken[row], self._longest = False, max(self._longest, int(self._lengths[row]))
        for cache in filter(None, (self._heard, self._read)):
            cache.clear(row)

    def step(self, codes: torch.Tensor) -> torch.Tensor:
        """Hear the codes [rows, codebooks] of one step; return the logits of the next, [rows, codebooks, card].

        Those of a row that is nobody's are zero.
        """
        rows = np.flatnonzero(self._taken)
        alone = len(rows) < self.rows
        there = torch.from_numpy(rows).to(codes.device)
        x = self._decoder.embed(codes[there] if alone else codes)
        logits = self._decoder.logits(self._decoder.run(x, self._passage(rows, self._lengths[rows])))
        self._lengths[rows] += 1
        return logits.new_zeros(self.rows, *logits.shape[1:]).index_copy_(0, there, logits) if alone else logits

    def _passage(self, rows: Rows, places: Rows) -> Passage:
        tokens = self._tokens[rows]
        looking = np.flatnonzero(tokens)
        return Passage(self._heard, self._read, rows, places, looking, tokens[looking])
