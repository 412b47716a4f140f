"""The verb `render`: one clip, with every control of the musician."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from flows.printing import console, credit, print_json
from flows.underway import UnderWay, progress_bar
from pipeline.clips import Place, render_clips
from pipeline.domain import RenderOrder, Take
from pipeline.errors import LofiError
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import require_room
from pipeline.shelf.names import slug_of
from pipeline.steps.plan import BYTES_A_SECOND
from pipeline.studio import open_part, open_writer
from pipeline.wishes import Wish, order_clips, refuse_unused
from pipeline.workers import Workers


def render_clip(wanted: dict[str, Any], file: Path | None, settings: Settings, *, as_json: bool) -> None:
    """Render what is wanted (the fields of a Wish) to `file`, or into the library. Raises LofiError.

    Everything that can be wrong with it is found before anything is written.
    """
    out = console(to_stderr=as_json)
    seed = wanted.pop("seed")
    wish = Wish(**wanted, seed=secrets.randbits(31) if seed is None else seed)
    place = None if file is None else Place(file)
    orders = order_clips(wish, open_writer(settings.model_copy(update={"studio": "offline", "writer": None})))
    opened = open_part("musician", settings)
    musician = opened.made
    refuse_unused(orders, musician)
    if opened.note:
        out.print(Text(f"Note: {opened.note}"), soft_wrap=True)
    if place is None:
        shelf = Shelf.open(settings.library)
        place = Place(shelf.clips / f"{slug_of(wish.prompt or 'unconditional')}-{wish.seed}.flac", ours=True)
    require_room(place.first.absolute().parent, round(wish.takes * wish.seconds * BYTES_A_SECOND))
    failed: LofiError | None = None
    said: list[dict[str, Any]] = []
    with _going_on(wish, seed, out), Workers(1) as workers, progress_bar(out) as bars:
        under_way = UnderWay(out, bars)
        whole = bars.add_task("Rendering", total=len(orders))

        def report(order: RenderOrder, share: float) -> None:
            under_way.show(_name(order), share)
            bars.update(whole, completed=len(said) + under_way.made)

        for outcome in render_clips(orders, musician, place, workers, report):
            if isinstance(outcome, LofiError):
                failed = failed or outcome
                continue
            said.append(_say(*outcome))
            path, take = outcome
            under_way.forget(_name(take.order))
            out.print(Text(f"{take.seconds:.1f} s, seed {take.order.seed}: {path}"), soft_wrap=True)
    if as_json:
        print_json(said)
    elif said:
        licences = "; ".join(musician.backend.licences)
        out.print(Text(f"Rendered by {credit(musician.backend)}, dry. Licence: {licences}"), soft_wrap=True)
    if failed is not None:
        raise failed


@contextmanager
def _going_on(wish: Wish, asked: int | None, out: Console) -> Iterator[None]:
    """Name the seed when we are interrupted, where it was our choice: the same command would choose another."""
    try:
        yield
    except KeyboardInterrupt:
        if asked is None:
            out.print(Text(f"The seed was {wish.seed}: with --seed {wish.seed} the same command goes on from here."))
        raise


def _name(order: RenderOrder) -> str:
    return f"take {order.index}, seed {order.seed}"


def _say(path: Path, take: Take) -> dict[str, Any]:
    track = take.order.track
    return {
        "file": str(path),
        "record": f"{path}.json",
        "seed": take.order.seed,
        "seconds": round(take.seconds, 3),
        "tempo": track.tempo,
        "key": str(track.key),
        "sha256": take.sha256,
        "musician": take.backend.model_dump(mode="json"),
    }
