"""What the review room offers to order, and the orders that were taken down; flows/bench.py makes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from flows.bench import VERBS, Bench
from flows.controls import Menu
from pipeline.catalogue import Catalogue
from pipeline.catalogue.jobs import Job, Option
from pipeline.catalogue.rows import Going
from pipeline.domain import Controls, Sha256, read_brief
from pipeline.domain.brief import LIMITS
from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, LofiError, ShelfError
from pipeline.review.night import Night, night_of
from pipeline.review.orders import Desk, JobAsk, JobView, Upload
from pipeline.review.uploads import Uploads
from pipeline.roles import Steered, plays_ambience
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.shelf.lease import is_held
from pipeline.studio import open_part, part_names
from pipeline.wishes import Wish, order_clips


class Workbench:
    """Takes orders down. Inside `with` they are made as well, by this room or by another that is open already."""

    def __init__(self, settings: Settings, shelf: Shelf, catalogue: Catalogue, menu: Menu) -> None:
        self._menu, self._settings, self._shelf, self._review = menu, settings, shelf, catalogue.review
        self._catalogue = catalogue
        self._uploads = Uploads(shelf.uploads)
        self._bench = Bench(shelf, catalogue, menu, self._uploads.file)
        self._desk: Desk | None = None

    def __enter__(self) -> Workbench:
        self._bench.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._bench.close()

    def desk(self) -> Desk:
        """Return the controls on offer: of a clip, those that the musician at hand obeys."""
        if self._desk is None:
            self._desk = self._open_desk()
        return self._desk

    def _open_desk(self) -> Desk:
        clip, notes, name = self._menu.controls("render"), list[str](), self._settings.musician or self._settings.studio
        try:
            opened = open_part("musician", self._settings)
            name = opened.made.backend.title
            notes += [opened.note] if opened.note else []
            if isinstance(opened.made, Steered):
                clip = tuple(control for control in clip if _obeyed(control.name, opened.made))
        except LofiError as error:
            notes.append(str(error))
        album = tuple(
            control for control in self._menu.controls("make") if control.name != "language" or self._speaks()
        )
        return Desk(studio=self._settings.studio, musician=name, album=album, clip=clip, notes=tuple(notes))

    def _speaks(self) -> bool:
        """Whether the writer at hand can write in any language: the offline one has English titles alone."""
        return part_names(self._settings)["writer"] != "offline"

    def jobs(self) -> tuple[JobView, ...]:
        """Return the newest orders."""
        return tuple(self._view(job) for job in self._review.newest_jobs())

    def start(self, asked: JobAsk, author: str) -> JobView:
        """Keep an order. Raises BadBrief, ShelfError or what else is wrong with it, before it is kept."""
        words, wanted = one_line(asked.words), dict(asked.wanted)
        if asked.kind == "changes":
            if wanted:
                raise BadBrief("Changes have no controls.", "Decide on the album instead.")
            self._shelf.album(words)
            if self._catalogue.album(words) is None:
                raise ShelfError(f"There is no album {words}.", "Load the page again.")
        else:
            # Chosen here, so that the same order makes the same thing after an interruption.
            wanted["seed"] = secrets.randbits(31) if wanted.get("seed") is None else wanted["seed"]
            self._menu.line(VERBS[asked.kind], words, wanted, self._shelf.root, self._uploads.file)
            _refuse_nonsense(asked.kind, words, wanted)
        job = Job(
            kind=asked.kind,
            words=words,
            wanted=wanted,
            author=one_line(asked.author) or author,
            time=self._review.now(),
            album=words if asked.kind == "changes" else None,
            said="Waiting for its turn.",
        )
        kept = self._review.order(job)
        self._bench.wake()
        return self._view(kept)

    def stop(self, number: int) -> JobView:
        """Stop an order: what is whole of it is kept. Raises ShelfError where there is none."""
        self._review.job(number)
        if self._review.move_job(number, ["waiting", "working"], "stopped", said="Stopped."):
            self._bench.wake()
        return self._view(self._review.job(number))

    def again(self, number: int) -> JobView:
        """Let what was stopped, or has failed, be made after all: it goes on from what is whole of it."""
        self._review.job(number)
        if self._review.move_job(number, ["stopped", "failed"], "waiting", said="Waiting for its turn.", share=0.0):
            self._bench.wake()
        return self._view(self._review.job(number))

    def upload(self, sound: BinaryIO) -> Upload:
        """Keep a sound that is handed in. Raises BadBrief for what is no sound."""
        return self._uploads.keep(sound)

    def uploaded(self, name: Sha256) -> Path:
        """Return a sound that was handed in. Raises ShelfError where there is none."""
        return self._uploads.file(name)

    def clip(self, job: int, number: int) -> Path:
        """Return the `number`th clip that an order made, from 1. Raises ShelfError where there is none."""
        files = self._review.job(job).files
        path = self._shelf.clips / Path(files[number - 1]).name if 0 < number <= len(files) else None
        if path is None or not path.is_file():
            raise ShelfError(f"There is no clip {number} of order {job}.", "Load the page again.")
        return path

    def night(self) -> Night:
        """Return how the night shift stands."""
        return night_of(self._shelf, self._catalogue, self._settings.prompts, self._review.now())

    def _view(self, job: Job) -> JobView:
        going, row = self._going(job), self._catalogue.album(job.words) if job.kind == "changes" else None
        return JobView(
            id=job.id,
            kind=job.kind,
            words=job.words if row is None else row.title,
            state=job.state,
            said=job.said if going is None else f"{going.stage}: {going.text}",
            share=job.share if going is None else going.share,
            author=job.author,
            time=job.time,
            album=job.album,
            clips=tuple(f"/clips/{job.id}/{place}.flac" for place in range(1, len(job.files) + 1)),
        )

    def _going(self, job: Job) -> Going | None:
        """Return how far an order's album is; what a killed process left there is no news of it."""
        if job.state != "working" or job.album is None or not is_held(self._shelf.album(job.album).folder):
            return None
        return self._review.progress().get(job.album)


def _refuse_nonsense(kind: str, words: str, wanted: Mapping[str, Option]) -> None:
    """Raise BadBrief for what nobody can make, so that it is said at once and not when its turn comes."""
    given = {name: value for name, value in wanted.items() if value is not None and value != ""}
    if kind == "album":
        read_brief(theme=words, **{name: given[name] for name in LIMITS if name in given})
        return
    controls = {name: given[name] for name in Controls.model_fields if name in given}
    own = {name: given[name] for name in ("seconds", "takes", "tempo", "key", "seed", "rhythm") if name in given}
    order_clips(Wish(words, controls=controls, **own), open_part("writer", Settings()).made)  # type: ignore[arg-type]


def _obeyed(name: str, musician: Any) -> bool:
    """Whether a control of `lofi render` does something with this musician."""
    if name == "ambience" and plays_ambience(musician):
        return False  # it plays its own
    everybody = {"seconds", "seed", "tempo", "key", "takes", "studio", "musician", "ambience"}
    return name in everybody or {"greedy": "use_sampling"}.get(name, name) in (
        musician.obeys if isinstance(musician, Steered) else ()
    )
