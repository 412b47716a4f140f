"""The beginning and the end of a file, without holding the rest."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from pipeline.audio.decode import decode, head, tail
from pipeline.errors import Damaged


@pytest.fixture
def file(tmp_path):
    """Ten seconds of stereo noise, far more than one block."""
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (441_000, 2)), 44_100, subtype="PCM_16")
    return path


@pytest.mark.parametrize("seconds", [0.01, 1.0, 4.0, 9.999, 10.0, 60.0])
def test_head_and_tail_are_the_ends_of_the_whole(file, seconds):
    """As many frames as asked for, or all there are, and the very same samples."""
    whole, frames = decode(file).samples, round(seconds * 44_100)
    np.testing.assert_array_equal(head(file, seconds).samples, whole[:frames])
    np.testing.assert_array_equal(tail(file, seconds).samples, whole[-frames:])
    assert head(file, seconds).rate == tail(file, seconds).rate == 44_100


def test_a_file_without_sound_is_damaged(tmp_path):
    """No frames, or no sound file at all."""
    empty, words = tmp_path / "empty.wav", tmp_path / "words.wav"
    soundfile.write(empty, np.zeros((0, 1)), 8000)
    words.write_text("words")
    for path in (empty, words):
        for read in (head, tail):
            with pytest.raises(Damaged):
                read(path, 1.0)
