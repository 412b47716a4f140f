"""What to render next: a writer's plans, a few tracks at a time, without end and without a title twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from threading import Lock

import numpy as np

from pipeline.domain import AlbumPlan, Brief, RenderOrder, Seconds, Seed, TrackPlan, derive_seed
from pipeline.domain.course import Course
from pipeline.radio.fresh import Ordered
from pipeline.roles import Writer
from pipeline.shelf.names import slug_of

TOGETHER = 4
"""Tracks planned at once: enough for keys and tempos that lead on, few enough to be off on another course soon."""
LENGTHS: tuple[Seconds, Seconds] = (100.0, 150.0)
OPENING: Seconds = 40.0
"""Length of the very first track of a radio that has nothing to begin with: somebody is waiting for it."""
STEP = 1.07
"""What one step of pace does to a tempo."""
SLOWEST, FASTEST = 60.0, 100.0


class Orders:
    """Gives orders for a course as they are asked for. The same seed gives the same ones. Usable from many threads."""

    def __init__(
        self,
        writer: Writer,
        seed: Seed,
        taken: Collection[str] = (),
        lengths: tuple[Seconds, Seconds] = LENGTHS,
    ) -> None:
        """Tracks last between the two `lengths`, and have none of the titles that are `taken`."""
        self._writer = writer
        self._seed = seed
        self._shortest, self.longest = lengths
        self._lock = Lock()
        self._taken = {title.casefold() for title in taken}
        self._course: Course | None = None
        self._planned: deque[AlbumPlan] = deque()
        self._written = self._given = 0

    def take(self, course: Course, count: int, seconds: Seconds | None = None) -> list[Ordered]:
        """Return the next `count` orders for a course, each of its own length, or all of `seconds`."""
        with self._lock:
            if course != self._course:
                self._course = course
                self._planned.clear()
            return [self._next(course, seconds) for _ in range(count)]

    def _next(self, course: Course, seconds: Seconds | None) -> Ordered:
        if not self._planned:
            self._written += 1
            seed = derive_seed(self._seed, "plan", self._written)
            brief = Brief(theme=course.theme, tracks=TOGETHER, seconds=self._shortest, takes=1, seed=seed)
            album = self._writer.write(brief, self._taken).plan
            self._planned.extend(album.but(tracks=(track,)) for track in album.tracks)
        self._given += 1
        album = self._planned.popleft()
        (plan,) = album.tracks
        self._taken.add(plan.title.casefold())
        seed = derive_seed(self._seed, "track", self._given)
        if seconds is None:
            seconds = float(np.random.default_rng(seed).integers(round(self._shortest), round(self.longest)))
        order = RenderOrder(track=paced(plan.but(seconds=seconds), course.pace), index=1, seed=seed)
        return Ordered(f"{slug_of(plan.title)[:48].strip('-')}-{seed % 16**6:06x}", course, order, album)


def paced(plan: TrackPlan, pace: int) -> TrackPlan:
    """Return a plan some steps faster, or slower below 0, also in the words a music model is told."""
    if pace == 0:
        return plan
    tempo = float(round(min(FASTEST, max(SLOWEST, plan.tempo * STEP**pace))))
    return plan.but(tempo=tempo, prompt=plan.prompt.replace(f"{plan.tempo:g} BPM", f"{tempo:g} BPM"))
