"""Takes rendered several at once: each once, each on the shelf, and none takes another along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_band import BatchBand
from rooms import planned, session

from pipeline.errors import BackendFailed
from pipeline.settings import Settings
from pipeline.steps.render import render_track
from pipeline.steps.session import Session


@contextmanager
def playing(root: Path, **manners: Any) -> Iterator[tuple[Session, Path]]:
    """Hold an album of two tracks with two takes each, played by the batch band; gives its log too."""
    settings = Settings()
    project = planned(settings)
    log = root / "asked.txt"
    with session(root / "library", project.but(brief=project.brief.but(takes=2)), settings) as held:
        held.label.studio = replace(held.label.studio, musician=BatchBand(log, **manners))
        yield held, log


def spent(held: Session) -> tuple[int, int, int]:
    spend = held.label.catalogue.spend(held.project.slug)
    return spend.asked, spend.rerolls, spend.interrupted


def test_a_batch_is_filled_with_what_the_album_needs_next(tmp_path: Path) -> None:
    """Asked for the first track, the musician renders the second in the same breath; nobody asks for it again."""
    with playing(tmp_path) as (held, log):
        takes = [render_track(held, track) for track in held.project.plan.tracks]
        assert log.read_text().splitlines() == ["1-1 1-2 2-1 2-2"]
        assert [len(of_track) for of_track in takes] == [2, 2]
        assert all(take.codes and held.folder.matches(take.codes) for of_track in takes for take in of_track)
        assert spent(held) == (4, 0, 0)


def test_a_take_that_fails_takes_no_other_along(tmp_path: Path) -> None:
    """The three beside it are kept; it gets a turn of its own, once, when it is asked for."""
    with playing(tmp_path, poor="2-1") as (held, log):
        for track in held.project.plan.tracks:
            assert len(render_track(held, track)) == 2
        assert log.read_text().splitlines() == ["1-1 1-2 2-1 2-2", "2-1"]


def test_a_batch_that_kills_the_process_is_tried_smaller(tmp_path: Path) -> None:
    """Memory that runs out ends the process; whoever tries again asks for half."""
    with playing(tmp_path, room=1) as (held, log):
        track = held.project.plan.tracks[0]
        for _ in range(2):
            with pytest.raises(BackendFailed, match="worker process died"):
                render_track(held, track)
        assert len(render_track(held, track)) == 2
        assert [len(line.split()) for line in log.read_text().splitlines()] == [4, 2, 1, 1]
