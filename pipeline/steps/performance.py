"""A performance: a batch of takes rendered in a worker process, each on the disk as soon as it is whole.

    outcomes = workers.run(perform, wanted, musician, ear, hearing=hearing(orders, report))

For an album's takes and for single clips alike; they differ in where the files lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.audio.clip import Clip
from pipeline.audio.encode import write_take
from pipeline.audio.fingerprint import fingerprint
from pipeline.audio.layer import lay_under
from pipeline.audio.waveform import waveform
from pipeline.domain import Backend, Loop, RenderOrder, Take
from pipeline.errors import BackendFailed, LofiError, Stopped
from pipeline.roles import Booth, Ear, Musician, Rendering
from pipeline.shelf.takes import TakeFiles
from pipeline.workers import stopping, tell

Wanted = tuple[RenderOrder, TakeFiles]
"""A take, and where it goes."""

Layer = tuple[Clip, Loop]
"""A loop that lies under what is rendered, and its record."""

Told = tuple[int, float]
"""What a worker tells while it renders: the place of an order in its batch, and how much of it is made."""


def perform(
    wanted: Sequence[Wanted], musician: Musician, ear: Ear | None = None, layer: Layer | None = None
) -> list[Take | LofiError]:
    """Render in a worker process, with a `layer` under each take; return what became of each order, in their order.

    The caller is told how far each take is, and may ask to stop: what is not whole then is Stopped.
    """
    orders = [order for order, _ in wanted]
    booth = Booth(progress=_telling(orders), stopping=stopping, ear=ear)
    outcomes: list[Take | LofiError] = []
    for (order, files), rendering in zip(wanted, musician.render(orders, booth), strict=False):
        outcomes.append(
            rendering if isinstance(rendering, LofiError) else _keep(files, order, rendering, musician.backend, layer)
        )
    return [*outcomes, *(_nothing(order, musician) for order in orders[len(outcomes) :])]


def hearing(orders: Sequence[RenderOrder], report: Callable[[RenderOrder, float], None]) -> Callable[[Told], None]:
    """Return what hears the worker that performs `orders`, and reports how much of each is made, 0 to 1."""

    def hear(told: Told) -> None:
        place, share = told
        report(orders[place], share)

    return hear


def _telling(orders: Sequence[RenderOrder]) -> Callable[[RenderOrder, float], None]:
    places = {order: place for place, order in enumerate(orders)}
    told: dict[int, int] = {}

    def progress(order: RenderOrder, share: float) -> None:
        """Tell the caller, once for every percent."""
        place, percent = places.get(order), int(100 * share)
        if place is not None and told.get(place) != percent:
            told[place] = percent
            tell((place, percent / 100))

    return progress


def _keep(files: TakeFiles, order: RenderOrder, rendering: Rendering, backend: Backend, layer: Layer | None) -> Take:
    clip, codes = rendering.clip, None
    if layer is not None:
        clip = lay_under(clip, layer[0]).within_full_scale()
    if rendering.codes is not None:
        with files.folder.writing(files.codes) as temp, temp.open("wb") as file:
            np.savez_compressed(file, codes=rendering.codes)
        codes = files.folder.record(files.codes)
    return files.put(
        order,
        backend,
        frames=clip.frames,
        rate=clip.rate,
        fingerprint=fingerprint(clip),
        peaks=waveform(clip.samples),
        write=lambda temp: write_take(temp, clip, "WAV" if files.sound.lower().endswith(".wav") else "FLAC"),
        codes=codes,
        loop=None if layer is None else layer[1],
    )


def _nothing(order: RenderOrder, musician: Musician) -> LofiError:
    """Say why a musician gave nothing for an order: one that was asked to stop need not answer for the rest."""
    if stopping():
        return Stopped(f"Take {order.index} was given up.")
    return BackendFailed(f"{musician.backend.name} gave nothing for take {order.index}.")
