"""What a checkpoint in audiocraft's layout makes of one batch of orders: random weights, the real library."""

from __future__ import annotations

import numpy as np
import pytest
from audiocraft_orders import window
from musicians.windows.instruments import played
from where import DEVICE

from pipeline.audio.clip import Clip

pytestmark = pytest.mark.neural

LONG = "dusty vinyl drums, jazzy chords, rainy night, mellow guitar, warm rhodes piano, " * 4


def tone(rate, seconds, pitch, channels=1):
    time = np.arange(round(rate * seconds)) / rate
    return np.repeat(0.3 * np.sin(2 * np.pi * pitch * time)[:, None], channels, axis=1).astype(np.float32)


def same(first, second):
    return first.samples.tobytes() == second.samples.tobytes() and np.array_equal(first.codes, second.codes)


def test_a_prompt_becomes_sound(model, play):
    """The sound asked for, to the frame, with the tokens it was decoded from."""
    (made,) = play(model(), window(1, seconds=1.01))
    assert made.samples.shape == (32320, 1) and made.samples.dtype == np.float32
    assert made.codes.shape == (4, 51) and made.codes.dtype == np.int16
    assert np.isfinite(made.samples).all() and np.std(made.samples) > 1e-4


def test_a_take_is_its_own_whoever_is_beside_it(model, play):
    """Longer prompts, no prompts, openings and other controls in the batch change nothing, to the byte."""
    player = model()
    (alone,) = play(player, window(5))
    crowd = play(
        player,
        window(6, LONG, seconds=2.0),
        window(7, None),
        window(5),
        window(8, opening=tone(32000, 1, 220)),
        window(9, temperature=0.5),
        window(10, seconds=1.7),
    )
    assert same(crowd[2], alone)
    assert [len(made.samples) for made in crowd] == [64000, 32000, 32000, 32000, 32000, 54400]


def test_the_beginning_does_not_depend_on_the_length(model, play):
    """A longer take of a seed begins as the shorter one does."""
    player = model()
    (short,), (long,) = play(player, window(3)), play(player, window(3, seconds=2.5))
    assert np.array_equal(long.codes[:, :50], short.codes)


def test_every_seed_is_another_take(model, play):
    """Takes of one prompt are worth choosing between."""
    first, second = play(model(), window(1), window(2))
    assert (first.codes != second.codes).mean() > 0.5


def test_without_a_prompt_it_plays_whatever_it_likes(model, play):
    """Unconditional takes come too, and are not what an empty prompt guides to."""
    free, guided = play(model(), window(1, None, use_sampling=False), window(1, "rain", use_sampling=False))
    assert free.samples.shape == guided.samples.shape
    assert not np.array_equal(free.codes, guided.codes)


def test_it_goes_on_from_openings_of_unequal_length(model, play):
    """Each goes on from its own; only new sound comes back, as it does when each is alone."""
    player = model()
    openings = [tone(32000, seconds, 220) for seconds in (0.5, 1.0, 1.013)]
    orders = [window(seed, opening=opening) for seed, opening in enumerate(openings)]
    together = play(player, *orders)
    for order, made in zip(orders, together, strict=True):
        assert made.samples.shape == (32000, 1) and made.codes.shape == (4, 50)
        assert same(play(player, order)[0], made)


def test_what_it_goes_on_from_matters(model, play):
    """Another opening, another continuation, with the same seed."""
    first, second = play(model(), *(window(1, opening=tone(32000, 1, pitch)) for pitch in (110, 1760)))
    assert not np.array_equal(first.codes, second.codes)


def test_an_opening_is_heard_to_its_very_end(model, play):
    """Whole steps count from the end: a few frames more at the front are not heard, and nothing is padded."""
    player = model()
    opening = tone(32000, 1, 220)
    longer = np.concatenate((tone(32000, 0.019, 3000), opening))
    first, second = (play(player, window(1, opening=sound))[0] for sound in (opening, longer))
    assert same(first, second)


def test_an_opening_longer_than_a_window_is_cut_at_the_front(model, play):
    """Twenty seconds fit: of a long opening the end is heard, and there is room for the new sound."""
    (made,) = play(model(), window(1, seconds=2.0, opening=tone(32000, 40, 220)))
    assert made.samples.shape == (64000, 1)


def test_a_window_cannot_be_longer_than_the_model(model, play):
    """A mistake of the machinery is an error, not a short take."""
    with pytest.raises(ValueError, match="20"):
        play(model(), window(1, seconds=21.0))


def test_without_sampling_there_is_one_take(model, play):
    """The likeliest tokens are the same for every seed, and so they are when one token may be drawn from."""
    first, second, third = play(
        model(), window(1, use_sampling=False), window(2, use_sampling=False), window(3, top_k=1)
    )
    assert np.array_equal(first.codes, second.codes) and np.array_equal(first.codes, third.codes)


