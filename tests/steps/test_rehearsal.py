"""A part with a model is tried before the first take, once an album; one that `auto` chose may be replaced."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rooms import planned, session

from pipeline.crew import Crew
from pipeline.errors import Damaged, OutOfMemory, Stopped
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Standin, Studio
from pipeline.settings import Settings
from pipeline.steps.conductor import PlainConductor
from pipeline.steps.rehearse import rehearse_part, settle
from pipeline.steps.session import Session
from pipeline.workers import Workers


class ModelBand(OfflineBand):
    """The band, with a model that can be loaded."""

    memory = 0

    def rehearse(self) -> None:
        """Find nothing wrong."""


class BrokenBand(ModelBand):
    """One whose model is found broken only when it is loaded."""

    def rehearse(self) -> None:
        """Find it broken."""
        raise Damaged("The model /home/alice/models/x.bin lacks 3 of its tensors.", "Fetch it again.")


@dataclass(frozen=True)
class TightBand(ModelBand):
    """One whose model does not fit the first time."""

    tried: Path

    def rehearse(self) -> None:
        """Run out of memory once."""
        if not self.tried.exists():
            self.tried.touch()
            raise OutOfMemory("It does not fit.")


def test_a_model_is_tried_once_an_album(tmp_path: Path) -> None:
    """A run that is resumed does not load it for that again."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        held.label.studio = replace(held.label.studio, musician=ModelBand())
        tried = rehearse_part(held, "musician")
        assert tried == ModelBand().backend
        held.label.crew.stop()
        assert rehearse_part(held, "musician") == tried


def test_another_model_is_tried_anew(tmp_path: Path) -> None:
    """What was tried says nothing of it, and a broken one is found before a take is paid for."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        held.label.studio = replace(held.label.studio, judge=BrokenBand())
        with pytest.raises(Damaged, match="lacks 3"):
            rehearse_part(held, "judge")
        assert not held.folder.path(held.folder.rehearsal_path("judge")).exists()


def settled(held: Session, **changes: Any) -> Studio:
    """Let every part of a studio with some changes rehearse, as an album does; return who plays then."""
    held.label.studio = replace(held.label.studio, **changes)
    with PlainConductor(pause=0) as conductor:
        tries = {role: conductor.start(role, rehearse_part, held, role) for role in held.label.studio.modelled}
        settle(held.label, tries)
    return held.label.studio


STANDINS = {"musician": Standin(OfflineBand(), "band", "musicgen")}


def test_parts_without_a_model_have_nothing_to_rehearse(tmp_path: Path) -> None:
    """No worker is asked for the offline studio, stand-ins or not."""
    settings = Settings(studio="auto", musician="band", judge="signal", painter="offline")
    with session(tmp_path, planned(settings), settings) as held:
        held.label.crew.stop()
        assert settled(held).modelled == {}


def test_auto_keeps_a_model_that_loads(tmp_path: Path) -> None:
    """Without a note."""
    settings, band = Settings(), ModelBand()
    with session(tmp_path, planned(settings), settings) as held:
        studio = settled(held, musician=band, standins=STANDINS)
    assert studio.musician is band and studio.notes == {}


def test_auto_lets_the_offline_part_stand_in_for_a_model_that_does_not_load(tmp_path: Path) -> None:
    """With a note for which and why, that tells no folders; it works in the pool, and its model waits for nothing."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held, Workers(1) as pool:
        held.label.crew = Crew(pool, {"musician": 2**60})
        studio = settled(held, musician=BrokenBand(), standins=STANDINS)
        assert held.label.crew.run("musician", os.getpid) == pool.run(os.getpid)
    assert type(studio.musician) is OfflineBand
    said = "The musician is 'band', for 'musicgen' cannot work here: The model x.bin lacks 3 of its tensors."
    assert studio.notes == {"musician": said}


def test_what_runs_out_of_memory_is_tried_again_before_somebody_stands_in(tmp_path: Path) -> None:
    """The others have gone home by then."""
    settings, band = Settings(), TightBand(tmp_path / "tried")
    with session(tmp_path / "library", planned(settings), settings) as held:
        studio = settled(held, musician=band, standins=STANDINS)
    assert studio.musician is band and studio.notes == {}


def test_after_the_stop_nothing_is_tried(tmp_path: Path) -> None:
    """Ctrl-C during the rehearsal is no reason to replace a part."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        held.label.crew.stop()
        with pytest.raises(Stopped):
            settled(held, musician=ModelBand(), standins=STANDINS)
        assert held.label.studio.notes == {}
