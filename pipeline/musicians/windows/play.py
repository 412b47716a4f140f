"""Takes of any length from a model that holds half a minute, several of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipeline.domain import RenderOrder
from pipeline.errors import BackendFailed, LofiError, OutOfMemory, Stopped
from pipeline.musicians.windows.model import HalfPrecise, Window, WindowModel, WindowOrder
from pipeline.musicians.windows.reel import Reel
from pipeline.roles import Booth, Rendering

Generate = Callable[[Sequence[WindowOrder], Callable[[float], None]], list[Window]]


def play(
    orders: Sequence[RenderOrder],
    model: WindowModel,
    batch: int,
    *,
    booth: Booth = Booth(),
    refuse: Callable[[RenderOrder], LofiError | None] = lambda _: None,
) -> Iterator[Rendering | LofiError]:
    """Yield what became of each order, in their order.

    Up to `batch` windows are generated together, of different takes and tracks: when a take is done, the next one
    takes its place. A batch that does not fit into memory is halved once; what does not fit then has failed.
    `refuse` names what the model cannot do, before anything is generated. Once the booth asks to stop, within a few
    steps, takes that are whole are yielded and the others given up.
    """
    stage = _Stage(model, max(1, batch), booth)
    reels = [_begin(order, model, booth, refuse) for order in orders]
    for index, reel in enumerate(reels):
        while isinstance(reel, Reel) and reel.outcome is None:
            under_way = [later for later in reels[index:] if isinstance(later, Reel) and later.outcome is None]
            try:
                stage.turn(under_way[: stage.size])
            except Stopped:
                for each in under_way:
                    each.fail(Stopped(f"{each.name} was given up."))
        yield reel if isinstance(reel, LofiError) else _outcome(reel)
        reels[index] = BackendFailed("Given away.")  # ten minutes of sound are not kept for those still to come


def _begin(
    order: RenderOrder, model: WindowModel, booth: Booth, refuse: Callable[[RenderOrder], LofiError | None]
) -> Reel | LofiError:
    try:
        return refuse(order) or Reel(order, model, booth.ear)
    except LofiError as error:
        return error


def _outcome(reel: Reel) -> Rendering | LofiError:
    assert reel.outcome is not None
    return reel.outcome


class _Stage:
    """The model and how many windows it can hold at once, as far as is known."""

    def __init__(self, model: WindowModel, size: int, booth: Booth) -> None:
        self.size = size
        self._model = model
        self._booth = booth

    def turn(self, reels: Sequence[Reel]) -> None:
        """Bring every reel one window further, or one try. Raises Stopped as soon as the booth asks for it."""
        windows = self._generate(self._model.generate, reels)
        if windows is None and len(reels) > 1:
            # It will not fit the next time either: the batch stays as small as this.
            self.size = half = -(-len(reels) // 2)
            for part in (reels[:half], reels[half:]):
                self._hear(part, self._generate(self._model.generate, part))
        else:
            self._hear(reels, windows)

    def _hear(self, reels: Sequence[Reel], windows: list[Window] | None) -> None:
        if windows is None:
            for reel in reels:
                reel.fail(_no_room(reel))
            return
        if isinstance(self._model, HalfPrecise):
            broken = [place for place, window in enumerate(windows) if not np.isfinite(window.samples).all()]
            mended = self._generate(self._model.generate_exactly, [reels[place] for place in broken])
            for place, window in zip(broken, mended or [], strict=False):
                windows[place] = window
        for reel, window in zip(reels, windows, strict=True):
            reel.hear(window)
            self._booth.progress(reel.order, reel.share)

    def _generate(self, generate: Generate, reels: Sequence[Reel]) -> list[Window] | None:
        """Return a window for each reel, or None when memory ran out."""
        if not reels:
            return []
        self._go_on()
        orders = [reel.ask() for reel in reels]
        shares = [(reel.share, reel.share_with(order)) for reel, order in zip(reels, orders, strict=True)]

        def report(share: float) -> None:
            self._go_on()
            for reel, (before, after) in zip(reels, shares, strict=True):
                self._booth.progress(reel.order, before + share * (after - before))

        try:
            return generate(orders, report)
        except (MemoryError, RuntimeError) as error:
            # By name, because this file knows no model library: torch.OutOfMemoryError is a RuntimeError.
            named = type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower()
            if not isinstance(error, MemoryError) and not named:
                raise
        return None

    def _go_on(self) -> None:
        if self._booth.stopping():
            raise Stopped("Asked to stop.")


def _no_room(reel: Reel) -> OutOfMemory:
    order = reel.order
    return OutOfMemory(
        f"There was not enough memory for take {order.index} of “{order.track.title}”.",
        "Close other programs, or use a smaller model, and run the same command again.",
    )
