"""The verb `render`: one clip, with every control of the musician."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from flows.printing import KEPT, Notes, console, credit, loading, print_json
from flows.underway import UnderWay, progress_bar
from pipeline.clips import Made, Place, Under, render_clips
from pipeline.crew import workers_for
from pipeline.domain import LoopOrder, RenderOrder, derive_seed
from pipeline.errors import LofiError, ShelfError
from pipeline.licences import in_words
from pipeline.roles import Ambience, Modelled
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import require_room
from pipeline.shelf.names import slug_of
from pipeline.steps.ambience import LENGTH
from pipeline.steps.plan import BYTES_A_SECOND
from pipeline.studio import is_part, open_ambience, open_part, open_writer
from pipeline.wishes import Wish, order_clips, refuse_unused


def render_clip(wanted: dict[str, Any], file: Path | None, settings: Settings, *, as_json: bool) -> None:
    """Render what is wanted (the fields of a Wish) to `file`, or into the library. Raises LofiError.

    Everything that can be wrong with it is found before anything is written.
    """
    out = console(to_stderr=as_json)
    seed = wanted.pop("seed")
    words, settings = _ambience(wanted.pop("ambience"), settings)
    wish = Wish(**wanted, ambience=words, seed=secrets.randbits(31) if seed is None else seed)
    place = None if file is None else _place(file, settings)
    orders = order_clips(wish, open_writer(settings.model_copy(update={"studio": "offline", "writer": None})))
    opened = open_part("musician", settings)
    musician = opened.made
    refuse_unused(orders, musician)
    around = open_ambience(settings, musician)
    under = _under(orders[0], around.made)
    Notes(out).say(opened.note, around.note, "" if under or not around.made else _NO_AMBIENCE)
    if place is None:
        shelf = Shelf.open(settings.library)
        place = Place(shelf.clips / f"{slug_of(wish.prompt or 'unconditional')}-{wish.seed}.flac", ours=True)
    require_room(place.first.absolute().parent, round(wish.takes * wish.seconds * BYTES_A_SECOND))
    failed: LofiError | None = None
    said: list[dict[str, Any]] = []
    files = [place.of(order, musician.backend, under) for order in orders]
    with (
        _going_on(wish, seed, files, out),
        workers_for(musician, settings.workers) as workers,
        progress_bar(out) as bars,
    ):
        if isinstance(musician, Modelled) and not all(file.exists() for file in files):
            out.print(Text(f"Loading {loading(musician)}"), soft_wrap=True)
        under_way = UnderWay(out, bars)
        whole = bars.add_task("Rendering", total=len(orders))

        def report(order: RenderOrder, share: float) -> None:
            under_way.show(_name(order), share)
            bars.update(whole, completed=len(said) + under_way.made)

        for outcome in render_clips(orders, musician, place, workers, report, under):
            if isinstance(outcome, LofiError):
                failed = failed or outcome
                continue
            said.append(_say(outcome))
            take, again = outcome.take, " (it was there already)" if outcome.found else ""
            under_way.forget(_name(take.order))
            out.print(Text(f"{take.seconds:.1f} s, seed {take.order.seed}: {outcome.path}{again}"), soft_wrap=True)
    if as_json:
        print_json(said)
    elif said:
        makers = [musician.backend, *([under.ambience.backend] if under else [])]
        licences = dict.fromkeys(in_words(licence) for by in makers for licence in by.licences)
        laid = f"over {under.order.ambience} by {credit(makers[1])}" if under else "dry"
        done = "Found, rendered" if all(clip["found"] for clip in said) else "Rendered"
        out.print(Text(f"{done} by {credit(makers[0])}, {laid}. Licence: {'; '.join(licences)}"), soft_wrap=True)
    if failed is not None:
        raise failed


def _place(file: Path, settings: Settings) -> Place:
    """Return where a person wants the clip. Raises ShelfError for a folder that is not there, or is an album's."""
    folder, albums = file.absolute().parent, Shelf(settings.library.absolute()).folder
    if folder.resolve().is_relative_to(albums.resolve()):
        raise ShelfError(f"--out: {albums} is for albums alone.", "Name a file outside it, or leave out --out.")
    if not folder.is_dir():
        raise ShelfError(f"--out: there is no folder {folder}.", "Make it first, or name another.")
    return Place(file)


@contextmanager
def _going_on(wish: Wish, asked: int | None, files: list[Path], out: Console) -> Iterator[None]:
    """Note that those of the `files` which are whole are kept, when we are interrupted.

    The seed is named where it was our choice: the same command would choose another.
    """
    try:
        yield
    except KeyboardInterrupt as stopped:
        if any(file.exists() for file in files):
            stopped.add_note(KEPT)
        if asked is None:
            out.print(Text(f"The seed was {wish.seed}: with --seed {wish.seed} the same command goes on from here."))
        raise


def _name(order: RenderOrder) -> str:
    return f"take {order.index}, seed {order.seed}"


_NO_AMBIENCE = "The prompt names no ambience, so nothing lies under the clip. Say which: --ambience rain."


def _ambience(asked: str | None, settings: Settings) -> tuple[str | None, Settings]:
    """Return what is to be heard under a clip, None for what its prompt suggests, and the settings that say by whom.

    A part's name chooses the part; other words are what to hear, by the part that is set, else by audiogen.
    """
    if asked is None:
        return None, settings
    if is_part("ambience", asked):
        return None, settings.model_copy(update={"ambience": asked})
    part = settings.ambience if settings.ambience not in (None, "none") else "audiogen"
    return asked, settings.model_copy(update={"ambience": part})


def _under(order: RenderOrder, ambience: Ambience | None) -> Under | None:
    """Return what is to lie under the takes of an order: one loop, whose seed comes from the first."""
    words = order.track.ambience
    if ambience is None or not words:
        return None
    return Under(LoopOrder(ambience=words, seconds=LENGTH, seed=derive_seed(order.seed, "ambience", words)), ambience)


def _say(made: Made) -> dict[str, Any]:
    take, track = made.take, made.take.order.track
    return {
        "file": str(made.path),
        "record": f"{made.path}.json",
        "found": made.found,
        "seed": take.order.seed,
        "seconds": round(take.seconds, 3),
        "tempo": track.tempo,
        "key": str(track.key),
        "sha256": take.sha256,
        "musician": take.backend.model_dump(mode="json"),
        "ambience": None if take.loop is None else take.loop.model_dump(mode="json", exclude={"file"}),
    }