@pytest.mark.parametrize(
    "controls",
    [{"cfg_coef": 9.0}, {"top_k": 3}, {"top_p": 0.2}, {"temperature": 0.2}],
    ids=["guidance", "top k", "top p", "temperature"],
)
def test_every_control_is_heard(model, play, controls):
    """A control changes what is drawn."""
    plain, changed = play(model(), window(1), window(1, **controls))
    assert not np.array_equal(plain.codes, changed.codes)


def test_guidance_in_two_steps_is_the_same_guidance(model, play):
    """Two passes instead of one change nothing but the time, whatever the strength."""
    once, twice = play(
        model(), *(window(1, use_sampling=False, cfg_coef=5.0, two_step_cfg=two) for two in (False, True))
    )
    assert np.array_equal(once.codes, twice.codes)


def test_progress_goes_from_nothing_to_all(model):
    """It rises with every half second of music, for each window by itself."""
    told = {}
    orders = [window(1), window(2, LONG), window(3, None)]
    played(model(), orders, lambda order, share: told.setdefault(order, []).append(share))
    assert set(told) == set(orders)
    for shares in told.values():
        assert shares == sorted(shares) and len(shares) >= 2 and 0 < shares[0] < 0.6 and shares[-1] <= 1.0


def test_a_stereo_checkpoint_plays_stereo(model, play):
    """Two channels with tokens of their own, going on from a stereo opening."""
    player = model("audiocraft-stereo")
    (made,) = play(player, window(1, opening=tone(32000, 1, 220, channels=2)))
    assert made.samples.shape == (32000, 2) and made.codes.shape == (8, 50)
    assert not np.array_equal(made.samples[:, 0], made.samples[:, 1])


def test_a_checkpoint_may_use_the_codec_of_the_hub(musician, tiny_model, no_hub, play):
    """The codec a checkpoint only names is taken from the hub's cache, and credited."""
    cache = no_hub / "models--facebook--encodec_32khz"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("abc")
    (cache / "snapshots").mkdir()
    (cache / "snapshots" / "abc").symlink_to(tiny_model("encodec"))
    player = musician("audiocraft-hub-codec")
    assert [weights.name for weights in player.backend.weights][-1] == "facebook/encodec_32khz"
    (made,) = play(player._model(), window(1, opening=tone(32000, 1, 220)))
    assert made.samples.shape == (32000, 1) and np.std(made.samples) > 1e-5


@pytest.fixture
def with_demucs(tiny_model, no_hub, tmp_path):
    """A melody checkpoint with its Demucs beside the weights."""
    folder = tmp_path / "melody"
    folder.mkdir()
    for part in (tiny_model("audiocraft-melody"), tiny_model("htdemucs")):
        for file in part.iterdir():
            (folder / file.name).symlink_to(file)
    from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

    return AudiocraftMusicGen(str(folder), no_hub, device=DEVICE, text_model=str(tiny_model("t5-small")))


def test_it_follows_a_melody(with_demucs, play):
    """Another tune, another take; mono at 8 kHz or stereo at 44.1 kHz, and whoever is beside it."""
    player = with_demucs._model()
    tunes = [Clip(tone(8000, 3, 220), 8000), Clip(tone(44100, 2, 1661, channels=2), 44100), None]
    orders = [window(1, melody=tune, use_sampling=False, cfg_coef=9.0) for tune in tunes]
    first, second, without = play(player, *orders)
    assert not np.array_equal(first.codes, second.codes)
    assert not np.array_equal(first.codes, without.codes)
    assert same(play(player, orders[0])[0], first)


def test_a_melody_checkpoint_plays_from_words_without_demucs(model, play):
    """Demucs is needed for a tune alone."""
    (made,) = play(model("audiocraft-melody"), window(1))
    assert made.samples.shape == (32000, 1)


def test_numbers_that_break_in_half_precision_are_done_again_exactly(model, play):
    """Heads that overflow give no sound, and say so; in float32 the same window is sound."""
    import torch

    player = model(precision="bfloat16")
    heads = player._decoder._heads
    player._decoder._heads = lambda states: heads(states) * torch.inf
    (broken,) = play(player, window(1))
    player._decoder._heads = heads  # the model is there for other tests too
    assert broken.samples.shape == (32000, 1) and np.isnan(broken.samples).all()
    exact = player.generate_exactly(window(1), lambda _, __: None)
    assert np.isfinite(exact.samples).all()


def test_it_plays_in_bfloat16(model, play):
    """Half precision is another number format, not another length or no sound."""
    (made,) = play(model(precision="bfloat16"), window(1))
    assert made.samples.shape == (32000, 1) and np.isfinite(made.samples).all() and np.std(made.samples) > 1e-4
