"""What every judge keeps to, whichever backend it is."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import papers
import pytest
from sounds import RATE, song
from where import DEVICE

from pipeline.audio.clip import Clip
from pipeline.domain import Key, Verdict
from pipeline.judges.signal import SignalJudge
from pipeline.roles import Judge


def clap(model: str, file: str = "") -> Callable[[pytest.FixtureRequest], Judge]:
    def opened(request: pytest.FixtureRequest) -> Judge:
        from pipeline.judges.clap.judge import ClapJudge

        checkpoint = request.getfixturevalue("tiny_model")(model) / file  # only here: it needs the model libraries
        return ClapJudge(str(checkpoint), Path("/nonexistent"), DEVICE, "float32", SignalJudge())

    return opened


JUDGES = [
    pytest.param(lambda _: SignalJudge(), id="signal"),
    pytest.param(clap("clap"), id="clap", marks=pytest.mark.neural),
    pytest.param(clap("laion-clap", "clap.pt"), id="laion-clap", marks=pytest.mark.neural),
]
"""Every backend of the role. A new one is a line here."""

PLAN = papers.lanterns(
    title="Slow Tram", prompt="lo-fi with a felt piano", mood="calm", style="lo-fi", swing=0.56,
    instruments=("felt piano",), ambience=None, seconds=20,
)  # fmt: skip


@pytest.fixture(params=JUDGES, scope="module")  # a model stays loaded for all its tests
def judge(request: pytest.FixtureRequest) -> Judge:
    return request.param(request)


@cache
def music() -> Clip:
    return song(80, Key.parse("A minor"), 20, seed=2)


def odd_clips() -> dict[str, Clip]:
    rng = np.random.default_rng(1)
    shapes = {
        "empty": np.zeros((0, 2)),
        "one frame": np.full((1, 2), 0.5),
        "a tenth of a second": rng.standard_normal((RATE // 10, 2)) * 0.1,
        "three seconds": rng.standard_normal((RATE * 3, 2)) * 0.1,
        "silence": np.zeros((RATE * 20, 2)),
        "all NaN": np.full((RATE * 20, 2), np.nan),
        "one infinity": np.where(np.arange(RATE * 20)[:, None] == 9, np.inf, 0.1 * rng.standard_normal((RATE * 20, 2))),
        "far over full scale": rng.standard_normal((RATE * 20, 2)) * 1e30,
        "constant": np.full((RATE * 20, 2), 0.7),
        "mono": rng.standard_normal((RATE * 20, 1)) * 0.1,
        "no channel": np.zeros((RATE, 0)),
        "six channels": rng.standard_normal((RATE * 5, 6)) * 0.1,
        "denormal": np.full((RATE * 5, 2), 1e-42),
    }
    return {name: Clip(samples.astype(np.float32), RATE) for name, samples in shapes.items()}


ODD = odd_clips()


def test_it_is_a_judge_with_a_name(judge: Judge) -> None:
    """It has the one verb of the role and says who gets the credit."""
    assert isinstance(judge, Judge)
    assert judge.backend.name
    assert judge.backend.version
    assert judge.backend.licence


def test_good_music_passes_and_is_scored(judge: Judge) -> None:
    """A sound take passes every gate, and gates, scores and total are there with reasons."""
    verdict = judge.judge(music(), PLAN)
    assert verdict.passed
    assert verdict.judge == judge.backend
    assert verdict.gates
    assert verdict.scores
    assert all(part.reason for part in (*verdict.gates, *verdict.scores))
    assert verdict.measured.seconds == pytest.approx(20)


def test_the_same_take_gets_the_same_verdict(judge: Judge) -> None:
    """Judging twice gives the same, to the last digit, and leaves the samples alone."""
    before = music().samples.copy()
    assert judge.judge(music(), PLAN) == judge.judge(music(), PLAN)
    assert np.array_equal(before, music().samples)


@pytest.mark.parametrize("name", ODD)
def test_poor_audio_is_a_verdict_and_never_an_error(judge: Judge, name: str) -> None:
    """Empty, broken, silent or odd clips fail a gate or score low; nothing is raised, nothing is NaN."""
    verdict = judge.judge(ODD[name], PLAN)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    assert not verdict.passed or name == "mono"


def test_it_travels_to_a_worker(judge: Judge) -> None:
    """It can be pickled, and judges the same on the other side."""
    copy = pickle.loads(pickle.dumps(judge))
    assert copy.judge(music(), PLAN) == judge.judge(music(), PLAN)
