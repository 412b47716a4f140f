"""The step-by-step run is the one transformers would do, and half precision is watched."""

from __future__ import annotations

import numpy as np
import pytest
from musicians.windows.instruments import played
from where import DEVICE

from pipeline.audio.clip import Clip
from pipeline.domain import Controls
from pipeline.musicians.musicgen.checkpoint import find_checkpoint
from pipeline.musicians.windows.model import HalfPrecise, WindowModel, WindowOrder

pytestmark = pytest.mark.neural

GREEDY = Controls(use_sampling=False, cfg_coef=3.0)


@pytest.fixture
def runtime(tiny_model, tmp_path):
    def load(name, precision="float32"):
        import torch

        from pipeline.musicians.musicgen.runtime import Runtime

        return Runtime(find_checkpoint(str(tiny_model(name)), tmp_path), torch.device(DEVICE), precision)

    return load


@pytest.fixture
def library(tiny_model):
    """The same checkpoint as transformers itself loads and runs it."""

    def load(name):
        import transformers

        melody = name == "musicgen-melody"
        kind = "MusicgenMelodyForConditionalGeneration" if melody else "MusicgenForConditionalGeneration"
        return getattr(transformers, kind).from_pretrained(tiny_model(name)).eval()

    return load


def ask(prompt, seconds=1.0, opening=None, controls=GREEDY, seed=1):
    return WindowOrder(prompt, seconds, seed, controls, opening=opening)


def sound(seconds, channels, seed=0):
    rng = np.random.default_rng(seed)
    return (0.2 * rng.standard_normal((round(seconds * 32_000), channels))).astype(np.float32)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("name", ["musicgen", "musicgen-stereo", "musicgen-melody"])
