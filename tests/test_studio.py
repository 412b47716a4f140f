"""Which part a name stands for, and what stands in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import papers
import pytest
from checkpoint_files import AUDIOCRAFT, MUSICGEN, cached, write
from modelled_band import HELPED

from pipeline.doctor import examine
from pipeline.domain import Backend, Brief, Weights
from pipeline.errors import BackendUnavailable, LofiError
from pipeline.musicians.offline.band import OfflineBand
from pipeline.settings import Settings
from pipeline.studio import PARTS, STUDIOS, Part, chosen_parts, open_part, open_studio, open_writer

ABSENT = Part("test_studio:Absent")


class Absent:
    """A part whose model is not on this machine."""

    said = "The model x/y is not on this machine."

    def __init__(self) -> None:
        raise BackendUnavailable(self.said, "Run: hf download x/y")


class WithModel(OfflineBand):
    """A musician that plays what the band plays and credits the model it was told of."""

    memory = 1_000_000

    def __init__(self, musicgen_model: str) -> None:
        object.__setattr__(self, "model", musicgen_model)

    def rehearse(self) -> None:
        """Find nothing wrong with it."""

    @property
    def backend(self) -> Backend:
        name: str = getattr(self, "model", "")
        weights = Weights(name=name, revision="", sha256="0" * 64, licence="CC0-1.0")
        return Backend(name="model player", version="1", licence="CC0-1.0", weights=(weights,))


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no neural musician can work."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", ABSENT)


@pytest.fixture
def model_player(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which one can."""
    part = Part("test_studio:WithModel", ("musicgen_model",), model="musicgen_model")
    monkeypatch.setitem(PARTS["musician"], "musicgen", part)


def brief(**more: Any) -> Brief:
    return Brief.model_validate({"theme": "rain", "seed": 1, **more})


def test_auto_falls_back_and_says_so(no_model: None) -> None:
    """The offline part stands in, with one line that says for what and why."""
    studio = open_studio(Settings(musician="auto"))
    assert isinstance(studio.musician, OfflineBand)
    (note,) = studio.notes.values()
    assert "musician" in note and "'band'" in note and "x/y is not on this machine" in note


def test_a_part_asked_for_by_name_never_falls_back(no_model: None) -> None:
    """Whoever says musicgen gets it, or the line that fetches its model."""
    with pytest.raises(BackendUnavailable, match="x/y"):
        open_studio(Settings(musician="musicgen"))


