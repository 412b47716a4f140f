"""What was set when an album was planned decides it to the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import rooms
from checkpoint_files import MUSICGEN, cached
from modelled_band import ALONE
from rooms import NOW, choice, clicks, cover, planned, session

from pipeline.audio.decode import decode
from pipeline.audio.effects.chain import PRESETS, Effects
from pipeline.audio.master import master
from pipeline.domain import Album, Brief, Project, Run, Spend
from pipeline.settings import Settings
from pipeline.steps.master import master_track
from pipeline.steps.mix import mix_album
from pipeline.steps.plan import plan_album
from pipeline.steps.release import release_album
from pipeline.steps.session import Session
from pipeline.studio import PARTS

VINYL = Settings(effects="vinyl", artist="Attic Choir", crossfade=3)
TAPE = Settings(effects="tape", artist="Somebody Else", crossfade=10)


def finish(held: Session, project: Project) -> Album:
    """Master, mix and release an album of clicks."""
    picture, sound = cover(held.folder), clicks(80, 12)
    choices = [choice(held.folder, sound, track) for track in project.plan.tracks]
    tracks = [master_track(held, chosen, picture) for chosen in choices]
    mix = mix_album(held, tracks, picture)
    spend = Spend(asked=2, rerolls=0, interrupted=0, seconds=24)
    run = Run(id="run-1", started=NOW, finished=NOW, flow="plain", spend=spend)
    return release_album(held, choices, tracks, picture, mix, run)


def test_a_later_shell_makes_the_rest_of_the_album_as_it_was_begun(tmp_path: Path) -> None:
    """Planned with vinyl and one artist, finished where LOFI_ says tape and another: vinyl, and the first artist."""
    project = planned(VINYL)
    with session(tmp_path, project, TAPE) as held:
        folder, album = held.folder, finish(held, project)
    tracks, mix = album.tracks, album.mix
    assert album.production.effects == "vinyl"
    assert Effects.model_validate(album.production.chain) == PRESETS["vinyl"]
    text = folder.path(tracks[0].files[0].path).read_bytes()
    assert b"artist=attic choir" in text.lower()
    assert b"date=2031" in text.lower()
    assert 2.9 <= mix.joints[0].frames / mix.rate <= 4  # a third of a short track, as near to 3 s as beats allow
    assert "Attic Choir" in folder.path("mix.cue").read_text()


@pytest.mark.parametrize(
    ("musician", "name"), [("band", "Offline Studio Band"), ("small_studio:SongBand", "Lo-fi Label")]
)
def test_where_no_artist_is_set_the_tags_name_who_plays(tmp_path: Path, musician: str, name: str) -> None:
    """The band goes by its name and no other musician does; tags, CUE sheet, playlist and manifest agree."""
    settings = Settings(effects="none", musician=musician)
    project = planned(settings)
    with session(tmp_path, project, settings) as held:
        folder, album = held.folder, finish(held, project)
    assert f"artist={name}".lower().encode() in folder.path(album.tracks[0].files[0].path).read_bytes().lower()
    assert f"artist={name}".lower().encode() in folder.path(album.mix.files[0].path).read_bytes().lower()
    assert f'PERFORMER "{name}"' in folder.path("mix.cue").read_text()
    assert f"{name} - " in folder.path("album.m3u8").read_text()
    assert folder.read_manifest().by == name


def test_planning_writes_down_what_is_set(tmp_path: Path) -> None:
    """plan.json holds the settings of the shell it was planned in, and a second shell finds them unchanged."""
    project = planned(VINYL)
    with session(tmp_path, project, VINYL) as held:
        first = plan_album(held.label, project.brief)
    with session(tmp_path, project, TAPE) as held:
        again = plan_album(held.label, project.brief)
    assert (first.production.effects, first.production.artist, first.production.crossfade) == (
        "vinyl",
        "Attic Choir",
        3,
    )
    assert again == first


def test_takes_of_a_music_model_get_the_effects_gently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned with a model for a musician, an album has vinyl's mild form, and keeps its name."""
    monkeypatch.setitem(PARTS["musician"], "musicgen", ALONE)
    cached(tmp_path / "hub", "facebook/musicgen-small", MUSICGEN)
    models = {"musician": "musicgen", "hub": tmp_path / "hub", "cache": tmp_path / "cache"}
    settings = Settings.model_validate({"effects": "vinyl", **models})
    with session(tmp_path / "library", planned(VINYL), settings) as held:
        project = plan_album(held.label, Brief(theme="sea", seed=3, tracks=1, seconds=12, takes=1, musician="musicgen"))
    assert project.production.effects == "vinyl"
    assert Effects.model_validate(project.production.chain) == PRESETS["vinyl"].gently()


def test_vinyl_is_heard_where_vinyl_was_planned(tmp_path: Path) -> None:
    """The finished track is, to 24 bits, what mastering with the planned effects gives, and not with the set ones."""
    project = planned(VINYL)
    with session(tmp_path, project, TAPE) as held:
        chosen = choice(held.folder, clicks(80, 10), project.plan.tracks[0])
        track = master_track(held, chosen, cover(held.folder))
        made = decode(held.folder.path(track.files[0].path)).samples
        dry = decode(held.folder.path(chosen.take.path))
    seed = rooms.effects_seed(project, track.number)
    assert made == pytest.approx(master(dry, PRESETS["vinyl"], seed).samples, abs=1e-6)
    tape = master(dry, PRESETS["tape"], seed).samples
    assert made.shape != tape.shape or abs(made - tape).max() > 0.01
