"""A batch that is asked to stop: what is whole stays, the rest is given up, and the next run goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from patient_band import PatientBand
from rooms import planned, session

from pipeline.audio.clip import Clip
from pipeline.crew import Crew
from pipeline.domain import TrackPlan
from pipeline.errors import Stopped
from pipeline.judges.signal import SignalJudge
from pipeline.settings import Settings
from pipeline.steps.progress import Progress
from pipeline.steps.render import render_track
from pipeline.steps.session import Session
from pipeline.workers import Workers


@contextmanager
def playing(root: Path) -> Iterator[tuple[Session, Path]]:
    """Hold an album of two tracks with two takes each, played by the patient band; gives its log."""
    settings = Settings()
    project = planned(settings)
    with session(root / "library", project.but(brief=project.brief.but(takes=2)), settings) as held:
        held.label.studio = replace(held.label.studio, musician=PatientBand(root / "asked.txt", hissing=True))
        yield held, root / "asked.txt"


def outcomes(held: Session) -> list[str]:
    """Return what the ledger says of each render, in the order they were started."""
    with sqlite3.connect(held.label.shelf.catalogue_path) as database:
        return [outcome for (outcome,) in database.execute("select outcome from renders order by id")]


def test_what_is_whole_is_kept_the_rest_given_up_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four takes under way two are whole: the ledger says so, and only the other two are rendered again."""
    with playing(tmp_path) as (held, log):
        told: list[Progress] = []

        def stop_once_under_way(progress: Progress) -> None:
            told.append(progress)
            if progress.share == 0.5:
                held.label.crew.stop()

        held.label.report = stop_once_under_way
        first, second = held.project.plan.tracks
        for track in (first, second):
            with pytest.raises(Stopped):
                render_track(held, track)
        assert log.read_text().splitlines() == ["1-1 1-2 2-1 2-2"]
        assert outcomes(held) == ["interrupted", "finished", "interrupted", "finished"]
        assert sorted(path.name for path in held.folder.folder.glob("takes/*.flac")) == ["01-2.flac", "02-2.flac"]
        assert not any(progress.share is None for progress in told)  # nothing is shown as done that nobody has

        monkeypatch.setenv("QUICK", "1")
        with Workers(1) as workers:
            held.label.crew, held.label.report = Crew(workers), told.append
            assert [len(render_track(held, track)) for track in (first, second)] == [2, 2]
        assert log.read_text().splitlines()[1:] == ["1-1 2-1"]
        assert outcomes(held)[4:] == ["finished", "finished"]
        spend = held.label.catalogue.spend(held.project.slug)
        assert (spend.asked, spend.rerolls, spend.interrupted) == (4, 0, 2)


def test_how_far_each_take_is_reaches_whoever_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name it has when it is done, so that a bar can grow into it."""
    monkeypatch.setenv("QUICK", "1")
    with playing(tmp_path) as (held, _):
        told: list[Progress] = []
        held.label.report = told.append
        render_track(held, held.project.plan.tracks[0])
        under_way = [(each.track, each.text, each.share) for each in told if each.share is not None]
        names = [(track.number, f"take {n} of “{track.title}”") for track in held.project.plan.tracks for n in (1, 2)]
        assert under_way == [(*name, share) for name in names for share in (0.5, 1.0)]
        assert [(each.track, each.text) for each in told if each.share is None] == names[:2]


@dataclass(frozen=True)
class Listener(SignalJudge):
    """A judge that hears a take while it is made."""

    def fault(self, clip: Clip, track: TrackPlan) -> str | None:
        return None


def test_a_judge_that_can_hear_sits_in_the_booth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the musician's process; the signal judge, which knows no words, does not."""
    monkeypatch.setenv("QUICK", "1")
    with playing(tmp_path) as (held, log):
        held.label.studio = replace(held.label.studio, judge=Listener())
        render_track(held, held.project.plan.tracks[0])
        assert log.read_text().splitlines() == ["1-1 1-2 2-1 2-2 heard by Listener"]
