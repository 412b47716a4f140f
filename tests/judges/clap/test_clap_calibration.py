"""A checkpoint is measured before it may judge."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import BackendUnavailable
from pipeline.judges.clap.calibration import calibrate, refuse_collapsed
from pipeline.judges.clap.sounds import named_sounds

RNG = np.random.default_rng(5)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def alike(cosine: float, count: int = 8) -> np.ndarray:
    """Vectors that are `cosine` alike, each with each."""
    own = np.eye(count + 1)[:count] * np.sqrt(1 - cosine)
    own[:, -1] = np.sqrt(cosine)
    return unit(own)


@pytest.mark.parametrize("cosine", [0.18, 0.29, 0.9])
def test_a_text_tower_as_published_and_sound_is_taken(cosine: float) -> None:
    """clap-htsat-unfused has 0.18, larger_clap_general 0.29."""
    refuse_collapsed("laion/clap-htsat-unfused", alike(cosine))


@pytest.mark.parametrize("sentences", [alike(0.9993), alike(0.995), np.full((8, 9), np.nan, np.float32)])
def test_a_collapsed_text_tower_is_refused_by_name(sentences: np.ndarray) -> None:
    """laion/larger_clap_music has 0.9993."""
    with pytest.raises(BackendUnavailable, match=r"larger_clap_music is collapsed: .* (0\.99|nan)") as refused:
        refuse_collapsed("laion/larger_clap_music", sentences)
    assert "clap-htsat-unfused" in refused.value.remedy


def test_a_model_that_knows_the_sounds_by_name_may_turn_takes_down() -> None:
    """Six of six, also where all sounds and all names lean the same way; names in another order are not known."""
    lean = RNG.standard_normal(64) * 3
    sounds = unit(RNG.standard_normal((6, 64)) + lean)
    names = unit(sounds + 0.1 * RNG.standard_normal((6, 64)) - 0.2 * lean)
    knowing, guessing = calibrate(sounds, names), calibrate(sounds, np.roll(names, 1, axis=0))
    assert (knowing.named, knowing.hears) == (6, True)
    assert (guessing.named, guessing.hears) == (0, False)


def test_a_score_rises_with_the_similarity_and_with_nothing_else() -> None:
    """Two takes of one track compare by their similarity, and a take at the floor has little."""
    found = calibrate(unit(RNG.standard_normal((6, 64))), unit(RNG.standard_normal((6, 64))))
    floor = found.floor(unit(RNG.standard_normal((1, 64)))[0])
    values = [found.score(similar, floor) for similar in np.linspace(-1, 1, 41)]
    assert values == sorted(values) and values[0] >= 0 and values[-1] <= 1
    assert found.score(floor, floor) == pytest.approx(0.119, abs=1e-3)
    assert found.score(floor + 2 * found.spread, floor) == pytest.approx(0.5)


def test_the_sounds_are_the_same_everywhere_and_none_is_clipped() -> None:
    """They are made from numbers, at a level that every checkpoint knows from its training."""
    (names, sounds), (again, same) = named_sounds(), named_sounds()
    assert names == again and np.array_equal(sounds, same)
    assert len(set(names)) == len(sounds) == 6
    assert np.abs(sounds).max() < 1 and (np.sqrt((sounds**2).mean(1)) > 0.005).all()
