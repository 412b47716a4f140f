"""What ails one musician is told for as long as it does, whatever the others play."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from patience import PATIENCE
from radio_pieces import CAFE
from stubborn_band import StubbornBand

from pipeline.audio.effects.chain import PRESETS
from pipeline.judges.signal import SignalJudge
from pipeline.radio.fresh import Fresh
from pipeline.radio.orders import Orders
from pipeline.radio.player import Player
from pipeline.radio.store import Store
from pipeline.radio.supply import Supply
from pipeline.writers.offline.writer import OfflineWriter


def test_a_track_of_the_understudy_does_not_unsay_what_ails_the_musician(tmp_path: Path) -> None:
    """The page would say that all is well while nothing comes of the musician that was asked for."""
    folder = Store(tmp_path).folder
    failing, playing = (
        Player(StubbornBand(how), SignalJudge(), PRESETS["tape"], folder)  # type: ignore[arg-type]
        for how in ("fails", "plays")
    )
    wanted = {failing: Orders(OfflineWriter(), 1).take(CAFE, 1, 20.0)}
    said: list[str] = []
    failed, played = threading.Event(), threading.Event()

    def note(text: str) -> None:
        said.append(text)
        if not failed.is_set():
            wanted[playing] = Orders(OfflineWriter(), 2).take(CAFE, 1, 20.0)
            failed.set()
            supply.wake()
        elif not wanted.get(playing):
            played.set()

    supply = Supply(
        [failing, playing],
        lambda player: wanted.pop(player, []),
        lambda _, __, outcome: isinstance(outcome, Fresh),
        note,
    )
    with closing(supply):
        supply.open()
        assert played.wait(PATIENCE)
    assert said == ["Nothing new came of band that fails: The strings are broken."] * 2
