"""The bench of a library: its orders are made there, one at a time, by one room at a time.

However many rooms are open on a library, one of them has the bench; the others only take orders down, and the next one
gets it when that room closes or is killed. An order is kept in the catalogue before anything starts, and every verb
goes on where it was stopped: whatever is killed, an order is made to its end.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from flows.controls import Menu
from flows.hearer import Hearer, by_signal
from pipeline.catalogue import Catalogue
from pipeline.catalogue.jobs import Job, JobKind, JobState
from pipeline.domain import Sha256, Slug
from pipeline.domain.line import one_line
from pipeline.errors import Held, LofiError
from pipeline.shelf import Shelf
from pipeline.shelf.atomic import explained, make_folder
from pipeline.shelf.lease import holding, is_held

HELD = 3
"""What a verb exits with when another process is at the same album."""
LOOK_AGAIN = 3.0
"""Seconds after which the bench looks for what nobody tells it: orders of other rooms, and albums let go of."""
REST = 15.0
"""Seconds that an order waits which was turned away though nobody seemed to be at its album: each try costs as many."""
PATIENCE = 20.0
"""Seconds that an order may take to stop."""
VERBS: Mapping[JobKind, str] = {"album": "make", "clip": "render", "changes": "remake"}
_SHOWN, _LAST_WORD = 300, 1000
"""Characters of a line that are shown while it works, and of the one it failed with, which ends with what would do."""

_log = logging.getLogger(__name__)


class Bench:
    """Makes the orders of a library in a thread of its own, whenever no other room does."""

    def __init__(self, shelf: Shelf, catalogue: Catalogue, menu: Menu, uploaded: Callable[[Sha256], Path]) -> None:
        self._shelf, self._review, self._menu, self._uploaded = shelf, catalogue.review, menu, uploaded
        self._folder = shelf.root / ".workbench"
        self._thread = threading.Thread(target=self._work, name="bench", daemon=True)
        self._wake, self._closing = threading.Event(), threading.Event()
        self._rest: dict[int, float] = {}
        self._named: set[int] = set()
        self._complained = ""

    def open(self) -> None:
        """Begin to make what waits."""
        self._thread.start()

    def close(self) -> None:
        """End what is being made; it waits, and goes on when a room has the bench again."""
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=PATIENCE + 10)

    def wake(self) -> None:
        """Look at the orders now: there is a new one, or one was stopped."""
        self._wake.set()

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                with explained(self._folder):
                    make_folder(self._folder)
                with holding(self._folder, "The bench"):
                    self._make_all()
            except Held:
                pass  # another room makes the orders: it is tried again, for rooms close
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody else makes the orders of this room
                self._complain("The bench could not work, and tries again", error)
            self._pause()

    def _make_all(self) -> None:
        """Make what waits, and what comes, until the room closes."""
        while not self._closing.is_set():
            changed = False
            for job in self._review.open_jobs():
                if job.state == "working":
                    # Nothing is being made between two orders: this one's room was closed, or killed.
                    changed |= self._review.move_job(job.id, ["working"], "waiting", share=0.0)
                elif not self._closing.is_set():
                    changed |= self._make_safely(job)
            if not changed:
                self._pause()

    def _pause(self) -> None:
        self._wake.wait(LOOK_AGAIN)
        self._wake.clear()

    def _is_free(self, job: Job) -> bool:
        """Whether nobody else is at the album of an order, which says so if somebody is."""
        if self._rest.get(job.id, 0.0) > time.monotonic():
            return False
        slug = self._album_of(job)
        if slug is None or not is_held(self._shelf.album(slug).folder):
            return True
        self._wait(job, "Another process is making this album.")
        return False

    def _wait(self, job: Job, why: str) -> None:
        if job.said != why:
            self._review.change_job(job.id, said=why)

    def _make_safely(self, job: Job) -> bool:
        """Make an order if nobody else is at it, and return whether; whatever goes wrong with it is its own."""
        try:
            if not self._is_free(job):
                return False
            self._make(job)
        except Exception as error:  # noqa: BLE001 - a full disk or a bug, the next order is made all the same
            self._complain(f"Order {job.id} was not made", error)
            said = str(error) if isinstance(error, LofiError) else f"It could not be made: {error}."
            with suppress(LofiError, OSError):
                self._review.move_job(job.id, ["waiting", "working"], "failed", said=one_line(said)[:_LAST_WORD])
                return True
            return False
        return True

    def _complain(self, what: str, error: Exception) -> None:
        """Tell the terminal, once: a disk stays full for a while."""
        said = f"{what}: {error}"
        if said != self._complained:
            self._complained = said
            _log.error("%s", said, exc_info=None if isinstance(error, LofiError | OSError) else error)

    def _make(self, job: Job) -> None:
        """Make what was ordered, unless it was stopped, or another has begun it, since it was looked at."""
        if not self._review.move_job(job.id, ["waiting"], "working", said="Opening the studio …", share=0.0):
            return
        verb, library = VERBS[job.kind], self._shelf.root
        if job.kind == "changes":
            line = [verb, "--json", "--library", str(library), job.words]
        else:
            line = self._menu.line(verb, job.words, job.wanted, library, self._uploaded)
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C at the room's terminal is for the room
        )
        hearer = Hearer(process, self._wake.set, lambda said: self._note(job, said))
        try:
            self._watch(job, process)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            hearer.end()
        self._settle(job, process.returncode, hearer.out, hearer.last)

    def _watch(self, job: Job, process: subprocess.Popen[str]) -> None:
        """Wait for an order's process; end it when the order is stopped, by whichever room, or this room closes."""
        asked: float | None = None
        while process.poll() is None:
            if asked is None:
                if self._closing.is_set() or self._state(job) == "stopped":
                    process.terminate()
                    asked = time.monotonic()
            elif time.monotonic() > asked + PATIENCE:
                process.kill()
            self._wake.wait(1.0)
            self._wake.clear()

    def _state(self, job: Job) -> str:
        with suppress(LofiError):  # it is looked at again
            return self._review.job(job.id).state
        return job.state

    def _note(self, job: Job, said: str) -> None:
        """Keep the last line that was said, and find out which album it is."""
        values: dict[str, object] = {"said": said[:_SHOWN]}
        with suppress(LofiError):
            slug = None if job.id in self._named else self._album_of(job)
            if slug is not None:
                self._named.add(job.id)
                values["album"] = slug
            self._review.change_job(job.id, **values)

    def _album_of(self, job: Job) -> Slug | None:
        """Return the album of an order, once it is begun."""
        if job.kind == "clip" or job.album is not None:
            return job.album
        return self._review.album_with(job.words, int(job.wanted.get("seed") or 0))

    def _settle(self, job: Job, code: int, out: str, last: str) -> None:
        """Note what came of an order. What was stopped meanwhile stays so."""
        working: list[JobState] = ["working"]
        if code == 0:
            self._review.move_job(job.id, working, "done", share=1.0, **_read(out))
        elif code == HELD:
            self._rest[job.id] = time.monotonic() + REST
            self._review.move_job(job.id, working, "waiting", said="Another process is making this album.")
        elif self._closing.is_set():
            self._review.move_job(job.id, working, "waiting", said="Goes on when the room opens again.")
        else:
            said = by_signal(-code) if code < 0 else last.removeprefix("lofi: ") or f"It ended with code {code}."
            self._review.move_job(job.id, working, "failed", said=said[:_LAST_WORD])


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
