"""Of two takes that sound the same, to the ear or to the judge's model, the label keeps one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import papers
import pytest
from rooms import planned, session
from sounds import song

from pipeline.audio.embedding import SAME, pack
from pipeline.audio.fingerprint import fingerprint
from pipeline.domain import Backend, Key, Take, Verdict, Weights
from pipeline.errors import NeedsAttention
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder
from pipeline.steps.choose import choose_takes
from pipeline.steps.session import Session

EAST = np.eye(16, dtype=np.float32)[0]
NORTH = np.eye(16, dtype=np.float32)[1]


def beside(vector: np.ndarray, cosine: float) -> np.ndarray:
    """Return a vector of length 1 at an angle to one of the first axes."""
    return (cosine * vector + np.sqrt(1 - cosine**2) * np.eye(16)[9]).astype(np.float32)


def model(name: str) -> Weights:
    return Weights(name=name, revision="", sha256=(name * 64)[:64], licence="Apache-2.0")


def heard(vector: np.ndarray | None, total: float = 0.8, by: str = "a") -> Verdict:
    judge = Backend(name="CLAP judge", version="1", licence="Apache-2.0", weights=(model(by),))
    return papers.verdict(total).but(judge=judge, embedding=None if vector is None else pack(vector))


@cache
def prints() -> tuple[str, ...]:
    """Fingerprints of songs that have nothing to do with each other."""
    keys = ("A minor", "D major", "F minor", "B major")
    return tuple(fingerprint(song(70 + 7 * n, Key.parse(key), 15, seed=20 + n)) for n, key in enumerate(keys))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Session]:
    settings = Settings(rerolls=0)
    with session(tmp_path, planned(settings), settings) as opened:
        yield opened


def takes(held: Session) -> tuple[tuple[Take, ...], tuple[Take, ...]]:
    """Two takes of each of two tracks, no two alike by their fingerprints."""
    first, second = (
        tuple(papers.put_take(held.folder, papers.order(track, index)) for index in (1, 2))
        for track in held.project.plan.tracks
    )
    marked = [take.but(fingerprint=mark) for take, mark in zip((*first, *second), prints(), strict=True)]
    return (marked[0], marked[1]), (marked[2], marked[3])


def test_two_tracks_of_an_album_do_not_sound_the_same_to_the_model(held: Session) -> None:
    """The better take of the second track is like the first track, so its other take is chosen, and that is said."""
    verdicts = (heard(EAST, 0.9), heard(NORTH, 0.5)), (heard(beside(EAST, 0.995), 0.9), heard(NORTH, 0.5))
    first, second = choose_takes(held, takes(held), verdicts)
    assert (first.take.order.index, second.take.order.index) == (1, 2)
    assert "take 1: to the judge's model 99.5% like track 1" in second.why


def test_what_a_take_was_chosen_for_is_named(held: Session) -> None:
    """In quotes, for a score may be called "like its prompt"."""

    def scored(value: float) -> Verdict:
        verdict = heard(None, value)
        return verdict.but(scores=tuple(score.but(name="like its prompt", value=value) for score in verdict.scores))

    first, _ = choose_takes(held, takes(held), ((scored(0.9), scored(0.5)), (scored(0.4), scored(0.6))))
    assert first.why == "0.900, ahead of take 2 with 0.500, mostly for “like its prompt”"


def test_takes_that_are_only_of_one_kind_are_both_kept(held: Session) -> None:
    """Below the threshold they are two pieces of one style."""
    verdicts = (heard(EAST, 0.9), heard(NORTH, 0.5)), (heard(beside(EAST, SAME - 0.005), 0.9), heard(NORTH, 0.5))
    assert [choice.take.order.index for choice in choose_takes(held, takes(held), verdicts)] == [1, 1]


@pytest.mark.parametrize(
    "second", [(heard(EAST, 0.9, by="b"), heard(NORTH, 0.5)), (heard(None, 0.9), heard(NORTH, 0.5))]
)
def test_what_another_model_heard_is_not_compared(held: Session, second: tuple[Verdict, Verdict]) -> None:
    """Two models have two spaces, and a take no model heard has none: fingerprints still count for it."""
    verdicts = (heard(EAST, 0.9), heard(NORTH, 0.5)), second
    assert [choice.take.order.index for choice in choose_takes(held, takes(held), verdicts)] == [1, 1]


def released(held: Session, by: str = "a") -> None:
    """Put another album into the catalogue whose first track sounds like EAST to a model."""
    moss = papers.plan("Moss Hour", ("Fern", "Stone"))
    album = papers.finished_album(AlbumFolder(held.folder.folder.parent / "moss-hour", "moss-hour"), moss)
    made = tuple(take.but(fingerprint=papers_print()) for take in album.takes)
    verdicts = tuple(heard(EAST if take.order.track.number == 1 else NORTH, by=by) for take in made)
    held.label.catalogue.enter(album.but(takes=made, verdicts=verdicts))


@cache
def papers_print() -> str:
    return fingerprint(song(100, Key.parse("G# minor"), 15, seed=77))


def test_a_take_that_sounds_like_a_track_of_the_catalogue_is_refused(held: Session) -> None:
    """The embedding is kept with the take, and read with the fingerprints."""
    released(held)
    fern = held.label.catalogue.fingerprints()[0]
    assert (fern.title, fern.embedding, fern.embedder) == ("Fern", pack(EAST), model("a").sha256)
    verdicts = (
        (heard(EAST, 0.9), heard(beside(EAST, 0.3), 0.5)),
        (heard(beside(NORTH, 0.2), 0.9), heard(beside(NORTH, 0.4), 0.5)),
    )
    first, second = choose_takes(held, takes(held), verdicts)
    assert (first.take.order.index, second.take.order.index) == (2, 1)
    assert "100.0% like “Fern” of moss-hour" in first.why


def test_the_catalogue_of_another_model_refuses_nothing(held: Session) -> None:
    """After a change of models the old embeddings are passed over."""
    released(held, by="b")
    verdicts = (heard(EAST, 0.9), heard(beside(EAST, 0.3), 0.5)), (heard(NORTH, 0.9), heard(beside(NORTH, 0.4), 0.5))
    assert [choice.take.order.index for choice in choose_takes(held, takes(held), verdicts)] == [1, 1]


def test_a_track_that_only_sounds_like_others_needs_a_person(held: Session) -> None:
    """No re-roll is left: the message says what each take is like."""
    verdicts = (heard(EAST, 0.9), heard(NORTH, 0.5)), (heard(EAST, 0.9), heard(EAST, 0.5))
    with pytest.raises(NeedsAttention, match=r"take 1: to the judge's model 100\.0% like track 1, take 2"):
        choose_takes(held, takes(held), verdicts)


def test_a_take_without_a_total_is_never_chosen(held: Session) -> None:
    """It ranks behind every take that has one, however good its gates."""
    unscored = heard(EAST).but(total=None, embedding=None)
    verdicts = (unscored, heard(EAST, 0.1)), (heard(NORTH, 0.2), unscored)
    assert [choice.take.order.index for choice in choose_takes(held, takes(held), verdicts)] == [2, 1]
