"""What the CLAP judge says of a take, and of two."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import papers
import pytest
from sounds import song
from where import DEVICE

from pipeline.audio.clip import Clip
from pipeline.audio.embedding import SAME, cosines, unpack
from pipeline.domain import Key, TrackPlan
from pipeline.errors import BackendUnavailable
from pipeline.judges.clap.judge import PROMPT, THROUGHOUT, TITLE, ClapJudge
from pipeline.judges.clap.words import canonical
from pipeline.judges.signal import SignalJudge
from pipeline.roles import Ear, Matcher, Modelled

pytestmark = pytest.mark.neural

PLAN = papers.lanterns(
    title="Slow Tram", prompt="lo-fi with a felt piano", mood="calm", style="lo-fi", swing=0.56,
    instruments=("felt piano",), ambience=None, seconds=20,
)  # fmt: skip
DRONE = PLAN.but(mood="dark", instruments=("warm pad",), title="Cold Engine")
"""Another plan, whose words the taught model puts as far from the music as can be."""


@cache
def ordered() -> Clip:
    """The take that sounds as PLAN's words say, for a model that was taught so."""
    return song(80, Key.parse("A minor"), 20, seed=2)


@cache
def other() -> Clip:
    """Music that was not ordered."""
    return song(92, Key.parse("D major"), 20, seed=5)


