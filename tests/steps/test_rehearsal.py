"""A judge with a model is tried before the first take, and once an album."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rooms import planned, session

from pipeline.settings import Settings
from pipeline.shelf.album_folder import REHEARSAL_RECORD
from pipeline.steps.judge import rehearse_judge


@pytest.mark.neural
def test_a_model_is_tried_once_an_album(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """A run that is resumed does not load it for that again; another model is tried anew."""
    settings = Settings(judge="clap", clap_model=str(tiny_model("clap")), device="cpu")
    with session(tmp_path, planned(settings), settings) as held:
        tried = rehearse_judge(held)
        assert tried == held.label.studio.judge.backend
        held.label.stop()
        assert rehearse_judge(held) == tried


def test_a_judge_without_a_model_has_nothing_to_rehearse(tmp_path: Path) -> None:
    """No worker is asked and nothing is written."""
    settings = Settings()
    with session(tmp_path, planned(settings), settings) as held:
        held.label.stop()
        assert rehearse_judge(held).name == "signal judge"
        assert not held.folder.path(REHEARSAL_RECORD).exists()
