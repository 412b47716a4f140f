"""A small label with an album under way, for the tests of single steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import papers
from PIL import Image

from pipeline.audio.clip import Clip
from pipeline.audio.encode import write_take
from pipeline.catalogue import Catalogue
from pipeline.crew import Crew
from pipeline.domain import Cover, Project, TrackPlan, derive_seed
from pipeline.roles import Studio
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.shelf.album_folder import COVER_FOR_TAGS
from pipeline.steps.choose import Choice
from pipeline.steps.plan import production_of
from pipeline.steps.session import Label, Session
from pipeline.studio import open_studio
from pipeline.workers import Workers

NOW = datetime(2031, 5, 4, tzinfo=UTC)


def planned(settings: Settings) -> Project:
    """Return a project as planned under some settings."""
    return papers.project().but(production=production_of(settings, NOW))


@contextmanager
def session(root: Path, project: Project, settings: Settings) -> Iterator[Session]:
    """Hold the project's album in a library at `root` under `settings`, with one worker."""
    studio: Studio = open_studio(settings)
    shelf = Shelf.open(root)
    catalogue = Catalogue.open(shelf.catalogue_path)
    try:
        catalogue.reserve(project.slug, project.brief, project.plan)
        with Workers(1) as workers:
            label = Label(studio, shelf, catalogue, Crew(workers), settings, lambda _: None, "run-1")
            folder = shelf.album(project.slug)
            with folder.hold():
                yield Session(label, project, folder)
    finally:
        catalogue.close()


def choice(folder: AlbumFolder, clip: Clip, track: TrackPlan | None = None) -> Choice:
    """Put a take on the shelf and choose it."""
    order = papers.order(track)
    take = folder.take_files(order).put(
        order,
        papers.BAND,
        frames=clip.frames,
        rate=clip.rate,
        fingerprint="x",
        write=lambda temp: write_take(temp, clip),
    )
    verdict = papers.verdict()
    return Choice(take=take, verdict=verdict, why="the only take", takes=(take,), verdicts=(verdict,))


def cover(folder: AlbumFolder) -> Cover:
    """Put a small picture where the tags look for it."""
    with folder.writing(COVER_FOR_TAGS) as temp:
        Image.new("RGB", (32, 32)).save(temp, "JPEG")
    files = (folder.record(COVER_FOR_TAGS),)
    return Cover(painter=papers.BAND, seed=1, scene="roof", palette="grey", why="calm", files=files)


def clicks(bpm: float, seconds: float, first: float = 0.0, rate: int = 44_100, bed: float = 0.02) -> Clip:
    """Make kicks on every beat, the fourth a louder one, over a quiet bed of noise."""
    rng = np.random.default_rng(1)
    mono = rng.standard_normal(round(seconds * rate)) * bed
    time = np.arange(rate // 5) / rate
    kick = np.sin(2 * np.pi * 60 * time) * np.exp(-time * 25) + 0.3 * rng.standard_normal(len(time)) * np.exp(
        -time * 120
    )
    for beat in range(int((seconds - first - 0.3) * bpm / 60) + 1):
        start = round((first + beat * 60 / bpm) * rate)
        mono[start : start + len(kick)] += kick[: len(mono) - start] * (0.6 if beat % 4 == 0 else 0.45)
    return Clip(np.stack([mono, mono], 1).astype(np.float32), rate)


def effects_seed(project: Project, number: int) -> int:
    """Return the seed of a track's effects."""
    return derive_seed(project.brief.seed, "track", number, "effects")
