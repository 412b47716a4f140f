"""What every part that makes ambience promises, whichever backend it is."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from where import DEVICE

from pipeline.domain import Backend
from pipeline.roles import Ambience

TinyModel = Callable[[str], Path]


def audiogen(tiny_model: TinyModel) -> Ambience:
    from pipeline.musicians.audiocraft.audiogen import AudioGenAmbience

    return AudioGenAmbience(str(tiny_model("audiogen")), Path("no-hub"), DEVICE, "float32")


BACKENDS: dict[str, Callable[[TinyModel], Ambience]] = {"audiogen": audiogen}
"""Every backend of the role. All there are play a model; a new one is a line here."""


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.neural) for name in BACKENDS])
def part(request: pytest.FixtureRequest, tiny_model: TinyModel) -> Ambience:
    return BACKENDS[request.param](tiny_model)


def test_it_fills_the_role(part: Ambience) -> None:
    """It has the role's verb and a credit, and can be sent to a worker."""
    assert isinstance(part, Ambience) and isinstance(part.backend, Backend)
    assert part.backend.name and part.backend.licence
    assert pickle.loads(pickle.dumps(part)).backend == part.backend


def test_a_loop_is_as_long_as_asked_for_and_the_same_for_a_seed(part: Ambience) -> None:
    """Also one of a person's own words; other words and another seed are other sounds."""
    rain, again, other, words = (
        part.loop(*asked) for asked in (("rain", 3.0, 1), ("rain", 3.0, 1), ("rain", 3.0, 2), ("a kettle", 3.0, 1))
    )
    for made in (rain, other, words):
        assert made.clip.seconds == pytest.approx(3.0, abs=0.01) and made.clip.channels in (1, 2) and made.prompt
        assert np.isfinite(made.clip.samples).all() and np.std(made.clip.samples) > 1e-3
    assert rain.clip.samples.tobytes() == again.clip.samples.tobytes()
    assert not np.array_equal(rain.clip.samples, other.clip.samples)
    assert not np.array_equal(rain.clip.samples, words.clip.samples)


def test_its_end_passes_into_its_beginning(part: Ambience) -> None:
    """No step from the last frame to the first is higher than those inside."""
    sound = part.loop("rain", 3.0, 4).clip.samples
    assert np.abs(sound[0] - sound[-1]).max() <= np.abs(np.diff(sound, axis=0)).max()
