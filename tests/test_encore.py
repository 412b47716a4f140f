"""An album is played by the musician, with the very models, that it was begun with, whatever the settings name now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from checkpoint_files import MUSICGEN, REVISION, cached, safetensors, write
from modelled_band import ALONE, HELPED, ModelledBand

from pipeline.domain import Backend, Brief
from pipeline.encore import open_maker, open_studio_again
from pipeline.errors import BackendUnavailable, LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.settings import Settings
from pipeline.studio import PARTS, Part

SMALL, MEDIUM, T5 = "facebook/musicgen-small", "facebook/musicgen-medium", "google-t5/t5-base"
LATER = "0123456789abcdef0123456789abcdef01234567"


def weights(values: int) -> dict[str, bytes]:
    return {**MUSICGEN, "model.safetensors": safetensors(values)}


@pytest.fixture(autouse=True)
def modelled_band(monkeypatch: pytest.MonkeyPatch) -> None:
    """The musician musicgen is one with models of a few bytes."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", ALONE)


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A hub's cache with two models."""
    cached(tmp_path / "hub", SMALL, weights(4))
    cached(tmp_path / "hub", MEDIUM, weights(8))
    return tmp_path / "hub"


def settings(hub: Path, **more: object) -> Settings:
    return Settings.model_validate({"hub": hub, "cache": hub / "lofi", "musician": "musicgen", **more})


def goes_on(begun_by: Backend, now: Settings) -> tuple[Backend, tuple[str, ...]]:
    """Return who goes on with an album, and what is said about it."""
    studio = open_studio_again(now, begun_by)
    return studio.musician.backend, tuple(studio.notes.values())


def refused(begun_by: Backend, now: Settings) -> LofiError:
    with pytest.raises(LofiError) as caught:
        open_studio_again(now, begun_by)
    assert "\n" not in str(caught.value) and caught.value.remedy
    return caught.value


def test_nothing_changed(hub: Path) -> None:
    """Then nothing is said."""
    begun = ModelledBand(SMALL, hub).backend
    assert goes_on(begun, settings(hub)) == (begun, ())
    assert open_studio_again(settings(hub), None).musician.backend == begun


def test_the_setting_names_another_model_now(hub: Path) -> None:
    """The album keeps its own, and one line says so; a replay takes it as well."""
    begun = ModelledBand(SMALL, hub).backend
    for other in (MEDIUM, "somebody/not-here", "/no/such/folder"):
        now = settings(hub, musicgen_model=other)
        assert goes_on(begun, now) == (begun, (f"Going on with {SMALL}, with which it was begun.",))
        brief = Brief(theme="rain", seed=1, musician="musicgen")
        assert open_maker("musician", begun, brief, now.model_copy(update={"musician": "band"})).backend == begun


def test_the_hub_has_a_newer_commit_now(hub: Path) -> None:
    """The commit it was begun with is used while the cache has it, and is named, for the names are one."""
    begun = ModelledBand(SMALL, hub).backend
    cached(hub, SMALL, weights(16), LATER)
    backend, notes = goes_on(begun, settings(hub))
    assert backend == begun and backend.weights[0].revision == REVISION
    assert notes == (f"Going on with {SMALL} at revision {REVISION[:12]}, with which it was begun.",)


def test_it_keeps_the_number_format_it_was_begun_in(hub: Path) -> None:
    """Of one album no take is in int8 and another not, whatever the settings say by now."""
    usual, whole = ModelledBand(SMALL, hub).backend, ModelledBand(SMALL, hub, precision="int8").backend
    assert usual.title == "musicgen 1" and whole.title == "musicgen 1 in int8"
    assert goes_on(whole, settings(hub)) == (whole, (f"Going on with {SMALL} in int8, with which it was begun.",))
    backend, notes = goes_on(usual, settings(hub, precision="int8"))
    assert backend == usual and notes == (f"Going on with {SMALL} in the usual precision, with which it was begun.",)
    assert goes_on(whole, settings(hub, precision="int8")) == (whole, ())


def test_a_newer_commit_of_the_same_weights_is_the_same_model(hub: Path) -> None:
    """A page's text may change without its weights."""
    begun = ModelledBand(SMALL, hub).backend
    cached(hub, SMALL, weights(4), LATER)
    backend, notes = goes_on(begun, settings(hub))
    assert backend.weights[0].revision == LATER and notes == ()


def test_the_commit_it_was_begun_with_is_gone(hub: Path) -> None:
    """One line: which model it was, and the command that fetches that commit."""
    begun = ModelledBand(SMALL, hub).backend
    cached(hub, SMALL, weights(16), LATER)
    shutil.rmtree(hub / "models--facebook--musicgen-small" / "snapshots" / REVISION)
    error = refused(begun, settings(hub))
    for said in (SMALL, REVISION[:12], begun.weights[0].sha256[:12], "not on this machine"):
        assert said in error.message
    assert error.remedy.endswith(f"--revision {REVISION}")