def test_all_that_is_missing_is_said_at_once_with_what_works(
    no_model: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key and the model, so that nobody mends one to hear of the other; and the options that need neither."""
    monkeypatch.setitem(PARTS["judge"], "clap", ABSENT)
    settings = Settings(studio="neural", painter="offline", library=tmp_path)
    with pytest.raises(BackendUnavailable) as refused:
        open_studio(settings)
    said = str(refused.value)
    assert "neither a key nor a server" in said and "OPENAI_API_KEY" in said
    assert said.count(Absent.said) == 1 and said.count("Run: hf download x/y") == 1
    assert "--studio auto, or --writer offline --musician band --judge signal" in said and "--painter" not in said
    (instead,) = [finding for finding in examine(settings) if finding.what == "Instead"]
    assert "--studio auto, or --writer offline --musician band" in instead.remedy


def test_what_works_answers_how_the_part_was_chosen(no_model: None) -> None:
    """A musician named by itself stays whatever the studio; a writer that lacks a key has one that needs none."""
    with pytest.raises(BackendUnavailable, match="--musician auto, or --musician band"):
        open_studio(Settings(musician="musicgen"))
    with pytest.raises(BackendUnavailable, match="--studio auto, or --writer offline"):
        open_writer(Settings(studio="neural"))


def test_a_part_with_a_model_has_a_process_of_its_own(model_player: None) -> None:
    """Only that one, and also when it came by auto."""
    assert set(open_studio(Settings(musician="musicgen")).modelled) == {"musician"}
    assert set(open_studio(Settings(musician="auto")).modelled) == {"musician"}
    assert open_studio(Settings()).modelled == {}


def test_naming_the_part_the_studio_has_anyway_is_no_choice() -> None:
    """`--musician band` and nothing are the same album."""
    nothing = dict.fromkeys(PARTS)
    assert chosen_parts(Settings()) == nothing
    assert chosen_parts(Settings(musician="band", writer="offline")) == nothing
    assert chosen_parts(Settings(studio="neural", musician="band")) == {**nothing, "musician": "band"}
    assert chosen_parts(Settings(studio="auto", judge="auto")) == nothing


def test_ambience_is_nobodys_unless_somebody_is_asked() -> None:
    """No studio has it of itself; auto takes audiogen where it is, and says where it is not."""
    assert open_studio(Settings(musician="test_clips:Sines")).ambience is None
    assert chosen_parts(Settings(ambience="none")) == dict.fromkeys(PARTS)
    assert chosen_parts(Settings(ambience="audiogen"))["ambience"] == "audiogen"
    studio = open_studio(Settings(musician="test_clips:Sines", ambience="auto", audiogen_model="not/here"))
    (note,) = studio.notes.values()
    assert studio.ambience is None and studio.modelled == {}
    assert note.startswith("The ambience is 'none', for 'audiogen' cannot work here:")
    with pytest.raises(BackendUnavailable, match="There is no ambience called 'rain'"):
        chosen_parts(Settings(ambience="rain"))


UNKNOWN = ["bnad", "", ":", "a:b:c", "../band:OfflineBand", "os:system()", "band ", "x/y:Z"]


@pytest.mark.parametrize("name", UNKNOWN[:1] + UNKNOWN[2:])
def test_an_unknown_name_is_one_line_with_those_there_are(name: str) -> None:
    """Nothing is imported for it."""
    with pytest.raises(BackendUnavailable) as caught:
        chosen_parts(Settings(musician=name))
    assert repr(name) in caught.value.message
    assert "band, musicgen, audiocraft, auto, or a module:Class" in caught.value.remedy


NO_PART = {
    "no such module": ("nowhere_at_all:Band", "no module nowhere_at_all"),
    "no such class": ("pipeline.musicians.offline.band:Bond", "no class 'Bond'"),
    "no class at all": ("pipeline.musicians.offline.band:VERSION", "no class"),
    "another role": ("pipeline.judges.signal:SignalJudge", "is no musician"),
}


@pytest.mark.parametrize(("name", "said"), NO_PART.values(), ids=NO_PART.keys())
def test_a_part_of_ones_own_that_is_none(name: str, said: str) -> None:
    """What is wrong with it, in one line."""
    with pytest.raises(BackendUnavailable, match=said):
        open_part("musician", Settings(musician=name))


def test_a_part_of_ones_own() -> None:
    """module:Class is opened as it is."""
    opened = open_part("musician", Settings(musician="pipeline.musicians.offline.band:OfflineBand"))
    assert isinstance(opened.made, OfflineBand)


def test_every_name_in_a_studio_is_a_part() -> None:
    """No studio names what is not there."""
    for parts in STUDIOS.values():
        assert all(name in PARTS[role] or name == "auto" for role, name in parts.items())


def test_the_doctor_names_every_model_with_its_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a musician and what helps it: before an album is made, and not after."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", HELPED)
    for name in ("facebook/musicgen-small", "google-t5/t5-base"):
        cached(tmp_path / "hub", name, MUSICGEN)
    models = {"musicgen_model": "facebook/musicgen-small", "text_model": "google-t5/t5-base"}
    settings = Settings.model_validate(
        {"library": tmp_path, "hub": tmp_path / "hub", "cache": tmp_path, "musician": "musicgen", **models}
    )
    (found,) = [finding for finding in examine(settings) if finding.what == "Musician"]
    assert found.state == "ok"
    assert found.found == "musicgen 1 with facebook/musicgen-small (CC-BY-NC-4.0), google-t5/t5-base (Apache-2.0)"


BAD_MODELS: dict[str, tuple[str, dict[str, bytes]]] = {
    "not there": ("musicgen_model", {}),
    "another layout": ("musicgen_model", AUDIOCRAFT),
    "cut short": ("musicgen_model", {**MUSICGEN, "model.safetensors": MUSICGEN["model.safetensors"][:-1]}),
    "a piece is missing": ("musicgen_model", {"config.json": b"{}"}),
    "of a helper": ("text_model", {}),
}


@pytest.mark.parametrize(("setting", "files"), BAD_MODELS.values(), ids=BAD_MODELS.keys())
def test_an_error_about_a_model_names_the_setting_that_chose_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, files: dict[str, bytes]
) -> None:
    """Whatever is wrong with it: and the exit code is that of a part that cannot be used."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", HELPED)
    models = {"musicgen_model": str(write(tmp_path / "whole", MUSICGEN)), setting: str(write(tmp_path / "bad", files))}
    settings = Settings.model_validate({"hub": tmp_path, "cache": tmp_path, "musician": "musicgen", **models})
    with pytest.raises(LofiError, match=f"LOFI_{setting.upper()} names it") as refused:
        open_studio(settings)
    assert refused.value.exit_code == 2


HOME = str(Path.home())
PLACES = {
    f"{HOME}/.cache/hub/x.bin is cut short.": "~/.cache/hub/x.bin is cut short.",
    f"{HOME}/models of mine/config.json cannot be read.": "~/models of mine/config.json cannot be read.",
    "There is no model folder /home/alice/models/mine.": "There is no model folder mine.",
    r"C:\Users\alice\models\mine is no model.": "mine is no model.",
    "The model facebook/musicgen-small is not here, see https://huggingface.co/facebook/x.": None,
    "Name one in ~/models/mine or ./mine/here.": None,
}


@pytest.mark.parametrize(("said", "noted"), PLACES.items())
def test_a_note_does_not_tell_where_files_lie(monkeypatch: pytest.MonkeyPatch, said: str, noted: str | None) -> None:
    """It goes into the manifest, and from there to whoever gets the album."""
    monkeypatch.setattr(Absent, "said", said)
    monkeypatch.setitem(PARTS["musician"], "musicgen", ABSENT)
    assert open_part("musician", Settings(musician="auto")).note.endswith(f"cannot work here: {noted or said}")


def test_briefs_of_before_parts_could_be_chosen_keep_their_digest() -> None:
    """Albums made then are still found as made already."""
    plain = papers.brief()
    assert not {"writer", "musician", "judge", "painter"} & set(plain.model_dump())
    chosen = plain.but(musician="auto")
    assert Brief.model_validate_json(chosen.canonical_json()) == chosen
    assert chosen.digest() != plain.digest()
