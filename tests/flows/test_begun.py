"""An unfinished album goes on with the model it was begun with, or says in one line why it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import papers
import pytest
from checkpoint_files import MUSICGEN, cached, safetensors
from modelled_band import ALONE, ModelledBand

from flows.making import make
from pipeline.audio.clip import Clip
from pipeline.audio.encode import write_take
from pipeline.domain import Backend, Brief, Project, RenderOrder, derive_seed
from pipeline.errors import LofiError
from pipeline.settings import Settings
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.studio import PARTS
from pipeline.writers.offline.writer import OfflineWriter

SMALL, MEDIUM = "facebook/musicgen-small", "facebook/musicgen-medium"
WANTED = {"tracks": 1, "seconds": 10.0, "takes": 2, "style": None, "formats": ()}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two models in the hub's cache, of which the settings name the second."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", ALONE)
    hub = tmp_path / "hub"
    cached(hub, SMALL, MUSICGEN)
    cached(hub, MEDIUM, {**MUSICGEN, "model.safetensors": safetensors(8)})
    more = {"musician": "musicgen", "musicgen_model": MEDIUM, "workers": 1}
    return Settings.model_validate({"library": tmp_path / "library", "hub": hub, "cache": tmp_path / "cache", **more})


@pytest.fixture
def begun(settings: Settings) -> AlbumFolder:
    """An album of one track whose first take was played with the first model before the run was stopped."""
    brief = Brief(theme="rain", seed=7, tracks=1, seconds=10, takes=2, musician="musicgen")
    paper = OfflineWriter(prompts=None).write(brief, frozenset()).plan

    def project(slug: str) -> Project:
        return papers.project(slug, paper, brief)

    folder = Shelf.open(settings.library).begin(paper.title, project)
    player, track = ModelledBand(SMALL, settings.hub), paper.tracks[0]
    order = RenderOrder(track=track, index=1, seed=derive_seed(7, "track", 1, "take", 1))
    put(folder, player.backend, order, next(iter(player.render([order]))).clip)
    return folder


def put(folder: AlbumFolder, backend: Backend, order: RenderOrder, clip: Clip) -> None:
    folder.take_files(order).put(
        order, backend, frames=clip.frames, rate=clip.rate, fingerprint="", write=lambda temp: write_take(temp, clip)
    )


def test_it_goes_on_with_its_own_model(
    begun: AlbumFolder, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every take is of one model, and one line says that it is not the one the settings name."""
    make("rain", 7, dict(WANTED), settings, as_json=False, plain=True)
    shown = capsys.readouterr().out
    assert f"Going on with {SMALL}, with which it was begun." in shown
    assert shown.count(f"load     {SMALL}, which may take a minute") == 1
    takes = begun.read_manifest().takes
    assert len(takes) >= 2 and {take.backend.weights[0].name for take in takes} == {SMALL}
    assert str(settings.hub) not in (begun.folder / "album.json").read_text()


def test_without_that_model_it_stops_before_anything_is_rendered(
    begun: AlbumFolder, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the command, and none that says it goes on; the take is kept."""
    (settings.hub / "models--facebook--musicgen-small").rename(settings.hub / "gone")
    before = {path: path.stat().st_mtime_ns for path in begun.folder.glob("takes/*")}
    with pytest.raises(LofiError, match="made with facebook/musicgen-small") as caught:
        make("rain", 7, dict(WANTED), settings, as_json=False, plain=True)
    assert "--revision" in caught.value.remedy
    assert "Going on" not in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in begun.folder.glob("takes/*")} == before


def test_only_a_take_that_is_whole_says_who_began(begun: AlbumFolder, settings: Settings) -> None:
    """A record that cannot be read, or whose sound is gone or another, binds nobody."""
    small, medium = ModelledBand(SMALL, settings.hub).backend, ModelledBand(MEDIUM, settings.hub).backend
    assert begun.begun_by() == small
    first = begun.folder / "takes" / "01-1"
    second = RenderOrder(track=papers.track(1), index=2, seed=1)
    put(begun, medium, second, Clip(np.zeros((800, 1), np.float32), 8000))
    assert begun.begun_by() == small
    record = first.with_suffix(".json").read_text()
    first.with_suffix(".json").write_text("{")
    assert begun.begun_by() == medium
    first.with_suffix(".json").write_text(record)
    assert begun.begun_by() == small
    first.with_suffix(".flac").write_bytes(b"another")
    assert begun.begun_by() == medium
    (begun.folder / "takes" / "01-2.flac").unlink()
    assert begun.begun_by() is None
