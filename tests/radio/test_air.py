"""The endless mix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from radio_pieces import CAFE, RATE, piece

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.loudness import loudness, true_peak
from pipeline.radio.air import Air
from pipeline.radio.piece import Piece
from pipeline.radio.running_order import RunningOrder


class Listening:
    """Hears an air, and writes down what it is told."""

    def __init__(self, running_order: RunningOrder) -> None:
        self.begun: list[tuple[str, float]] = []
        self.lost: list[str] = []
        self.air = Air(
            running_order,
            lambda piece, start: self.begun.append((piece.key, start)),
            self.nothing,
            lambda piece, _: self.lost.append(piece.key),
            crossfade=6.0,
        )
        self.sound = self.air.sound()

    def nothing(self) -> None:
        raise AssertionError("there was nothing to play")

    def hear(self, seconds: float) -> Samples:
        blocks, frames = [], 0
        while frames < seconds * RATE:
            blocks.append(next(self.sound))
            frames += len(blocks[-1])
        return np.concatenate(blocks)


def running_order_of(pieces: Iterator[Piece] | list[Piece]) -> RunningOrder:
    running_order = RunningOrder(CAFE)
    for each in pieces:
        assert running_order.add(each)
    return running_order


def quietest(sound: Samples, seconds: float = 0.2) -> float:
    """The lowest RMS of any stretch of so many seconds."""
    size = round(seconds * RATE)
    whole = sound[: len(sound) // size * size].reshape(-1, size * 2)
    return float(np.sqrt((whole.astype(np.float64) ** 2).mean(axis=1)).min())


def test_tracks_cross_over_without_a_gap_or_a_jump(tmp_path: Path) -> None:
    """Every 0.2 s of two minutes is full of music, as loud as the tracks, and never over the ceiling."""
    listening = Listening(running_order_of([piece(tmp_path, seed) for seed in range(1, 7)]))
    sound = listening.hear(120)
    assert quietest(sound) > 0.02
    assert loudness(Clip(sound, RATE)) == pytest.approx(-14.0, abs=0.7)
    assert true_peak(Clip(sound, RATE)) < -1.0
    assert len({key for key, _ in listening.begun}) == len(listening.begun) >= 4


def test_titles_come_where_their_tracks_begin(tmp_path: Path) -> None:
    """A track of 30 s is on for what is left of it between two joints."""
    listening = Listening(running_order_of([piece(tmp_path, seed) for seed in range(1, 6)]))
    listening.hear(80)
    starts = [start for _, start in listening.begun]
    assert starts[0] == 0
    assert all(19 < later - earlier < 28 for earlier, later in pairwise(starts))


def test_a_skip_leaves_within_ten_seconds_and_as_smoothly(tmp_path: Path) -> None:
    """The next one fades in soon, without a gap, and the one after that comes in its own time."""
    pieces = {each.key: each for each in (piece(tmp_path, seed, seconds=60.0) for seed in range(1, 4))}
    listening = Listening(running_order_of([*pieces.values()]))
    before = listening.hear(5)
    listening.air.skip(pieces[listening.begun[0][0]])
    after = listening.hear(25)
    assert quietest(np.concatenate([before, after])) > 0.02
    assert 5 <= listening.begun[1][1] <= 15
    assert len(listening.begun) == 2


def test_a_skip_that_comes_when_its_track_is_over_leaves_no_other(tmp_path: Path) -> None:
    """What it was not asked for is heard to its end."""
    pieces = {each.key: each for each in (piece(tmp_path, seed, seconds=60.0) for seed in range(1, 4))}
    listening = Listening(running_order_of([*pieces.values()]))
    listening.hear(65)
    assert len(listening.begun) == 2
    listening.air.skip(pieces[listening.begun[0][0]])
    listening.hear(20)
    assert len(listening.begun) == 2


def test_a_file_that_vanishes_is_passed_over(tmp_path: Path) -> None:
    """It is noticed before the way over to it begins."""
    pieces = [piece(tmp_path, seed) for seed in range(1, 5)]
    listening = Listening(running_order_of(pieces))
    listening.hear(5)
    waiting = [each for each in pieces if each.key != listening.begun[0][0]]
    waiting[0].path.unlink()
    waiting[1].path.write_bytes(b"not music any more")
    sound = listening.hear(60)
    assert sorted(listening.lost) == sorted(each.key for each in waiting[:2])
    assert quietest(sound) > 0.02
    assert listening.begun[1][0] == waiting[2].key


def test_a_file_that_breaks_off_while_it_plays_is_left_at_once(tmp_path: Path) -> None:
    """The next track begins where the broken one cannot be read on."""
    pieces = [piece(tmp_path, seed, seconds=60.0) for seed in range(1, 4)]
    whole = pieces[0].path.read_bytes()
    pieces[0].path.write_bytes(whole[: len(whole) // 2])
    listening = Listening(running_order_of(pieces))
    sound = listening.hear(100)
    assert quietest(sound, 0.5) > 0.02
    assert listening.lost == ["tune-1"]
