"""An album judged by a model, as a person makes it: with Prefect and without, and with a model that cannot judge."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from door import SMALL, THEME, Door

from pipeline.domain import Album

pytestmark = [pytest.mark.neural, pytest.mark.slow]


@pytest.fixture
def folder(tiny_model: Callable[[str], Path]) -> Path:
    return tiny_model("clap")


def made(door: Door, folder: Path, *words: str) -> Album:
    said = door.make(*SMALL, "--seed", "7", *words, LOFI_JUDGE="clap", LOFI_CLAP_MODEL=str(folder))
    return Album.model_validate_json((door.album(said["slug"]) / "album.json").read_bytes())


def test_with_prefect_and_without_the_album_is_the_same(tmp_path: Path, home: Path, folder: Path) -> None:
    """Every file, verdict and title; the manifest credits the model, and Prefect shows the two new steps."""
    with_prefect = made(Door(tmp_path / "prefect", home), folder)
    without = made(Door(tmp_path / "plain", home), folder, "--plain")
    assert with_prefect.model_dump(exclude={"run"}) == without.model_dump(exclude={"run"})
    verdict, match = without.verdicts[0], without.titles
    assert verdict.judge.weights[0].licence.startswith("unknown") and verdict.embedding is not None
    assert match is not None and match.titles == tuple(track.title for track in without.plan.tracks)
    assert [track.title for track in without.tracks] == [match.titles[place] for place in match.assignment]
    with sqlite3.connect(home / ".prefect" / "prefect.db") as database:
        tasks = {name for (name,) in database.execute("select name from task_run")}
    assert {"titles", "rehearse the judge"} <= tasks


def test_a_collapsed_model_stops_the_run_before_anything_is_rendered(door: Door, folder: Path, tmp_path: Path) -> None:
    """Exit 2, one line that names the model and one that helps, and no take paid for."""
    from safetensors.torch import load_file, save_file

    broken = Path(shutil.copytree(folder, tmp_path / "broken-clap"))
    state = load_file(broken / "model.safetensors")
    state["text_projection.linear2.weight"] *= 1e-4
    state["text_projection.linear2.bias"] += 1
    save_file(state, broken / "model.safetensors", metadata={"format": "pt"})
    words = ("make", THEME, *SMALL, "--seed", "7", "--plain")
    ran = door.run(*words, LOFI_JUDGE="clap", LOFI_CLAP_MODEL=str(broken))
    assert ran.returncode == 2, ran.stderr
    assert "broken-clap is collapsed" in ran.stderr and "Traceback" not in ran.stderr
    assert not list(door.library.rglob("*.flac"))
    with sqlite3.connect(door.library / "catalogue.db") as catalogue:
        assert catalogue.execute("select count(*) from renders").fetchone() == (0,)
