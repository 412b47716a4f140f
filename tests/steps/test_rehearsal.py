"""A part with a model is tried before the first take, once an album; one that `auto` chose may be replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rooms import planned, session

from pipeline.errors import Damaged, Stopped
from pipeline.musicians.offline.band import OfflineBand
from pipeline.roles import Standin
from pipeline.settings import Settings
from pipeline.steps.rehearse import rehearse_part, settle_studio


class ModelBand(OfflineBand):
    """The band, with a model that can be loaded."""

    memory = 0

    def rehearse(self) -> None:
        """Find nothing wrong."""


class BrokenBand(ModelBand):
    """One whose model is found broken only when it is loaded."""

    def rehearse(self) -> None:
        """Find it broken."""
        raise Damaged("The model x/y lacks 3 of its tensors.", "Fetch it again.")


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


def test_parts_without_a_model_have_nothing_to_rehearse(tmp_path: Path) -> None:
    """No worker is asked for the offline studio, stand-ins or not."""
    settings = Settings(studio="auto", musician="band", judge="signal", painter="offline")
    with session(tmp_path, planned(settings), settings) as held:
        assert held.label.studio.modelled == {}
        held.label.crew.stop()
        settle_studio(held.label)


@pytest.mark.parametrize("band", [ModelBand(), BrokenBand()], ids=["whole", "broken"])
def test_auto_lets_the_offline_part_stand_in_for_a_model_that_does_not_load(band: ModelBand, tmp_path: Path) -> None:
    """With a note that says for which and why; a model that loads is kept."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        standins = {"musician": Standin(OfflineBand(), "band", "musicgen")}
        held.label.studio = replace(held.label.studio, musician=band, standins=standins)
        settle_studio(held.label)
        studio = held.label.studio
    if isinstance(band, BrokenBand):
        assert type(studio.musician) is OfflineBand
        assert studio.notes == (
            "The musician is 'band', for 'musicgen' cannot work here: The model x/y lacks 3 of its tensors.",
        )
    else:
        assert studio.musician is band and studio.notes == ()


def test_after_the_stop_nothing_is_tried(tmp_path: Path) -> None:
    """Ctrl-C during the rehearsal is no reason to replace a part."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        standins = {"musician": Standin(OfflineBand(), "band", "musicgen")}
        held.label.studio = replace(held.label.studio, musician=ModelBand(), standins=standins)
        held.label.crew.stop()
        with pytest.raises(Stopped):
            settle_studio(held.label)
        assert held.label.studio.notes == ()
