"""Sound given to a musician: any file that is sound is taken, and anything else is refused in one line."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
import pytest
import soundfile
from musicians.windows.instruments import RATE, Organ, order

from pipeline.audio.clip import Clip
from pipeline.audio.tempo import tempo
from pipeline.domain import Heard
from pipeline.errors import BadBrief
from pipeline.musicians.windows.openings import click, open_file
from pipeline.musicians.windows.play import play
from pipeline.roles import Rendering


def heard(path):
    return Heard(path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def tone(path, seconds, rate=RATE, channels=1, hz=440.0, level=0.3):
    time = np.arange(round(seconds * rate)) / rate
    wave = level * np.sin(2 * np.pi * hz * time)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    return heard(path)


def one(wanted, model=None):
    (outcome,) = play([wanted], model or Organ(), 1)
    return outcome


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (48_000, 1), (96_000, 2)])
def test_any_rate_and_number_of_channels_is_taken(tmp_path, rate, channels):
    """The first window goes on from the file's end, at the model's rate, and the pitch is the same."""
    model = Organ()
    outcome = one(order(opening=tone(tmp_path / "a.wav", 1.5, rate, channels)), model)
    given = model.orders[0].opening
    assert isinstance(outcome, Rendering) and given.shape == (round(1.5 * RATE), 1)
    assert np.abs(np.fft.rfft(given[:, 0])).argmax() / 1.5 == pytest.approx(440, abs=1)


def test_the_opening_is_no_part_of_the_take(tmp_path):
    """The take lasts as planned and does not begin with what it goes on from."""
    opened = one(order(opening=tone(tmp_path / "a.wav", 1.9, hz=1234.0)))
    assert opened.clip.seconds == pytest.approx(15.0, abs=0.001)
    power = np.abs(np.fft.rfft(opened.clip.samples[:RATE, 0]))
    assert power[1234] < 0.02 * power.max()


def test_of_a_long_file_the_end_is_heard_and_a_person_is_told(tmp_path, caplog):
    """Eleven minutes: the last seconds count, and the log says so."""
    path = tmp_path / "long.wav"
    quiet_then_tone = np.concatenate([np.zeros(659 * 8000), 0.3 * np.sin(np.arange(8000))])
    soundfile.write(path, quiet_then_tone, 8000)
    with caplog.at_level(logging.WARNING):
        given = open_file(heard(path), RATE, 1, 2.0)
    assert len(given) == 2 * RATE and np.abs(given[-RATE + 100 : -100]).max() > 0.25
    assert "11 min" in caplog.text


def unusable(folder):
    """Return what a person may give by mistake, by what the line about it must say."""
    good = tone(folder / "good.wav", 2)
    changed = Heard(path=good.path, sha256="0" * 64)
    silent = tone(folder / "silent.wav", 2, level=0.0)
    short = tone(folder / "short.wav", 0.1)
    (folder / "words.wav").write_text("this is no sound")
    cut = folder / "cut.flac"
    soundfile.write(cut, np.random.default_rng(0).standard_normal(40_000) * 0.1, 8000)
    cut.write_bytes(cut.read_bytes()[:20_000])
    nan = folder / "nan.wav"
    soundfile.write(nan, np.full(20_000, np.nan, np.float32), 8000, subtype="FLOAT")
    return {
        "cannot be read": Heard(path=str(folder / "missing.wav"), sha256="0" * 64),
        "changed": changed,
        "silent": silent,
        "lasts only": short,
        "does not decode": heard(folder / "words.wav"),
        "no sound": heard(cut),
        "not numbers": heard(nan),
    }


@pytest.mark.parametrize("which", ["opening", "melody"])
def test_what_cannot_be_used_fails_its_own_take_in_one_line(tmp_path, which):
    """A missing, changed, silent, short, broken or nonsensical file: one line, and the take beside it is made."""
    for words, file in unusable(tmp_path).items():
        bad, good = play([order(**{which: file}), order(2)], Organ(), 2)
        assert isinstance(bad, BadBrief) and words in bad.message, (words, bad)
        assert not bad.retryable  # the file is as bad the next time
        assert "\n" not in str(bad) and which in bad.message and bad.remedy
        assert isinstance(good, Rendering)


def test_each_window_gets_its_own_stretch_of_the_melody(tmp_path):
    """The tune goes along with the take, and a short one begins again."""
    path = tmp_path / "tune.wav"
    time = np.arange(4 * RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * (200 + 100 * np.floor(time)) * time), RATE)
    model = Organ()
    one(order(melody=heard(path)), model)
    whole = model.orders[0].melody.samples
    second = model.orders[1]
    start = round((model.longest - 1 - 0.04) * RATE) - len(second.opening)
    np.testing.assert_array_equal(second.melody.samples[:RATE], whole[start % (4 * RATE) :][:RATE])
    np.testing.assert_array_equal(whole[4 * RATE : 5 * RATE], whole[:RATE])
    assert len(whole) == model.longest * RATE


@pytest.mark.parametrize(("bpm", "tonic"), [(72.0, "C minor"), (80.0, "A minor"), (90.0, "F# major")])
def test_the_rhythm_prompt_has_the_planned_tempo_and_tonic(bpm, tonic):
    """An ear that knows nothing of the plan hears both, and it lasts whole bars."""
    track = order(tempo=bpm, key=tonic).track
    sound = click(track, RATE, 1)
    bars = len(sound) / RATE / (240 / bpm)
    assert bars == pytest.approx(round(bars), abs=0.001) and 4 <= len(sound) / RATE <= 8
    longer = np.tile(sound, (4, 1))
    assert tempo(Clip(longer, RATE)).bpm == pytest.approx(bpm, rel=0.01)
    power = np.abs(np.fft.rfft(longer[:, 0], 16 * RATE))
    pitch = 69 + 12 * np.log2(power.argmax() / 16 / 440)
    assert (pitch - track.key.tonic + 0.5) % 12 - 0.5 == pytest.approx(0, abs=0.3)


def test_the_rhythm_prompt_is_removed_from_the_result():
    """The model goes on from the click; the take begins after it."""
    model = Organ()
    take = one(order(rhythm=True, seconds=12.0), model)
    given = model.orders[0].opening
    np.testing.assert_array_equal(given, click(order().track, RATE, 1)[-len(given) :])
    assert take.clip.seconds == pytest.approx(12.0, abs=0.001)
