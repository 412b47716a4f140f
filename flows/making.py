"""The verb `make`: from the words on the command line to an album, with Prefect or without."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rich.console import Console
from rich.text import Text

from flows.briefs import brief_of
from flows.finding import find_album
from flows.prefect_server import QUIET, Address, open_prefect
from flows.printing import KEPT, Notes, console, loading, print_json, summary, terms
from flows.screen import Screen
from flows.tables import album_table, plan_table
from pipeline.audio.chapters import clock as spoken
from pipeline.domain import Album, Brief, Project
from pipeline.encore import as_asked, open_studio_again
from pipeline.errors import Damaged, LofiError
from pipeline.library import open_library
from pipeline.prompts import find_style, styles
from pipeline.settings import Settings
from pipeline.shelf.album_folder import PLAN
from pipeline.shelf.clock import Clock, utc_now
from pipeline.studio import PARTS, open_studio, open_writer, standing_in
from pipeline.trace import Trace, require_place
from pipeline.workers import Workers

if TYPE_CHECKING:
    from pipeline.catalogue import Catalogue
    from pipeline.shelf import Shelf

SEED_BITS = 31
"""A seed of our own choosing stays short enough to type."""


def make(
    theme: str,
    seed: int | None,
    wanted: dict[str, Any],
    settings: Settings,
    *,
    as_json: bool,
    plain: bool,
    trace: Path | None = None,
) -> None:
    """Make an album, or finish the one an interrupted run of the same words began. Raises LofiError.

    `trace` is the file for a trace of who worked when, of a run that fails as well.
    """
    brief = brief_of(theme, 0 if seed is None else seed, settings, wanted)
    # What can be wrong is found before anything is started. Who lacks one thing is told of all that is lacking.
    try:
        open_writer(settings)
    except LofiError:
        open_studio(settings)
        raise
    if brief.style is not None:
        find_style(brief.style, styles(settings.prompts))
    with ExitStack() as stack:
        spans = Trace()
        if trace is not None:
            require_place(trace)
            stack.callback(spans.write, trace)
        _run(stack, brief, seed, settings, spans, as_json=as_json, plain=plain)


def remake(name: str, settings: Settings, *, as_json: bool, plain: bool) -> None:
    """Make an album again with what was decided at review; it keeps the parts it was made with. Raises LofiError."""
    from pipeline.steps.again import changes_waiting

    with open_library(settings) as (shelf, catalogue):
        folder = find_album(shelf, name)
        project = folder.peek(PLAN, Project)
        made = folder.before()
        if made is not None and folder.is_complete() and not changes_waiting(made, catalogue):
            console(to_stderr=as_json).print("Nothing that was decided on it is left to make.")
            if as_json:
                print_json(summary(made, folder.folder))
            return
    brief = project.brief if project is not None else made.brief if made is not None else None
    if brief is None:
        raise Damaged(f"{folder.folder / PLAN} is missing.", f"`lofi verify {folder.slug}` says what else is.")
    settings = as_asked(brief, settings)
    with ExitStack() as stack:
        _run(stack, brief, brief.seed, settings, Trace(), as_json=as_json, plain=plain)


def make_brief(
    brief: Brief, settings: Settings, prefect: Address | None, out: Console, clock: Clock = utc_now
) -> Album:
    """Make the album of exactly this brief, or go on with it, for a schedule. Raises LofiError, Lost among them."""
    with ExitStack() as stack:
        workers = stack.enter_context(Workers(settings.workers))
        workers.warm()
        return _make(stack, brief, brief.seed, settings, workers, Trace(), prefect, out, Notes(out), clock)


def _run(
    stack: ExitStack, brief: Brief, seed: int | None, settings: Settings, spans: Trace, *, as_json: bool, plain: bool
) -> None:
    """Make the album of a brief, or go on with it, and say what came of it."""
    out = console(to_stderr=as_json)
    notes = Notes(out)
    workers = stack.enter_context(Workers(settings.workers))
    prefect = None
    if not plain:
        os.environ.update({**QUIET, **os.environ})
        # The server takes longest to start, so it starts before anything else is loaded.
        prefect = stack.enter_context(closing(open_prefect(os.environ)))
    workers.warm()
    album = _make(stack, brief, seed, settings, workers, spans, prefect, out, notes)
    folder = settings.library / "albums" / album.slug
    if as_json:
        print_json(summary(album, folder))
        return
    out.print()
    out.print(Text(album.plan.title, style="bold"))
    out.print(album_table(album))
    notes.say(*album.remarks)
    out.print(Text(f"Mix {spoken(album.mix.seconds)}, {album.mix.loudness:.1f} LUFS · seed {album.brief.seed}"))
    if terms(album):
        out.print(Text(terms(album)), soft_wrap=True)
    out.print(Text(f"It is all in {folder}"), soft_wrap=True)


def show_plan(theme: str, seed: int | None, wanted: dict[str, Any], settings: Settings, *, as_json: bool) -> None:
    """Show the album on paper that `make` would begin with; writes nothing. Raises LofiError."""
    from pipeline.catalogue import Catalogue
    from pipeline.shelf import Shelf

    brief = brief_of(theme, _new_seed() if seed is None else seed, settings, wanted)
    taken: frozenset[str] = frozenset()
    path = Shelf(settings.library.absolute()).catalogue_path
    if path.exists():
        with Catalogue.open(path) as catalogue:
            taken = catalogue.titles()
    draft = open_writer(settings).write(brief, taken)
    plan, notes = draft.plan, list(dict.fromkeys([*draft.notes, *standing_in(settings)]))
    if as_json:
        print_json(
            {
                "seed": brief.seed,
                "brief": brief.model_dump(mode="json"),
                "plan": plan.model_dump(mode="json"),
                "notes": notes,
            }
        )
        return
    out = console(to_stderr=as_json)
    out.print(Text(plan.title, style="bold"))
    out.print(Text(plan.concept))
    out.print(plan_table(plan))
    out.print(Text(f"Cover: {plan.cover_prompt}"))
    Notes(out).say(*notes)
    out.print(Text(f"Make it with --seed {brief.seed}"))


def _new_seed() -> int:
    return secrets.randbits(SEED_BITS)


@contextmanager
def _keeping(shelf: Shelf, catalogue: Catalogue, brief: Brief) -> Iterator[None]:
    """Note on whatever stops an album that what is finished of it is kept, where anything is."""
    from pipeline.steps.plan import unfinished_project

    try:
        yield
    except LofiError:
        raise  # it says so itself
    except BaseException as error:
        project = unfinished_project(shelf, brief)
        begun = project is not None and shelf.album(project.slug).begun_by() is not None
        if begun or any(row.finished for row in catalogue.albums(brief)):
            error.add_note(KEPT)
        raise


def _make(
    stack: ExitStack,
    brief: Brief,
    seed: int | None,
    settings: Settings,
    workers: Workers,
    spans: Trace,
    prefect: Address | None,
    out: Console,
    notes: Notes,
    clock: Clock = utc_now,
) -> Album:
    from pipeline.album import make_album
    from pipeline.crew import Crew
    from pipeline.steps.again import changes_waiting
    from pipeline.steps.conductor import PlainConductor
    from pipeline.steps.pictures import require_illustrator
    from pipeline.steps.plan import finished_album, project_to_change, unfinished_project
    from pipeline.steps.progress import Progress
    from pipeline.steps.session import Label

    shelf, catalogue = stack.enter_context(open_library(settings, clock))
    made = None if seed is None else finished_album(shelf, catalogue, brief)
    changed = project_to_change(shelf, catalogue, brief) if made is not None else None
    if made is not None and changed is None:
        out.print("This album is made already; another --seed makes another.")
        return made
    begun_by = None
    unfinished = changed or unfinished_project(shelf, brief, any_seed=seed is None)
    if unfinished is not None:
        brief = unfinished.brief
        with shelf.album(unfinished.slug).hold():
            # Another run may be making it: better said now than after Prefect has started.
            begun_by = shelf.album(unfinished.slug).begun_by()
    elif seed is None:
        brief = brief.but(seed=_new_seed())
    studio = open_studio_again(settings, begun_by)
    require_illustrator(brief, studio.painter)
    if unfinished is not None:
        # Not before nothing can refuse it any more.
        for change in changes_waiting(made, catalogue):
            out.print(Text(f"Decided at review: {change}"), soft_wrap=True)
        if made is None:
            out.print(Text(f"Going on with “{unfinished.plan.title}”, which an earlier run began (seed {brief.seed})."))
    notes.say(*studio.notes.values())
    # A part with a process of its own is loaded there, and nowhere else.
    pooled = [getattr(studio, role) for role in PARTS if role not in studio.modelled]
    workers.warm(*pooled, make_album)
    needs = {role: part.memory for role, part in studio.modelled.items()}

    def load(role: str) -> None:
        screen.report(Progress("load", loading(getattr(studio, role))))

    with (
        _keeping(shelf, catalogue, brief),
        Screen(out, brief, notes) as screen,
        Crew(workers, needs, settings.workers, trace=spans, loading=load) as crew,
    ):
        label = Label(studio, shelf, catalogue, crew, settings, screen.report, str(uuid4()))
        if prefect is not None:
            from flows.make_album import run_flow

            return run_flow(label, brief, prefect.url())
        with PlainConductor() as conductor:
            return make_album(label, brief, conductor, "plain")
