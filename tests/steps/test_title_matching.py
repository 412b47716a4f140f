"""Each title goes to the take it fits best, and everything a listener sees says it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rooms import NOW, choice, cover, planned, session
from sounds import song
from where import DEVICE

from pipeline.audio.clip import Clip
from pipeline.domain import Album, Key, Run, Spend
from pipeline.errors import Stopped
from pipeline.settings import Settings
from pipeline.steps.choose import Choice
from pipeline.steps.master import master_track
from pipeline.steps.mix import mix_album
from pipeline.steps.release import release_album
from pipeline.steps.session import Session
from pipeline.steps.titles import assign, entitled, match_titles


@cache
def clips() -> tuple[Clip, Clip]:
    return song(78, Key.parse("A minor"), 12, seed=2), song(84, Key.parse("D major"), 12, seed=5)


def chosen(held: Session) -> tuple[Choice, ...]:
    return tuple(choice(held.folder, clip, plan) for clip, plan in zip(clips(), held.project.plan.tracks, strict=True))


def finish(held: Session, choices: tuple[Choice, ...]) -> Album:
    """Give the titles and make everything that follows."""
    match = match_titles(held, choices)
    named = entitled(held, choices, match)
    picture = cover(held.folder)
    tracks = [master_track(held, one, picture) for one in named]
    mix = mix_album(held, tracks, picture)
    run = Run(
        id="run-1",
        started=NOW,
        finished=NOW,
        flow="plain",
        spend=Spend(asked=2, rerolls=0, interrupted=0, seconds=24),
    )
    return release_album(held, named, tracks, picture, mix, run, match)


@pytest.fixture(scope="module")
def crossed(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A model to which the first title sounds like the second take, and the second like the first."""
    from teaching import teach

    lessons = dict(zip(("Slow Drops", "Gutter Song"), clips(), strict=True))
    taught = teach(tiny_model("clap"), tmp_path_factory.mktemp("crossed") / "clap", lessons)
    return Settings(judge="clap", clap_model=str(taught), device=DEVICE, effects="none")


@pytest.fixture
def held(tmp_path: Path, crossed: Settings) -> Iterator[Session]:
    with session(tmp_path, planned(crossed), crossed) as opened:
        yield opened


@pytest.mark.neural
def test_titles_that_fit_the_other_take_change_places(held: Session) -> None:
    """File names, tags, chapters, playlist, manifest and catalogue have the new titles; the takes keep their plans."""
    choices = chosen(held)
    album = finish(held, choices)
    folder = held.folder
    assert [track.title for track in album.tracks] == ["Slow Drops", "Gutter Song"]
    assert [Path(track.files[0].path).name for track in album.tracks] == [
        "01 - Slow Drops.flac",
        "02 - Gutter Song.flac",
    ]
    assert b"title=slow drops" in folder.path(album.tracks[0].files[0].path).read_bytes().lower()
    for listed in ("mix.cue", "tracklist.txt", "album.m3u8"):
        text = folder.path(listed).read_text()
        assert 0 < text.index("Slow Drops") < text.index("Gutter Song")
    assert [take.order.track.title for take in album.takes] == ["Gutter Song", "Slow Drops"]
    assert [track.title for track in album.plan.tracks] == ["Gutter Song", "Slow Drops"]
    assert [made.title for made in held.label.catalogue.fingerprints()] == ["Slow Drops", "Gutter Song"]


@pytest.mark.neural
def test_the_manifest_keeps_the_matrix_and_the_assignment(held: Session) -> None:
    """Every track with every title; the pairs given are the most in total; a reader gets it back as it was."""
    album = finish(held, chosen(held))
    match = album.titles
    assert match is not None and match.judge == held.label.studio.judge.backend
    assert match.titles == ("Gutter Song", "Slow Drops") and match.assignment == (1, 0)
    assert match.matrix[0][1] + match.matrix[1][0] > match.matrix[0][0] + match.matrix[1][1]
    assert held.folder.read_manifest() == album


@pytest.mark.neural
def test_what_was_matched_is_not_matched_again(held: Session) -> None:
    """A run that is resumed finds the record, with no model and no worker; other takes are matched anew."""
    choices = chosen(held)
    first = match_titles(held, choices)
    held.label.crew.stop()
    assert match_titles(held, choices) == first
    with pytest.raises(Stopped):
        match_titles(held, choices[::-1])


def test_without_a_matcher_every_title_stays(tmp_path: Path) -> None:
    """The signal judge knows no words."""
    settings = Settings(effects="none")
    with session(tmp_path, planned(settings), settings) as held:
        album = finish(held, chosen(held))
    assert album.titles is None
    assert [track.title for track in album.tracks] == ["Gutter Song", "Slow Drops"]


def test_the_best_in_total_is_not_each_ones_best() -> None:
    """Both tracks like the first title most; it goes where more is won. No other way round gives more."""
    assert assign(np.array([[0.9, 0.8], [0.85, 0.1]], np.float32)) == (1, 0)
    rng = np.random.default_rng(4)
    for _ in range(20):
        similar = rng.standard_normal((5, 5)).astype(np.float32)
        best = max(itertools.permutations(range(5)), key=lambda order: sum(similar[range(5), order]))
        assert assign(similar) == best


def test_where_nothing_fits_better_the_plan_stands() -> None:
    """Equal similarities leave every title where it was."""
    assert assign(np.full((6, 6), -1, np.float32)) == tuple(range(6))
