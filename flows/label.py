"""The label in a few lines of Python: clips, albums and reviews of one library, in your own process.

    with LofiLabel("output") as label:
        album = label.album("rainy library at night", tracks=4)

docs/api.md shows the rest.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from flows.briefs import brief_of
from pipeline.album import make_album
from pipeline.catalogue import Catalogue
from pipeline.clips import Made, Place, render_clips
from pipeline.crew import Crew, workers_for
from pipeline.domain import Album, Brief, Controls, RenderOrder, Slug
from pipeline.encore import as_asked, open_studio_again
from pipeline.errors import LofiError, ShelfError
from pipeline.library import open_library
from pipeline.review.room import Room
from pipeline.settings import Settings, read_settings
from pipeline.shelf import Shelf
from pipeline.shelf.names import slug_of
from pipeline.steps.again import changes_waiting
from pipeline.steps.conductor import PlainConductor
from pipeline.steps.plan import finished_album, project_to_change, unfinished_project
from pipeline.steps.progress import Progress, Report
from pipeline.steps.session import Label
from pipeline.studio import open_part, open_writer
from pipeline.wishes import Wish, order_clips, refuse_unused
from pipeline.workers import Workers


class LofiLabel:
    """One library and the studio that the settings name. Use it in `with`, or close it.

    `settings` are fields of pipeline.settings.Settings; LOFI_ variables count as well. Raises BadSettings.
    """

    def __init__(self, library: str | Path | None = None, *, author: str = "", **settings: object) -> None:
        place = None if library is None else Path(library)
        self.settings: Settings = read_settings(os.environ, library=place, **settings)
        self._author = author
        self._stack = ExitStack()
        self._shelf, self._catalogue = self._stack.enter_context(open_library(self.settings))

    @property
    def shelf(self) -> Shelf:
        """Every file there is."""
        return self._shelf

    @property
    def catalogue(self) -> Catalogue:
        """What was decided, and what it cost."""
        return self._catalogue

    @cached_property
    def room(self) -> Room:
        """The review room: hear, decide, compare."""
        return Room(self._shelf, self._catalogue, self.settings.cache, self._author)

    def album(self, theme: str, *, progress: Report = lambda _: None, seed: int | None = None, **brief: Any) -> Album:
        """Make an album, or finish or return the one of this very brief. Raises LofiError."""
        number = secrets.randbits(31) if seed is None else seed
        asked = brief_of(theme, number, self.settings, brief)
        made = finished_album(self._shelf, self._catalogue, asked)
        if made is not None and not changes_waiting(made, self._catalogue):
            return made
        return self._make(asked, progress, self.settings)

    def remake(self, slug: Slug, *, progress: Report = lambda _: None) -> Album:
        """Make an album again with what was decided on it; the one there is where nothing was. Raises LofiError."""
        folder = self._shelf.album(slug)
        made = folder.before()
        if made is None:
            raise ShelfError(f"There is no finished album {slug}.", "Make it first.")
        if folder.is_complete() and not changes_waiting(made, self._catalogue):
            return made
        return self._make(made.brief, progress, as_asked(made.brief, self.settings))

    def clip(
        self, prompt: str, *, progress: Callable[[RenderOrder, float], None] = lambda _, __: None, **wish: Any
    ) -> Made | list[Made]:
        """Render a clip, or with `takes` a list of them, and keep it in the library. Raises LofiError.

        `wish` are fields of pipeline.wishes.Wish, and controls of a music model by their own names.
        """
        controls = {name: wish.pop(name) for name in Controls.model_fields if name in wish}
        for name in ("opening", "melody"):
            if wish.get(name) is not None:
                wish[name] = Path(wish[name])
        wished = Wish(prompt, wish.pop("seed", secrets.randbits(31)), controls=controls, **wish)
        orders = order_clips(
            wished, open_writer(self.settings.model_copy(update={"studio": "offline", "writer": None}))
        )
        musician = open_part("musician", self.settings).made
        refuse_unused(orders, musician)
        place = Place(self._shelf.clips / f"{slug_of(prompt or 'unconditional')}-{wished.seed}.flac", ours=True)
        self._shelf.clips.mkdir(parents=True, exist_ok=True)
        made = []
        with workers_for(musician, self.settings.workers) as workers:
            for outcome in render_clips(orders, musician, place, workers, progress):
                if isinstance(outcome, LofiError):
                    raise outcome
                made.append(outcome)
        return made if "takes" in wish else made[0]

    def _make(self, brief: Brief, progress: Report, settings: Settings) -> Album:
        # Also where it is finished and made again: whoever played it plays what is added, with the models of then.
        begun = project_to_change(self._shelf, self._catalogue, brief) or unfinished_project(self._shelf, brief)
        begun_by = None if begun is None else self._shelf.album(begun.slug).begun_by()
        studio = open_studio_again(settings, begun_by)
        needs = {role: part.memory for role, part in studio.modelled.items()}
        with (
            Workers(self.settings.workers) as workers,
            Crew(workers, needs, self.settings.workers) as crew,
            PlainConductor() as conductor,
        ):
            label = Label(studio, self._shelf, self._catalogue, crew, settings, progress, str(uuid4()))
            return make_album(label, brief, conductor, "plain")

    def close(self) -> None:
        """Close the library."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


__all__ = ["LofiLabel", "Progress"]
