"""What was set when an album was planned decides it to the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import rooms
from rooms import NOW, choice, clicks, cover, planned, session

from pipeline.audio.decode import decode
from pipeline.audio.effects.chain import PRESETS, Effects
from pipeline.audio.master import master
from pipeline.domain import Run, Spend
from pipeline.settings import Settings
from pipeline.steps.master import master_track
from pipeline.steps.mix import mix_album
from pipeline.steps.plan import plan_album
from pipeline.steps.release import release_album

VINYL = Settings(effects="vinyl", artist="Attic Choir", crossfade=3)
TAPE = Settings(effects="tape", artist="Somebody Else", crossfade=10)


def test_a_later_shell_makes_the_rest_of_the_album_as_it_was_begun(tmp_path: Path) -> None:
    """Planned with vinyl and one artist, finished where LOFI_ says tape and another: vinyl, and the first artist."""
    project = planned(VINYL)
    sound = clicks(80, 12)
    with session(tmp_path, project, TAPE) as held:
        folder, picture = held.folder, cover(held.folder)
        choices = [choice(folder, sound, track) for track in project.plan.tracks]
        tracks = [master_track(held, chosen, picture) for chosen in choices]
        mix = mix_album(held, tracks, picture)
        spend = Spend(asked=2, rerolls=0, interrupted=0, seconds=24)
        run = Run(id="run-1", started=NOW, finished=NOW, flow="plain", spend=spend)
        album = release_album(held, choices, tracks, picture, mix, run)
    assert album.production.effects == "vinyl"
    assert Effects.model_validate(album.production.chain) == PRESETS["vinyl"]
    text = folder.path(tracks[0].files[0].path).read_bytes()
    assert b"artist=attic choir" in text.lower()
    assert b"date=2031" in text.lower()
    assert 2.9 <= mix.joints[0].frames / mix.rate <= 4  # a third of a short track, as near to 3 s as beats allow
    assert "Attic Choir" in folder.path("mix.cue").read_text()


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
