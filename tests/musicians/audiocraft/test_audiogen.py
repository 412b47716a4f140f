"""Ambience from AudioGen: a loop without a seam."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from where import DEVICE

from pipeline.audio.clip import Clip
from pipeline.errors import BackendUnavailable
from pipeline.licences import may_be_sold

pytestmark = pytest.mark.neural


@pytest.fixture
def audiogen(tiny_model, no_hub):
    from pipeline.musicians.audiocraft.audiogen import AudioGenAmbience

    return AudioGenAmbience(str(tiny_model("audiogen")), no_hub, device=DEVICE)


def noise(rate, seconds, channels=1, level=0.1, seed=0):
    chance = np.random.default_rng(seed)
    return Clip((level * chance.standard_normal((round(rate * seconds), channels))).astype(np.float32), rate)


def test_rain_is_a_loop_of_the_length_asked_for(audiogen):
    """At AudioGen's 16 kHz, audible, and the same for the same seed; another kind or seed is another loop."""
    made = audiogen.loop("rain", 4.0, 1)
    rain = made.clip
    assert (rain.rate, rain.samples.shape) == (16000, (64000, 1))
    assert "rain falling" in made.prompt
    assert np.isfinite(rain.samples).all() and np.std(rain.samples) > 1e-3
    assert pickle.loads(pickle.dumps(audiogen)).loop("rain", 4.0, 1).clip.samples.tobytes() == rain.samples.tobytes()
    for other in (
        audiogen.loop("cafe", 4.0, 1),
        audiogen.loop("rain", 4.0, 2),
        audiogen.loop("a spaceship", 4.0, 1),
    ):
        assert not np.array_equal(other.clip.samples, rain.samples)


def test_a_loop_may_be_longer_than_the_model_holds(audiogen):
    """Ten seconds at a time, each going on from the last."""
    assert audiogen.loop("rain", 17.0, 1).clip.seconds == 17.0


def test_a_loop_has_no_seam():
    """Where the end meets the beginning the sound goes on as it would have, at the same level all the way."""
    from pipeline.musicians.audiocraft.audiogen import _closed

    rate, frames, joint = 16000, 48000, 16000
    sound = noise(rate, 4.0).samples
    loop = _closed(sound, frames)
    assert loop.shape == (frames, 1)
    assert np.allclose(loop[0], sound[frames], atol=1e-6)  # after the last frame comes the one that followed it
    levels = [np.std(part) for part in np.split(loop, 12)]
    assert max(levels) / min(levels) < 1.1
    assert np.array_equal(loop[joint:], sound[joint:frames])


def test_its_weights_are_credited(audiogen):
    """AudioGen's are for non-commercial use, and every track that has them says so."""
    assert audiogen.backend.name == "audiogen"
    model, words = audiogen.backend.weights
    assert "CC-BY-NC-4.0" in model.licence and "Apache-2.0" in words.licence
    assert not may_be_sold(audiogen.backend.licence)


def test_a_missing_audiogen_is_one_line(no_hub, tiny_model):
    """With the line that fetches it; a MusicGen is not one."""
    from pipeline.musicians.audiocraft.audiogen import AudioGenAmbience

    with pytest.raises(BackendUnavailable, match="hf download facebook/audiogen-medium"):
        AudioGenAmbience("facebook/audiogen-medium", no_hub, device=DEVICE)
    with pytest.raises(BackendUnavailable, match="is a MusicGen"):
        AudioGenAmbience(str(tiny_model("audiocraft-melody")), no_hub, device=DEVICE)