def judge_of(folder: Path, **changed: str) -> ClapJudge:
    given = {"clap_model": str(folder), "device": DEVICE, "precision": "float32", **changed}
    return ClapJudge(hub=Path("/nonexistent"), ears=SignalJudge(), **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def taught(tiny_model: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> ClapJudge:
    """A judge whose model was taught the sounds' names, what PLAN's words mean, and two titles."""
    from teaching import teach

    lessons = {canonical(PLAN): ordered(), canonical(DRONE): ordered(), "Slow Tram": ordered(), "Blue Fox": other()}
    out = tmp_path_factory.mktemp("taught") / "clap"
    return judge_of(teach(tiny_model("clap"), out, lessons, opposites=(canonical(DRONE),)))


@pytest.fixture(scope="module")
def untaught(tiny_model: Callable[[str], Path]) -> ClapJudge:
    """A judge whose model knows nothing."""
    return judge_of(tiny_model("clap"))


def values(judge: ClapJudge, clip: Clip, plan: TrackPlan = PLAN) -> dict[str, float]:
    return {score.name: score.value for score in judge.judge(clip, plan).scores}


def test_it_fills_every_role(taught: ClapJudge) -> None:
    """It judges, matches, hears takes while they are made, and can be tried before anything is paid for."""
    assert isinstance(taught, Matcher) and isinstance(taught, Modelled) and isinstance(taught, Ear)


def test_of_two_takes_the_one_like_its_prompt_is_ahead(taught: ClapJudge) -> None:
    """The one that sounds as ordered scores higher in what CLAP hears and in all."""
    good, bad = values(taught, ordered()), values(taught, other())
    assert good[PROMPT] > bad[PROMPT] and good[THROUGHOUT] > bad[THROUGHOUT] and good[TITLE] > bad[TITLE]
    totals = [taught.judge(clip, PLAN).total for clip in (ordered(), other())]
    assert totals[0] > totals[1]


def test_what_the_signal_judge_says_stays(taught: ClapJudge) -> None:
    """Its gates, measures and scores are all there, and CLAP's words come after them, with figures."""
    verdict, ears = taught.judge(ordered(), PLAN), SignalJudge().judge(ordered(), PLAN)
    assert verdict.measured == ears.measured
    assert verdict.gates[:-1] == ears.gates and verdict.gates[-1].name == PROMPT
    assert verdict.scores[:-3] == ears.scores
    assert [score.name for score in verdict.scores[-3:]] == [PROMPT, THROUGHOUT, TITLE]
    assert canonical(PLAN) in verdict.scores[-3].reason and "no music" in verdict.scores[-3].reason
    clap, signal = (sum(score.weight for score in part) for part in (verdict.scores[-3:], ears.scores))
    assert clap == pytest.approx(signal, rel=0.1)  # half and half


def test_a_bad_stretch_lowers_the_worst_window_more_than_the_whole(taught: ClapJudge) -> None:
    """Ten seconds of something else in twenty are heard."""
    half = ordered().samples.copy()
    half[: len(half) // 2] = other().samples[: len(half) // 2]
    whole, broken = values(taught, ordered()), values(taught, Clip(half, ordered().rate))
    assert broken[THROUGHOUT] < whole[THROUGHOUT]
    assert broken[THROUGHOUT] < broken[PROMPT]


def test_a_take_less_like_its_prompt_than_noise_is_turned_down(taught: ClapJudge) -> None:
    """By a model that knows sounds by their names; the reason has both figures. Other takes pass."""
    gate = taught.judge(ordered(), DRONE).gates[-1]
    assert not gate.passed and "less like its prompt than noise and hum are" in gate.reason
    assert taught.judge(ordered(), PLAN).gates[-1].passed


def test_a_stretch_less_like_its_prompt_than_noise_is_at_fault(taught: ClapJudge) -> None:
    """The same floor as the gate's, also for a few seconds; what was ordered has no fault."""
    seconds = Clip(ordered().samples[: 7 * ordered().rate], ordered().rate)
    for stretch in (ordered(), seconds):
        fault = taught.fault(stretch, DRONE)
        assert fault is not None and "it is less like its prompt than noise and hum are" in fault
        assert taught.fault(stretch, PLAN) is None
    assert taught.fault(Clip(np.zeros((0, 2), np.float32), 48_000), DRONE) is None


def test_where_memory_is_short_no_second_model_is_loaded(
    tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then no stretch is held against anything, which is said once."""
    from pipeline.judges.clap import listener

    monkeypatch.setattr(listener, "available_memory", lambda: listener.ROOM)
    listener.guest.cache_clear()
    judge = judge_of(tiny_model("clap"))
    assert [judge.fault(ordered(), DRONE) for _ in range(3)] == [None] * 3
    assert caplog.text.count("does not hear takes while they are made") == 1 and "GB are free" in caplog.text
    listener.guest.cache_clear()


def test_a_model_that_cannot_tell_sounds_apart_turns_nothing_down(untaught: ClapJudge) -> None:
    """It scores, and the gate says why it is not held against the take."""
    for plan in (PLAN, DRONE, PLAN.but(mood="wistful"), PLAN.but(style="jazzhop")):
        gate = untaught.judge(ordered(), plan).gates[-1]
        assert gate.passed and "too few" in gate.reason
        assert untaught.fault(ordered(), plan) is None


def test_it_keeps_what_it_heard(taught: ClapJudge) -> None:
    """A vector of length 1, named after the model's weights: the same for the same take, another for other music."""
    first, again, third = (taught.judge(clip, PLAN) for clip in (ordered(), ordered(), other()))
    assert first.embedding == again.embedding and first.embedding is not None and third.embedding is not None
    assert np.linalg.norm(unpack(first.embedding)) == pytest.approx(1, abs=1e-3)
    assert first.embedder == taught.backend.weights[0].sha256
    assert cosines(first.embedding, [again.embedding, third.embedding]) == pytest.approx([1, 0], abs=SAME - 0.01)


def test_a_take_from_a_coarser_file_is_the_same_to_it(taught: ClapJudge) -> None:
    """And another song in the same key and tempo is not."""
    coarse = Clip((np.round(ordered().samples * 2**13) / 2**13).astype(np.float32), ordered().rate)
    cousin = song(80, Key.parse("A minor"), 20, seed=9)
    heard = [taught.judge(clip, PLAN).embedding or "" for clip in (ordered(), coarse, cousin)]
    same, different = cosines(heard[0], heard[1:])
    assert same >= SAME > different


def test_not_a_number_ranks_last_and_is_never_published(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """A take to which the model's answer is not a number has no total and no embedding, and the gate says why."""
    from teaching import choke

    judge = judge_of(choke(tiny_model("clap"), tmp_path / "clap", ordered()))
    verdict = judge.judge(ordered(), PLAN)
    assert verdict.total is None and verdict.embedding is None and not verdict.passed
    assert "not a number" in verdict.gates[-1].reason
    assert np.isnan(judge.match([ordered()], ["Slow Tram"])).all()
    assert judge.fault(ordered(), PLAN) is None


def test_a_model_that_never_answers_with_numbers_is_refused(tiny_model: Callable[[str], Path], tmp_path: Path) -> None:
    """When it is tried, not with the first take."""
    import shutil

    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_model("clap"), tmp_path / "clap"))
    state = load_file(folder / "model.safetensors")
    state["audio_projection.linear2.bias"][0] = float("nan")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BackendUnavailable, match="not a number"):
        judge_of(folder).rehearse()


def test_matching_puts_each_title_to_its_sound(taught: ClapJudge) -> None:
    """float32 [clips, words], the highest where the model was taught they belong together."""
    matched = taught.match([other(), ordered()], ["Slow Tram", "Blue Fox", "Something Else"])
    assert matched.dtype == np.float32 and matched.shape == (2, 3)
    assert matched[0, 1] > matched[0, 0] and matched[1, 0] > matched[1, 1]
    assert taught.match([], ["a"]).shape == (0, 1) and taught.match([ordered()], []).shape == (1, 0)
    assert np.isnan(taught.match([Clip(np.zeros((0, 2), np.float32), 48_000)], ["a"])).all()


def test_a_device_that_is_not_there_is_said_before_anything_is_queued(tiny_model: Callable[[str], Path]) -> None:
    """Of Apple's devices and Nvidia's no machine has both."""
    import torch

    absent = "cuda" if torch.backends.mps.is_available() else "mps"
    with pytest.raises(BackendUnavailable, match=f"no {absent} device"):
        judge_of(tiny_model("clap"), device=absent)