def test_greedy_windows_are_those_of_the_librarys_own_generate(runtime, library, tiny_model, name, opened):
    """The same samples as transformers' generate() without sampling, with guidance, with and without an opening."""
    import torch
    from transformers import AutoTokenizer

    made = runtime(name)
    prompt, opening = "dusty vinyl drums", sound(0.4, made.channels) if opened else None
    (window,) = played(made, [ask(prompt, opening=opening)])
    words = AutoTokenizer.from_pretrained(tiny_model(name))(prompt, return_tensors="pt")
    known = made._codes(opening)
    begun = {"decoder_input_ids": known} if opened else {}
    # One start token, and as many positions as the last codebook is late.
    length = 1 + known.shape[1] + 50 + made._delays[-1]
    with torch.inference_mode():
        theirs = library(name).generate(**words, **begun, do_sample=False, guidance_scale=3.0, max_length=length)
    theirs = theirs[0].T.numpy()[-len(window.samples) :]
    np.testing.assert_allclose(window.samples, theirs[: len(window.samples)], atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_followed_tune_is_that_of_the_librarys_own_generate(runtime, library, tiny_model):
    """Prompt and melody together: the same samples as transformers' generate() with the same features."""
    import torch
    from transformers import AutoFeatureExtractor, AutoTokenizer

    made, where = runtime("musicgen-melody"), tiny_model("musicgen-melody")
    time = np.arange(made.longest * 32_000) / 32_000
    tune = Clip((0.3 * np.sin(2 * np.pi * np.where(time < 3, 330, 440) * time))[:, None].astype(np.float32), 32_000)
    (window,) = played(made, [WindowOrder("rain", 1.0, 1, GREEDY, melody=tune)])
    (without,) = played(made, [ask("rain")])
    words = AutoTokenizer.from_pretrained(where)("rain", return_tensors="pt")
    listener = AutoFeatureExtractor.from_pretrained(where)
    chroma = listener(tune.samples[:, 0], sampling_rate=32_000, return_tensors="pt").input_features
    with torch.inference_mode():
        theirs = library("musicgen-melody").generate(
            **words, input_features=chroma, do_sample=False, guidance_scale=3.0, max_length=51 + made._delays[-1]
        )
    np.testing.assert_allclose(window.samples, theirs[0].T.numpy()[: len(window.samples)], atol=1e-4)
    assert (window.codes != without.codes).any()


@pytest.mark.parametrize("name", ["musicgen", "musicgen-stereo"])
def test_openings_of_unequal_length_leave_no_padding(runtime, name):
    """In one batch each window has its own length and holds new sound only."""
    made = runtime(name)
    openings = (None, sound(0.3, made.channels), sound(2.0, made.channels, 1))
    windows = played(made, [ask("rain", 1.0 + i, opening) for i, opening in enumerate(openings)])
    assert [len(window.samples) for window in windows] == [32_000, 64_000, 96_000]
    assert [window.codes.shape for window in windows] == [(4 * made.channels, 50 * n) for n in (1, 2, 3)]
    assert all((window.codes < 64).all() and (window.codes >= 0).all() for window in windows)


def test_an_opening_comes_back_as_it_was_encoded(runtime):
    """Left stays left: the codes of each side are those of that side alone."""
    made = runtime("musicgen-stereo")
    both = sound(0.5, 2)
    codes, left = made._codes(both), made._codes(np.repeat(both[:, :1], 2, axis=1))
    assert (codes[::2] == left[::2]).all() and (left[::2] == left[1::2]).all() and (codes != left).any()


def test_draws_follow_the_probabilities():
    """Ten thousand draws: as often as they should be, top_k and top_p leave the rest out."""
    import torch

    from pipeline.musicians.musicgen.sampling import Sampler

    logits = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()[None, None].repeat(1, 10_000, 1)
    for controls, expected in (
        (Controls(top_k=0), (0.5, 0.25, 0.15, 0.1)),
        (Controls(top_k=2), (2 / 3, 1 / 3, 0, 0)),
        (Controls(top_p=0.7), (2 / 3, 1 / 3, 0, 0)),
        (Controls(top_k=0, temperature=0.5), (0.725, 0.181, 0.065, 0.029)),
        (Controls(use_sampling=False), (1, 0, 0, 0)),
    ):
        sampler = Sampler(1, torch.device(DEVICE))
        sampler.begin(0, controls, 3)
        drawn = sampler.draw(logits, [True])
        assert np.bincount(drawn[0].numpy(), minlength=4) / 10_000 == pytest.approx(expected, abs=0.02)


def test_a_step_that_is_no_number_spoils_its_own_row_and_float32_mends_it(runtime):
    """Heads that overflow in half precision: NaN from end to end there, and sound again in float32."""
    import torch

    made = runtime("musicgen", "bfloat16")
    assert isinstance(made, WindowModel) and isinstance(made, HalfPrecise)
    good = played(made, [ask("rain")])[0]
    heads = made._decoder._heads
    made._decoder._heads = lambda states: heads(states) * torch.inf
    (window,) = played(made, [ask("rain")])
    assert np.isnan(window.samples).all()
    window = made.generate_exactly(ask("rain"), lambda _, __: None)
    assert np.isfinite(window.samples).all() and window.samples.shape == good.samples.shape


def test_bfloat16_and_long_prompts_play(runtime):
    """Half precision gives finite sound; a prompt far beyond what T5 reads is cut, not refused."""
    made = runtime("musicgen", "bfloat16")
    (window,) = played(made, [ask("rain " * 2000, controls=Controls())])
    assert np.isfinite(window.samples).all()


@pytest.mark.parametrize("steps", [1, 40, 100, 104, 108, 333, 1500])
def test_sound_decoded_in_pieces_is_that_of_the_whole(tiny_model, steps):
    """No seam every two seconds, whatever the length, and as many frames."""
    import torch
    from transformers import EncodecModel

    from pipeline.musicians.musicgen.codec import InPieces

    codec = EncodecModel.from_pretrained(tiny_model("encodec")).eval()
    codes = torch.randint(0, 64, (1, 1, codec.config.num_quantizers, steps), generator=torch.manual_seed(steps))
    with torch.inference_mode():
        whole = codec.decode(codes, [None]).audio_values
        codec.decoder = InPieces(codec.decoder.layers)
        torch.testing.assert_close(codec.decode(codes, [None]).audio_values, whole, atol=1e-5, rtol=0)


def test_int8_says_how_far_off_it_is(runtime, caplog):
    """It is chosen by a person, plays, and the log says what it costs; the other formats have nothing to say."""
    made = runtime("musicgen", "int8")
    assert made.form == "int8" and 0 < made._decoder.error < 0.1
    assert "in int8" in caplog.text and f"{100 * made._decoder.error:.1f} % off" in caplog.text
    (window,) = played(made, [ask("rain", controls=Controls())])
    assert np.isfinite(window.samples).all()
    assert runtime("musicgen")._decoder.error is None
