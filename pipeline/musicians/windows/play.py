"""Takes of any length from a model that holds half a minute, several of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pipeline.domain import RenderOrder
from pipeline.errors import BackendFailed, LofiError, OutOfMemory, Stopped
from pipeline.musicians.windows.model import HalfPrecise, Window, WindowModel, WindowOrder
from pipeline.musicians.windows.reel import Reel
from pipeline.roles import Booth, Rendering


def play(
    orders: Sequence[RenderOrder],
    model: WindowModel,
    batch: int,
    *,
    booth: Booth = Booth(),
    refuse: Callable[[RenderOrder], LofiError | None] = lambda _: None,
) -> Iterator[Rendering | LofiError]:
    """Yield what became of each order, in their order.

    Up to `batch` windows are generated side by side, of different takes and tracks: when one is done, the next one
    takes its place. What does not fit into memory is tried once more, half of it at once; what does not fit then has
    failed. `refuse` names what the model cannot do, before anything is generated. Once the booth asks to stop, within a
    few steps, takes that are whole are yielded and the others given up.
    """
    reels = [_begin(order, model, booth, refuse) for order in orders]
    stage = _Stage(model, max(1, batch), booth, [reel for reel in reels if isinstance(reel, Reel)])
    performance = stage.perform()
    for index, reel in enumerate(reels):
        while isinstance(reel, Reel) and reel.outcome is None:
            next(performance)
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
    """The model, how many windows it can hold at once as far as is known, and the takes it has yet to play."""

    def __init__(self, model: WindowModel, size: int, booth: Booth, reels: list[Reel]) -> None:
        self._model, self._size, self._booth = model, size, booth
        self._waiting = reels
        self._playing: dict[WindowOrder, Reel] = {}
        self._squeezed: set[Reel] = set()

    def perform(self) -> Iterator[None]:
        """Bring the takes to their ends, one window after the other, and yield after each."""
        while self._waiting:
            try:
                self._go_on()
                for order, window in self._model.generate(self._ask, self._size, self._report):
                    self._hear(order, window)
                    yield
            except Stopped:
                for reel in (*self._playing.values(), *self._waiting):
                    reel.fail(Stopped(f"{reel.name} was given up."))
                self._playing, self._waiting = {}, []
            except (MemoryError, RuntimeError) as error:
                if not _out_of_memory(error):
                    raise
                self._squeeze()
            yield

    def _ask(self) -> WindowOrder | None:
        """Return the next window of the first take that waits for one."""
        if not self._waiting:
            return None
        reel = self._waiting.pop(0)
        order = reel.ask()
        self._playing[order] = reel
        return order

    def _report(self, order: WindowOrder, share: float) -> None:
        self._go_on()
        reel = self._playing[order]
        before = reel.share
        self._booth.progress(reel.order, before + share * (reel.share_with(order) - before))

    def _hear(self, order: WindowOrder, window: Window) -> None:
        if isinstance(self._model, HalfPrecise) and not np.isfinite(window.samples).all():
            window = self._exactly(self._model, order) or window
        reel = self._playing.pop(order)
        self._squeezed.discard(reel)
        reel.hear(window)
        self._booth.progress(reel.order, reel.share)
        if reel.outcome is None:
            self._waiting.insert(0, reel)

    def _exactly(self, model: HalfPrecise, order: WindowOrder) -> Window | None:
        try:
            return model.generate_exactly(order, self._report)
        except (MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
        return None

    def _squeeze(self) -> None:
        """Play what did not fit once more, half of it at once; give up what has been through that already."""
        playing, self._playing = list(self._playing.values()), {}
        # It will not fit the next time either: there are never as many again.
        self._size = max(1, -(-len(playing) // 2))
        again = [reel for reel in playing if reel not in self._squeezed and len(playing) > 1]
        for reel in playing:
            if reel not in again:
                reel.fail(_no_room(reel))
        self._squeezed.update(again)
        self._waiting = again + self._waiting

    def _go_on(self) -> None:
        if self._booth.stopping():
            raise Stopped("Asked to stop.")


def _out_of_memory(error: Exception) -> bool:
    # By name, because this file knows no model library: torch.OutOfMemoryError is a RuntimeError.
    named = type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower()
    return isinstance(error, MemoryError) or named


def _no_room(reel: Reel) -> OutOfMemory:
    order = reel.order
    return OutOfMemory(
        f"There was not enough memory for take {order.index} of “{order.track.title}”.",
        "Close other programs, or use a smaller model, and run the same command again.",
    )
