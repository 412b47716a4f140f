"""What is ordered in the review room gets made: one thing at a time, each by a `lofi` of its own.

An order is kept in the catalogue before anything starts, and every verb goes on where it was stopped: whatever is
killed, this room or what it started, an order is made to its end by the next room that opens.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from flows.controls import Option, arguments, controls_of
from pipeline.catalogue import Catalogue
from pipeline.catalogue.jobs import Job
from pipeline.domain import Controls, Sha256, Slug, read_brief
from pipeline.domain.brief import LIMITS
from pipeline.domain.line import one_line
from pipeline.errors import BadBrief, LofiError, ShelfError
from pipeline.review.orders import Desk, JobAsk, JobView, Upload
from pipeline.review.uploads import Uploads
from pipeline.roles import Steered
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.studio import open_part
from pipeline.wishes import Wish, order_clips

HELD = 3
"""What a verb exits with when another process is at the same album."""
LOOK_AGAIN = 2.0
"""Seconds after which an album that another process was making is tried again."""
_VERBS = {"album": "make", "clip": "render", "changes": "remake"}
_SAID = 300
"""Characters of a line that are shown."""


class Workbench:
    """Makes what was ordered. Open it with `with`: what is being made when it closes goes on next time."""

    def __init__(self, settings: Settings, shelf: Shelf, catalogue: Catalogue) -> None:
        self._settings, self._shelf, self._review = settings, shelf, catalogue.review
        self._catalogue = catalogue
        self._uploads = Uploads(shelf.uploads)
        self._thread = threading.Thread(target=self._work, name="workbench", daemon=True)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._running: tuple[int, subprocess.Popen[str]] | None = None
        self._lock = threading.Lock()
        self._desk: Desk | None = None

    def __enter__(self) -> Workbench:
        for job in self._review.open_jobs():
            if job.state == "working":  # the room was closed, or killed, meanwhile
                self._review.change_job(job.id, state="waiting", share=0.0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._wake.set()
        self._end_running()
        self._thread.join(timeout=30)

    def desk(self) -> Desk:
        """Return the controls on offer: of a clip, those that the musician at hand obeys."""
        if self._desk is None:
            self._desk = self._open_desk()
        return self._desk

    def _open_desk(self) -> Desk:
        clip, notes, name = controls_of("render"), list[str](), self._settings.musician or self._settings.studio
        try:
            opened = open_part("musician", self._settings)
            name = opened.made.backend.title
            notes += [opened.note] if opened.note else []
            if isinstance(opened.made, Steered):
                clip = tuple(control for control in clip if _obeyed(control.name, opened.made))
        except LofiError as error:
            notes.append(str(error))
        return Desk(
            studio=self._settings.studio, musician=name, album=controls_of("make"), clip=clip, notes=tuple(notes)
        )

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
            arguments(_VERBS[asked.kind], words, wanted, self._shelf.root, self._uploads.file)
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
        self._wake.set()
        return self._view(kept)

    def stop(self, number: int) -> JobView:
        """Stop an order: what is whole of it is kept. Raises ShelfError where there is none."""
        job = self._review.job(number)
        if job.state in ("waiting", "working"):
            self._review.change_job(number, state="stopped", said="Stopped.")
            with self._lock:
                running = self._running
            if running is not None and running[0] == number:
                running[1].terminate()
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

    def _view(self, job: Job) -> JobView:
        going = None if job.album is None else self._review.progress().get(job.album)
        working = job.state == "working" and going is not None
        return JobView(
            id=job.id,
            kind=job.kind,
            words=job.words,
            state=job.state,
            said=f"{going.stage}: {going.text}" if working and going is not None else job.said,
            share=going.share if working and going is not None else job.share,
            author=job.author,
            time=job.time,
            album=job.album,
            clips=tuple(f"/clips/{job.id}/{place}.flac" for place in range(1, len(job.files) + 1)),
        )

    def _work(self) -> None:
        while not self._closing.is_set():
            waiting = [job for job in self._review.open_jobs() if job.state == "waiting"]
            held = False
            for job in waiting:
                if self._closing.is_set():
                    return
                held |= self._make(job)
            if not waiting or held:
                self._wake.wait(LOOK_AGAIN if held else None)
                self._wake.clear()

    def _make(self, job: Job) -> bool:
        """Make what was ordered; return whether another process is at it, so that it waits."""
        verb = _VERBS[job.kind]
        try:
            if job.kind == "changes":
                line = [verb, "--json", "--library", str(self._shelf.root), job.words]
            else:
                line = arguments(verb, job.words, job.wanted, self._shelf.root, self._uploads.file)
        except LofiError as error:  # an upload may be gone by now
            self._review.change_job(job.id, state="failed", said=str(error))
            return False
        self._review.change_job(job.id, state="working", said="Opening the studio …", share=0.0)
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C at the room's terminal is for the room
        )
        with self._lock:
            self._running = job.id, process
        try:
            told = threading.Thread(target=self._listen, args=(job, process), daemon=True)
            told.start()
            out = process.stdout.read() if process.stdout is not None else ""
            told.join()
            code = process.wait()
        finally:
            with self._lock:
                self._running = None
        return self._settle(job, code, out)

    def _listen(self, job: Job, process: subprocess.Popen[str]) -> None:
        """Keep the last line that was said, and find out which album it is."""
        for line in process.stderr or ():
            said = one_line(line)[:_SAID]
            if not said:
                continue
            self._last = said
            values: dict[str, Any] = {"said": said}
            if job.kind == "album" and (slug := self._album_of(job)) is not None:
                values["album"] = slug
            with suppress(LofiError):
                self._review.change_job(job.id, **values)

    def _album_of(self, job: Job) -> Slug | None:
        seed = job.wanted.get("seed")
        rows = self._catalogue.albums()
        return next((row.slug for row in reversed(rows) if row.seed == seed and row.theme == job.words), None)

    def _settle(self, job: Job, code: int, out: str) -> bool:
        now = self._review.job(job.id)
        if now.state == "stopped":
            return False
        if self._closing.is_set() or code == HELD:
            said = "Another process is making this album." if code == HELD else "Goes on when the room opens again."
            self._review.change_job(job.id, state="waiting", said=said)
            return code == HELD
        if code != 0:
            self._review.change_job(job.id, state="failed", said=now.said.removeprefix("lofi: "))
            return False
        made = _read(out)
        self._review.change_job(job.id, state="done", share=1.0, **made)
        return False

    def _end_running(self) -> None:
        with self._lock:
            running = self._running
        if running is not None:
            running[1].terminate()
            with suppress(subprocess.TimeoutExpired):
                running[1].wait(timeout=20)


def _refuse_nonsense(kind: str, words: str, wanted: Mapping[str, Option]) -> None:
    """Raise BadBrief for what nobody can make, so that it is said at once and not when its turn comes."""
    given = {name: value for name, value in wanted.items() if value is not None and value != ""}
    if kind == "album":
        read_brief(theme=words, **{name: given[name] for name in LIMITS if name in given})
        return
    controls = {name: given[name] for name in Controls.model_fields if name in given}
    own = {name: given[name] for name in ("seconds", "takes", "tempo", "key", "seed", "rhythm") if name in given}
    order_clips(Wish(words, controls=controls, **own), open_part("writer", Settings()).made)  # type: ignore[arg-type]


def _obeyed(name: str, musician: Steered) -> bool:
    """Whether a control of `lofi render` does something with this musician."""
    everybody = {"seconds", "seed", "tempo", "key", "takes", "studio", "musician", "ambience"}
    return name in everybody or {"greedy": "use_sampling"}.get(name, name) in musician.obeys


def _read(out: str) -> Mapping[str, object]:
    """Return what an order came to, from the JSON a verb prints: an album, or clips."""
    with suppress(ValueError, KeyError, TypeError):
        made = json.loads(out)
        if isinstance(made, list):
            count = len(made)
            said = f"{count} {'clip is' if count == 1 else 'clips are'} there."
            return {"files": tuple(Path(each["file"]).name for each in made), "said": said}
        return {"album": made["slug"], "said": f"“{made['title']}” is made."}
    return {"said": "Done."}


__all__ = ["Option", "Workbench"]
