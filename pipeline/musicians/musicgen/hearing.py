"""What sequences have heard so far, and the words they look across at."""

from __future__ import annotations

import numpy as np
import torch

from pipeline.musicians.musicgen.cache import Rows
from pipeline.musicians.musicgen.decoder import Decoder
from pipeline.musicians.musicgen.layers import Passage

WORDS = 512
"""Tokens of a prompt that are read, as many as T5 was trained on; the rest is left out."""


class Hearing:
    """What a decoder has heard in each of some rows, which come and go. A row that is nobody's costs nothing."""

    def __init__(self, decoder: Decoder, rows: int, positions: int) -> None:
        self._decoder, self.rows = decoder, rows
        self._heard = decoder.cache(rows, positions)
        self._read = decoder.cache(rows, WORDS, usual=64) if decoder.anatomy.crossed else None
        self._taken = np.zeros(rows, bool)
        self._lengths, self._tokens = np.zeros(rows, np.int64), np.zeros(rows, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that its sound takes when every row is as long as it may be."""
        return self._heard.nbytes

    def begin(self, row: int, words: torch.Tensor | None, before: torch.Tensor) -> None:
        """Let a row begin anew.

        `words`, float32 [tokens, width], is what it looks across at, None for nothing; `before`, [positions, width],
        are the vectors that stand before the first step: a melody model's tune and words, and what it goes on from.
        They are heard in one pass.
        """
        self._taken[row], self._lengths[row], self._tokens[row] = True, len(before), 0
        if self._read is not None and words is not None:
            self._tokens[row] = len(words)
            rows, places = np.full(len(words), row), np.arange(len(words))
            for layer, made in enumerate(self._decoder.read(words)):
                self._read.keep(layer, rows, places, made)
        if len(before):
            self._decoder.run(before, self._passage(np.full(len(before), row), np.arange(len(before))))

    def end(self, row: int) -> None:
        """Let a row be nobody's."""
        self._taken[row] = False
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
