"""A tiny MusicGen in audiocraft's layout, as a musician and as a model of windows."""

from __future__ import annotations

import pytest
from musicians.windows.instruments import played
from where import DEVICE


@pytest.fixture
def no_hub(tmp_path):
    """A cache of the model hub with nothing in it."""
    return tmp_path / "hub"


@pytest.fixture
def musician(tiny_model, no_hub):
    """Return a musician with the checkpoint of that name."""

    def build(name="audiocraft", **settings):
        from pipeline.musicians.audiocraft.musician import AudiocraftMusicGen

        return AudiocraftMusicGen(str(tiny_model(name)), no_hub, **{"device": DEVICE, **settings})

    return build


@pytest.fixture
def model(musician):
    """Return the loaded model of the checkpoint of that name."""

    def build(name="audiocraft", **settings):
        return musician(name, **settings)._model()

    return build


@pytest.fixture
def play():
    """Return the windows that a model makes of orders."""

    def generate(model, *orders):
        return played(model, orders)

    return generate
