"""MusicGen's own classes as a radio has them play: what is refused or does not load is told, and stood in for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Semaphore

import pytest
from radio_pieces import CAFE

from pipeline.audio.effects.chain import PRESETS
from pipeline.catalogue import Catalogue
from pipeline.judges.signal import SignalJudge
from pipeline.musicians.musicgen.musician import MusicGen
from pipeline.musicians.offline.band import OfflineBand
from pipeline.radio.kitchen import Kitchen
from pipeline.radio.orders import Orders
from pipeline.radio.player import Player
from pipeline.radio.running_order import RunningOrder
from pipeline.radio.store import Store
from pipeline.roles import Musician
from pipeline.writers.offline.writer import OfflineWriter

pytestmark = [pytest.mark.neural, pytest.mark.slow]


def player(store: Store, musician: Musician) -> Player:
    return Player(musician, SignalJudge(), PRESETS["tape"].gently(), store.folder, patience=300.0)


def mute(model: Path) -> None:
    """Take the sound from a checkpoint: it loads, it plays, and nothing is heard."""
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    for name in weights:
        if name.startswith("audio_encoder.decoder"):
            weights[name].zero_()
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})


def misdescribe(model: Path) -> None:
    """Have a checkpoint say of itself what it is not: that is found out as it is loaded."""
    config = json.loads((model / "config.json").read_text())
    config["decoder"]["ffn_dim"] *= 2
    (model / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (mute, "Nothing new came of musicgen: Take 1 of “"),
        (misdescribe, "Nothing new came of musicgen: The tensor decoder.model.decoder.layers.0.fc1.weight of "),
    ],
)
def test_what_is_no_good_is_told_while_the_band_stands_in(
    store: Store, catalogue: Catalogue, tiny_model: Callable[[str], Path], spoil: Callable[[Path], None], said: str
) -> None:
    """The page says what ails the model; what is heard meanwhile is labelled as the band's."""
    model = store.folder.folder.parent / "model"
    shutil.copytree(tiny_model("musicgen"), model)
    spoil(model)
    running_order, told, came, notes = RunningOrder(CAFE), Semaphore(0), Semaphore(0), [""]

    def note(text: str) -> None:
        notes.append(text)
        told.release()

    kitchen = Kitchen(
        Orders(OfflineWriter(), 1),
        running_order,
        store,
        catalogue.airings,
        [player(store, MusicGen(str(model), store.folder.folder))],
        player(store, OfflineBand()),
        "this run",
        lambda _: came.release(),
        note,
    )
    with closing(kitchen):
        kitchen.open()
        assert came.acquire(timeout=120)
        while not notes[-1]:
            assert told.acquire(timeout=120)
    assert notes[-1].startswith(said)
    piece = running_order.next(None)
    assert piece is not None and piece.source == "stand-in" and piece.credit.startswith("offline band, Apache-2.0")
