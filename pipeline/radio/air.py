"""The endless mix: track after track out of the running order, crossed over, limited, and never silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.audio.clip import Samples
from pipeline.audio.layout import Following, lay_out
from pipeline.audio.limiter import Limiter
from pipeline.audio.master import RATE
from pipeline.audio.mixplan import MixItem, longest_joint, plan_mix
from pipeline.domain import Seconds
from pipeline.errors import Damaged
from pipeline.radio.piece import Piece
from pipeline.radio.running_order import RunningOrder

BLOCK = 8192
"""Frames that are mixed at once: a fifth of a second."""
_CEILING = -1.45  # dBTP: where masters stand, and a hair, so that only joints are ever limited


class Air:
    """What is on the air. For one thread, but for `skip`.

    `begins` is told of every piece and the second of the programme at which it begins to be heard; `wait` returns once
    the running order may have something, where it had nothing at all; `lost` is told of a piece that cannot be read.
    """

    def __init__(
        self,
        running_order: RunningOrder,
        begins: Callable[[Piece, Seconds], None],
        wait: Callable[[], None],
        lost: Callable[[Piece, Damaged], None],
        crossfade: Seconds,
    ) -> None:
        self._running, self._begins, self._wait, self._lost = running_order, begins, wait, lost
        self._crossfade = crossfade
        self._now: Piece | None = None
        self._coming: Piece | None = None
        self._skipped: Piece | None = None
        self._frames = 0

    def skip(self, piece: Piece) -> None:
        """Leave a piece: its next block is the beginning of the way over to what follows.

        One that is over by then is over: what began to be heard meanwhile is not left for it.
        """
        self._skipped = piece

    def sound(self) -> Iterator[Samples]:
        """Yield the mix as [frames, 2] at RATE, without end; a track that cannot be read on gives way to the next."""
        limiter = Limiter(RATE, _CEILING)
        while True:
            self._coming = first = self._next(None)
            sound = lay_out(first.item, self._follow, block=BLOCK, cut=self._cut, begins=self._began)
            try:
                for block in sound:
                    self._frames += len(block)
                    yield from limiter.push(block)
            except Damaged as damage:
                # It was whole when it was cued. What is left of it is not worth a silence: the next one begins.
                for piece in (self._now, self._coming):
                    if piece is not None and str(piece.path) in damage.message:
                        self._lose(piece, damage)

    def _follow(self, item: MixItem) -> Following:
        self._coming = self._next(self._now)
        coming = self._coming.item
        return plan_mix([item, coming], self._crossfade, match=True).joints[0], coming

    def _next(self, before: Piece | None) -> Piece:
        while True:
            piece = self._running.next(before)
            if piece is None:
                self._wait()
                continue
            try:
                piece.check()
            except Damaged as damage:
                self._lose(piece, damage)
                continue
            return piece

    def _lose(self, piece: Piece, damage: Damaged) -> None:
        self._running.lose(piece)
        self._lost(piece, damage)

    def _began(self, _: MixItem) -> None:
        assert self._coming is not None
        self._now, self._coming = self._coming, None
        self._begins(self._now, self._frames / RATE)

    def _cut(self, item: MixItem, heard: int) -> MixItem:
        if self._now is None or self._skipped is not self._now:
            return item
        self._skipped = None
        return item.but(frames=min(item.frames, heard + longest_joint(item)), tail=())
