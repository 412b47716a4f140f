"""An album listened to by ears the product does not have: librosa for tempo and key, pyloudnorm for loudness."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pyloudnorm
import pytest
import soundfile
from door import Door

from pipeline.domain import Album, Key

# Krumhansl and Kessler, 1982: how well each pitch class fits a key. The product uses other profiles.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[Path, Album]:
    """Three minute-long tracks with drums."""
    door = Door(tmp_path_factory.mktemp("listening"), home)
    words = ("--tracks", "3", "--seconds", "60", "--takes", "1", "--style", "boom bap", "--seed", "11", "--plain")
    folder = door.album(door.make(*words)["slug"])
    return folder, Album.model_validate_json((folder / "album.json").read_bytes())


def heard_key(samples: np.ndarray, rate: int) -> Key:
    """Return the key whose profile the chroma fits best."""
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(samples), sr=rate).mean(axis=1)
    fits = {
        Key(tonic, mode): np.corrcoef(np.roll(profile, tonic), chroma)[0, 1]
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def test_the_tempo_is_the_planned_one(album: tuple[Path, Album]) -> None:
    """librosa hears every track within 3 % of its plan, and the manifest says the same."""
    folder, made = album
    for track in made.tracks:
        planned = made.plan.tracks[track.number - 1].tempo
        samples, rate = librosa.load(folder / track.files[0].path, sr=22050)
        heard = float(librosa.beat.beat_track(y=samples, sr=rate, start_bpm=planned)[0].item())
        folded = min((heard * factor for factor in (0.5, 1, 2)), key=lambda bpm: abs(bpm - planned))
        assert folded == pytest.approx(planned, rel=0.03)
        assert track.tempo == pytest.approx(planned, rel=0.03)


def test_the_key_is_the_planned_one_or_its_kin(album: tuple[Path, Album]) -> None:
    """Another key finder hears the planned key in most tracks, and never worse than a close relative of it."""
    folder, made = album
    exact = 0
    for track in made.tracks:
        planned = made.plan.tracks[track.number - 1].key
        samples, rate = librosa.load(folder / track.files[0].path, sr=22050)
        heard = heard_key(samples, rate)
        kin = {planned, planned.relative, Key((planned.tonic + 7) % 12, planned.mode), Key(planned.tonic, "major")}
        assert heard in kin | {Key((planned.tonic + 5) % 12, planned.mode), Key(planned.tonic, "minor")}
        exact += heard == planned
    assert exact >= 2


def test_the_mix_is_as_loud_as_its_tracks_and_never_dips(album: tuple[Path, Album]) -> None:
    """-14 LUFS within half a unit, and no crossfade falls more than 3 dB under both of its sides."""
    folder, made = album
    samples, rate = soundfile.read(folder / "mix.flac")
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(-14, abs=0.5)
    for joint in made.mix.joints:
        assert joint.during > min(joint.before, joint.after) - 3
