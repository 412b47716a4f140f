"""No track leaves the master that is not as loud as promised, and each knows where its beats are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import papers
import pytest
from rooms import choice, clicks, cover

from pipeline.audio.clip import Clip
from pipeline.audio.effects.chain import PRESETS
from pipeline.audio.mix import stream_mix
from pipeline.audio.mixplan import MixItem, plan_mix
from pipeline.audio.tags import Tags
from pipeline.audio.tempo import tempo
from pipeline.domain import Track
from pipeline.errors import NeedsAttention
from pipeline.shelf import AlbumFolder, Shelf
from pipeline.steps.master import finish, insist

TAGS = Tags(title="t", artist="a", album="b")
RATE = 44_100


def finished(folder: AlbumFolder, clip: Clip, number: int = 1, bpm: float = 78) -> Track:
    """Master a clip without effects."""
    plan = papers.track(number, f"Track {number}").but(tempo=bpm)
    chosen = choice(folder, clip, plan)
    path = folder.track_path(number, plan.title, "flac")
    cover(folder)
    return finish(folder, chosen, PRESETS["none"], 1, {"flac": path}, TAGS)


@pytest.fixture
def folder(tmp_path: Path) -> AlbumFolder:
    """An album's folder."""
    return Shelf.open(tmp_path).begin("Rain On Tin", papers.project)


def test_a_master_that_cannot_be_as_loud_as_promised_is_refused(folder: AlbumFolder) -> None:
    """A few clicks in silence would have to be cut flat to reach -14 LUFS: said with its figures, and no file left."""
    sound = np.zeros((8 * RATE, 2), np.float32)
    sound[::RATE] = 0.9
    with pytest.raises(NeedsAttention, match=r"“Track 1”.*LUFS and .* dBTP") as refused:
        finished(folder, Clip(sound, RATE))
    assert "--seed" in refused.value.remedy
    left = {path.name for path in folder.folder.rglob("*") if path.is_file()}
    assert not [name for name in left if name.endswith(".part") or "Track 1" in name]


@pytest.mark.parametrize(("lufs", "peak", "good"), [(-14.3, -1.0, True), (-14.4, -2, False), (-13.6, -2, False)])
def test_three_tenths_off_is_the_most(lufs: float, peak: float, good: bool) -> None:
    """-14 LUFS within 0.3 passes, anything further off does not."""
    if good:
        insist(papers.track(), lufs, peak)
    else:
        with pytest.raises(NeedsAttention):
            insist(papers.track(), lufs, peak)


def test_a_file_over_the_ceiling_is_refused() -> None:
    """-0.9 dBTP after decoding is too high, however right the loudness; a meter's hair over -1 is not."""
    insist(papers.track(), -14, -0.96)
    with pytest.raises(NeedsAttention, match=r"-0\.9 dBTP"):
        insist(papers.track(), -14, -0.9)


def test_the_beats_of_two_tracks_fall_together_in_the_joint(folder: AlbumFolder) -> None:
    """Two drum tracks that start anywhere in the beat are mixed kick upon kick, within 20 ms."""
    tracks = [
        finished(folder, clicks(80, 31.4, first=0.31, bed=0.05), 1),
        finished(folder, clicks(80, 30.2, first=0.12, bed=0.05), 2),
    ]
    items = [
        MixItem(
            path=folder.path(track.files[0].path),
            frames=track.frames,
            rate=track.rate,
            title=track.title,
            tempo=track.tempo,
            first_beat=track.first_beat,
        )
        for track in tracks
    ]
    plan = plan_mix(items)
    mix = Clip(np.concatenate(list(stream_mix(plan))), RATE)
    start, end = plan.starts[1], plan.starts[1] + plan.overlaps[0]
    before, after = (tempo(Clip(mix.samples[a:b], RATE), 80) for a, b in ((0, start), (end, mix.frames)))
    assert before.first_beat is not None and after.first_beat is not None
    apart = (end / RATE + after.first_beat - before.first_beat + 0.375) % 0.75 - 0.375
    assert abs(apart) < 0.02


def test_music_without_a_beat_has_no_first_beat(folder: AlbumFolder) -> None:
    """A drone is mixed by the plan's tempo, aligned with nothing."""
    time = np.arange(20 * RATE) / RATE
    drone = sum(np.sin(2 * np.pi * f * time) * 0.1 for f in (110, 164.8, 220.5))
    track = finished(folder, Clip(np.stack([drone, drone], 1).astype(np.float32), RATE))
    assert (track.tempo, track.first_beat) == (78, None)