def test_the_same_commit_with_other_content(hub: Path) -> None:
    """It is not what made the takes, whatever it is called: said before anything is rendered."""
    begun = ModelledBand(SMALL, hub).backend
    snapshot = hub / "models--facebook--musicgen-small" / "snapshots" / REVISION
    (snapshot / "model.safetensors").resolve().write_bytes(safetensors(32))
    error = refused(begun, settings(hub))
    assert "other content" in error.message and begun.weights[0].sha256[:12] in error.message
    assert ModelledBand(SMALL, hub).backend.weights[0].sha256[:12] in error.message
    assert "--force-download" in error.remedy


def test_a_model_of_ones_own_that_moved(hub: Path, tmp_path: Path) -> None:
    """It is told by what it holds: another folder, another name, and nothing is said."""
    begun = ModelledBand(str(write(tmp_path / "mine", weights(64))), hub).backend
    shutil.move(tmp_path / "mine", tmp_path / "elsewhere")
    backend, notes = goes_on(begun, settings(hub, musicgen_model=str(tmp_path / "elsewhere")))
    assert backend.weights[0].sha256 == begun.weights[0].sha256 and notes == ()


@pytest.mark.parametrize("now", [SMALL, "somebody/not-here", "/no/such/folder"])
def test_a_model_of_ones_own_that_no_setting_names_any_more(hub: Path, tmp_path: Path, now: str) -> None:
    """Where it lies is not recorded: the line says which it was and which setting must name it."""
    begun = ModelledBand(str(write(tmp_path / "mine", weights(64))), hub).backend
    error = refused(begun, settings(hub, musicgen_model=now))
    assert f"mine (sha256 {begun.weights[0].sha256[:12]})" in error.message
    assert "LOFI_MUSICGEN_MODEL" in str(error) and str(tmp_path) not in str(error)


def test_a_newer_version_of_the_same_musician_goes_on(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The models are the same; the version of every take is in its own record."""
    begun = ModelledBand(SMALL, hub).backend
    monkeypatch.setattr(ModelledBand, "version", "2")
    backend, notes = goes_on(begun, settings(hub))
    assert backend.version == "2" and notes == ()


def test_auto_goes_on_with_who_began(hub: Path) -> None:
    """With the band although a model was fetched since, and with the model although none that works is named now."""
    nothing, band = settings(hub.parent / "empty", musician="auto"), OfflineBand().backend
    assert goes_on(band, settings(hub, musician="auto")) == (
        band, ("Going on with the offline band, with which it was begun.",),
    )  # fmt: skip
    assert goes_on(band, nothing)[0] == band
    begun = ModelledBand(SMALL, hub).backend
    assert goes_on(begun, settings(hub, musician="auto", musicgen_model="a/b"))[0] == begun
    assert SMALL in refused(begun, nothing).message


def test_every_model_of_a_musician_counts(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only the first: one of the hub comes back by itself, one of one's own is asked for by its setting."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", HELPED)
    cached(hub, T5, weights(5))
    other, own = write(tmp_path / "other", weights(6)), write(tmp_path / "own-t5", weights(7))
    begun = ModelledBand(SMALL, hub, T5).backend
    for text_model in (None, str(other)):
        now = settings(hub, text_model=text_model, musicgen_model=MEDIUM)
        assert goes_on(begun, now)[0] == begun
    error = refused(ModelledBand(SMALL, hub, str(own)).backend, settings(hub, text_model=T5))
    assert "own-t5 (sha256" in error.message and "LOFI_TEXT_MODEL" in error.remedy
    shutil.rmtree(hub / "models--google-t5--t5-base")
    error = refused(begun, settings(hub, text_model=str(other)))
    assert T5 in error.message and f"--revision {REVISION}" in error.remedy


def test_a_musician_without_models_is_told_by_its_name(hub: Path) -> None:
    """The band's takes are the band's, and a part that no version has is said to be none."""
    band = OfflineBand().backend
    assert isinstance(open_maker("musician", band, Brief(theme="rain", seed=1), settings(hub)), OfflineBand)
    with pytest.raises(BackendUnavailable, match="'nobody'"):
        open_maker("musician", band.but(name="nobody"), Brief(theme="rain", seed=1), settings(hub))


def test_a_musician_whose_library_is_gone(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that installs it, after the name of the model it plays."""
    begun = ModelledBand(SMALL, hub).backend
    monkeypatch.setitem(PARTS["musician"], "musicgen", Part("no_library:Band", model="musicgen_model"))
    error = refused(begun, settings(hub))
    assert SMALL in error.message and error.remedy == "Run: uv sync --extra neural"
