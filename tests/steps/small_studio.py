"""A whole studio of scripted parts, fast enough to make an album in a test: what they make is simple and their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import papers
from numpy.typing import NDArray
from sounds import song

from pipeline.album import make_album
from pipeline.audio.clip import Clip
from pipeline.catalogue import Catalogue
from pipeline.crew import Crew
from pipeline.domain import Album, AlbumPlan, Backend, Brief, Key, RenderOrder, Seconds, Seed, derive_seed
from pipeline.errors import BackendFailed, LofiError
from pipeline.judges.signal import SignalJudge
from pipeline.roles import Booth, Draft, Illustration, Looping, Painting, Rendering
from pipeline.settings import Settings
from pipeline.shelf import Shelf
from pipeline.steps.conductor import PlainConductor
from pipeline.steps.progress import Report
from pipeline.steps.session import Label
from pipeline.studio import chosen_parts, open_studio
from pipeline.workers import Workers

SOUNDS = ("rain", "a spaceship, humming", None)
"""The ambience of the tracks that PaperWriter plans, in turn."""


KEYS = (Key.parse("A minor"), Key.parse("D major"), Key.parse("Eb major"))
TEMPOS = (72.0, 88.0, 80.0)


class PaperWriter:
    """Plans what papers.py has, with some ambiences; the theme is the album's title."""

    backend = Backend(name="paper", version="1", licence="CC0-1.0")

    def write(self, brief: Brief, taken: Collection[str]) -> Draft:
        names = ("Gutter Song", "Slow Drops", "Dry Socks")[: brief.tracks]
        plan = papers.plan(brief.theme, tuple(f"{name} of {brief.theme}" for name in names))
        tracks = (
            track.but(ambience=sound, key=key, tempo=tempo, seconds=brief.seconds)
            for track, sound, key, tempo in zip(plan.tracks, SOUNDS, KEYS, TEMPOS, strict=False)
        )
        return Draft(plan.but(tracks=tuple(tracks)), self.backend)


class SongBand:
    """Plays the songs of sounds.py, and no ambience."""

    backend = Backend(name="songs", version="1", licence="CC0-1.0")
    batch = 1

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        for order in orders:
            track = order.track
            yield Rendering(song(track.tempo, track.key, track.seconds, order.seed % 1000))


class Repeating(SongBand):
    """Plays the same song first, whatever the track."""

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        for order in orders:
            first = order.but(seed=1, track=order.track.but(key=KEYS[0], tempo=TEMPOS[0]))
            yield from super().render([first if order.index == 1 else order], booth)


class Mute(SongBand):
    """Has nothing to play."""

    def render(self, orders: Sequence[RenderOrder], booth: Booth = Booth()) -> Iterator[Rendering | LofiError]:
        for order in orders:
            yield Rendering(Clip(np.zeros((round(order.track.seconds * 32_000), 2), np.float32), 32_000))


class Swapping(SignalJudge):
    """Finds that every title fits the next track best."""

    def match(self, clips: Sequence[Clip], words: Sequence[str]) -> NDArray[np.float32]:
        near = np.eye(len(words), dtype=np.float32)
        return np.stack([near[(words.index(word) + 1) % len(words)] for word in words[: len(clips)]])


class Crickets:
    """Makes noise, another for other words and seeds; of the words "nothing" it makes none."""

    backend = Backend(name="crickets", version="1", licence="CC-BY-NC-4.0")

    def loop(self, ambience: str, seconds: Seconds, seed: Seed) -> Looping:
        chance = np.random.default_rng(derive_seed(seed, ambience))
        level = 0.0 if ambience == "nothing" else 3.0
        noise = (level * chance.standard_normal((round(seconds * 8000), 1))).astype(np.float32)
        return Looping(Clip(noise, 8000), f"the sound of {ambience}")


class Broken(Crickets):
    """Fails at rain, whoever asks."""

    def loop(self, ambience: str, seconds: Seconds, seed: Seed) -> Looping:
        if ambience == "rain":
            raise BackendFailed("The crickets are out.")
        return super().loop(ambience, seconds, seed)


class PlainPainter:
    """Paints one colour all over, and covers alone."""

    backend = Backend(name="plain", version="1", licence="CC0-1.0")

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        return Painting(_plain(3000, 3000, 20), _plain(720, 1280, 20), "nothing", "grey", "There was only one.")


class BookPainter(PlainPainter):
    """Paints the tracks as well, each in the grey of its title's length; the last one is left out with a third."""

    def illustrate(self, plan: AlbumPlan, seed: Seed, side: int) -> Iterator[Illustration]:
        for track in plan.tracks[:2]:
            picture = _plain(side, side, 60 + len(track.title))
            yield Illustration(track.number, track.number, picture, track.title, "grey", (0.25,) * len(plan.tracks))


class NewerPainter(BookPainter):
    """Paints the same in a later version, which nobody can know before it has painted."""

    backend = Backend(name="plain", version="2", licence="CC0-1.0")

    def paint(self, plan: AlbumPlan, seed: Seed) -> Painting:
        return Painting(_plain(3000, 3000, 90), _plain(720, 1280, 90), "nothing", "white", "There was only one.")


class StricterJudge(SignalJudge):
    """Likes the later take of two, whatever they are."""

    @property
    def backend(self) -> Backend:
        return Backend(name="strict", version="2", licence="CC0-1.0")


def _plain(height: int, width: int, grey: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), grey, np.uint8)


def settings(root: Path, **parts: str) -> Settings:
    """Return settings that name the scripted parts, but for those named otherwise."""
    scripted = {"writer": "PaperWriter", "musician": "SongBand", "painter": "BookPainter", "ambience": "Crickets"}
    named = {role: f"small_studio:{name}" for role, name in {**scripted, **parts}.items()}
    return Settings.model_validate({"library": root, "effects": "tape", **named})


def brief(said: Settings, theme: str = "Rain On Tin", **more: object) -> Brief:
    """Return a small album of three tracks as asked for under some settings."""
    small = {"theme": theme, "tracks": 3, "seconds": 10, "takes": 1, "seed": 7}
    return Brief.model_validate({**small, **chosen_parts(said), **more})


def make(said: Settings, asked: Brief, report: Report = lambda _: None) -> Album:
    """Make the album in this process and one worker."""
    shelf = Shelf.open(said.library)
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue.open(shelf.catalogue_path))
        workers = stack.enter_context(Workers(1))
        label = Label(open_studio(said), shelf, catalogue, Crew(workers), said, report, "run-1")
        conductor = stack.enter_context(PlainConductor(pause=0.0))
        return make_album(label, asked, conductor, "plain")
