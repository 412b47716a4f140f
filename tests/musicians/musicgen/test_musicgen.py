"""MusicGen through transformers, on tiny checkpoints: every control works, and nothing depends on a neighbour."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from musicians.windows.instruments import order
from where import DEVICE

from pipeline.domain import Controls, Heard
from pipeline.errors import BackendUnavailable
from pipeline.licences import may_be_sold
from pipeline.musicians.musicgen.musician import MusicGen
from pipeline.roles import Rendering

pytestmark = pytest.mark.neural

KINDS = ("musicgen", "musicgen-stereo", "musicgen-melody")


@pytest.fixture
def musician(tiny_model, tmp_path):
    return lambda name="musicgen": MusicGen(str(tiny_model(name)), tmp_path, DEVICE, "float32")


def take(musician, **changes):
    (outcome,) = musician.render([order(**{"prompt": "mellow guitar", "seconds": 10.0, **changes})])
    assert isinstance(outcome, Rendering), outcome
    return outcome


def wave(path, seconds=2.0, hz=220.0, rate=32_000):
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate), rate)
    return Heard(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("name", KINDS)
def test_a_take_has_the_planned_length_and_codes_that_sound_the_same(musician, name):
    """Mono, stereo or melody: 32 kHz, and the codes decode to the same sound, but for the centring and the fade."""
    player = musician(name)
    made = take(player)
    assert made.clip.rate == 32_000 and made.clip.channels == (2 if name == "musicgen-stereo" else 1)
    assert made.clip.seconds == pytest.approx(10.0, abs=1.0)
    assert made.codes.dtype == np.int16 and made.codes.shape[0] == 4 * made.clip.channels
    again = player.decode_codes(made.codes)
    middle = slice(6400, made.clip.frames // 2)
    ours, theirs = made.clip.samples[middle], again.samples[middle]
    assert again.frames == made.codes.shape[1] * 640 and abs(again.frames - made.clip.frames) < 640
    np.testing.assert_allclose(ours - ours.mean(axis=0), theirs - theirs.mean(axis=0), atol=2e-3)


@pytest.mark.parametrize("name", KINDS)
def test_a_take_longer_than_a_window_goes_on(musician, name, monkeypatch):
    """Windows of six seconds, eleven seconds of music: finite, as long as planned, whole codes."""
    player = musician(name)
    monkeypatch.setattr(player._runtime(), "longest", 6.0)
    made = take(player, controls=Controls(stride=3))
    assert made.clip.seconds == pytest.approx(10.0, abs=1.0) and np.isfinite(made.clip.samples).all()
    assert made.codes.shape[1] == -(-made.clip.frames // 640)


def test_alone_or_in_a_batch_the_codes_and_samples_are_the_same(musician, tmp_path):
    """Other prompts, lengths, openings of other lengths, controls and seeds beside it change nothing in float32."""
    player = musician()
    orders = [
        order(5, prompt="mellow guitar", seconds=10.0, opening=wave(tmp_path / "a.wav", 1.3)),
        order(6, prompt="dusty vinyl drums, jazzy chords, rainy night", seconds=12.0, controls=Controls(top_p=0.9)),
        order(7, prompt="rain", seconds=10.0, opening=wave(tmp_path / "b.wav", 3.7), controls=Controls(cfg_coef=1.0)),
        order(8, prompt="rain", seconds=10.0, controls=Controls(unconditional=True, temperature=0.7)),
    ]
    for wanted, beside in zip(orders, player.render(orders), strict=True):
        (alone,) = player.render([wanted])
        assert alone.codes.tobytes() == beside.codes.tobytes()
        assert alone.clip.samples.tobytes() == beside.clip.samples.tobytes()


def test_a_melody_take_does_not_depend_on_prompts_of_other_lengths(musician, tmp_path):
    """The melody model has its words before the sound: another length beside them must not shift them."""
    player = musician("musicgen-melody")
    tune = wave(tmp_path / "tune.wav", 4.0, 330.0)
    orders = [order(5, prompt="rain", melody=tune), order(6, prompt="dusty vinyl drums, jazzy chords")]
    for wanted, beside in zip(orders, player.render(orders), strict=True):
        (alone,) = player.render([wanted])
        assert alone.codes.tobytes() == beside.codes.tobytes()


def test_the_seed_the_prompt_and_every_control_matter(musician, tmp_path):
    """Each of them changes the codes; the same order gives the same ones."""
    player = musician()
    changes = [
        {},
        {"seed": 2},
        {"prompt": "dusty vinyl drums"},
        {"opening": wave(tmp_path / "a.wav")},
        {"rhythm": True},
        *({"controls": Controls(**each)} for each in (
            {"use_sampling": False}, {"top_k": 3}, {"top_p": 0.5}, {"temperature": 0.5}, {"cfg_coef": 8.0},
            {"unconditional": True},
        )),
    ]  # fmt: skip
    asked = [order(**{"seed": 1, "prompt": "mellow guitar", "seconds": 10.0, **change}) for change in changes]
    made = [outcome.codes[:, :450].tobytes() for outcome in player.render(asked)]
    assert len(set(made)) == len(changes)
    assert take(player, seed=1).codes[:, :450].tobytes() == made[0]


def test_guidance_in_two_steps_gives_the_same_take(musician):
    """It saves memory and changes nothing."""
    player = musician()
    assert (
        take(player, controls=Controls(two_step_cfg=True)).codes.tobytes()
        == take(player, controls=Controls(two_step_cfg=False)).codes.tobytes()
    )


def test_top_k_of_one_is_the_most_likely_token(musician):
    """Sampling among one candidate is not sampling."""
    player = musician()
    greedy = take(player, controls=Controls(use_sampling=False)).codes
    assert take(player, seed=9, controls=Controls(top_k=1)).codes.tobytes() == greedy.tobytes()


def test_a_melody_changes_the_take(musician, tmp_path):
    """A tune is heard by the melody model."""
    player = musician("musicgen-melody")
    # Not C: the lowest chroma also stands for no tune at all. Strongly guided, for tiny weights follow nothing much.
    controls = Controls(cfg_coef=20.0)
    tunes = [None, wave(tmp_path / "e.wav", 3.0, 329.6), wave(tmp_path / "g.wav", 3.0, 392.0)]
    orders = [order(prompt="rain", seconds=10.0, melody=tune, controls=controls) for tune in tunes]
    assert len({outcome.codes.tobytes() for outcome in player.render(orders)}) == 3


def test_what_the_model_cannot_do_is_said_before_anything_is_generated(musician, tmp_path):
    """A melody on a plain model, MultiBand Diffusion: one line; beside a good order only that take fails."""
    player, tune = musician(), wave(tmp_path / "tune.wav")
    with pytest.raises(BackendUnavailable, match="MultiBand"):
        list(player.render([order(controls=Controls(multiband=True))]))
    with pytest.raises(BackendUnavailable, match="melody"):
        list(player.render([order(melody=tune)]))
    bad, good = player.render([order(melody=tune), order(2, prompt="rain", seconds=10.0)])
    assert isinstance(bad, BackendUnavailable) and isinstance(good, Rendering)


def test_making_a_musician_loads_no_model_library(tiny_model):
    """Doors and parents of workers stay light: PyTorch comes with the first render."""
    code = (
        "import sys; from pathlib import Path; from pipeline.musicians.musicgen.musician import MusicGen;"
        f"made = MusicGen({str(tiny_model('musicgen'))!r}, Path('.')); made.batch, made.backend;"
        "print(*(name for name in ('torch', 'transformers') if name in sys.modules))"
    )
    root = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_a_worker_receives_it_whole_and_without_the_model(musician):
    """It can be pickled after a render as well, and is small."""
    player = musician()
    made = take(player)
    sent = pickle.dumps(player)
    assert len(sent) < 10_000
    assert take(pickle.loads(sent)).codes.tobytes() == made.codes.tobytes()


def test_the_credit_names_the_weights_and_their_licence(musician):
    """MusicGen's weights are not for commerce, and whoever reads the ledger can see that."""
    credit = musician().backend
    assert credit.name == "musicgen" and "CC-BY-NC-4.0" in credit.licence and not may_be_sold(credit.licence)
    assert [len(weights.sha256) for weights in credit.weights] == [64]
    assert credit.weights[0].licence == credit.licence
