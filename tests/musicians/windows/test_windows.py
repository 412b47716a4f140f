"""Long takes by windows: they go on, stay level, and end where a bar ends, whatever a window does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from musicians.windows.instruments import (
    RATE,
    Organ,
    louder,
    noisy_end,
    nonsense,
    only_hiss,
    order,
    silence,
)

from pipeline.audio.loudness import rms
from pipeline.domain import Controls
from pipeline.errors import BackendFailed, BadBrief, Stopped
from pipeline.musicians.windows.model import by_itself
from pipeline.musicians.windows.play import play
from pipeline.musicians.windows.reel import CUT, OVERLAP, TRIES, refuse_stride
from pipeline.roles import Booth, Rendering


def one(model, wanted):
    (outcome,) = play([wanted], model, 1)
    return outcome


def test_a_take_longer_than_a_window_ends_on_the_nearest_bar_line():
    """15 s at 80 BPM are five bars of 3 s; 16 s miss the bar lines, and end on the nearest beat that is near enough."""
    assert one(Organ(), order(seconds=15.0)).clip.seconds == pytest.approx(15.0, abs=0.001)
    assert one(Organ(), order(seconds=16.0)).clip.seconds == pytest.approx(16.5, abs=0.001)
    assert one(Organ(), order(seconds=120.0)).clip.seconds == pytest.approx(120.0, abs=0.001)


def test_the_end_fades_and_the_start_does_not_click():
    """The last second falls steadily to nothing; the first sample is silent."""
    samples = one(Organ(), order()).clip.samples
    tenths = [rms(part) for part in np.split(samples[-RATE:], 10)]
    assert all(later < earlier for earlier, later in pairwise(tenths))
    assert samples[-1] == 0 and samples[0] == 0 and tenths[-1] < rms(samples) - 40


def test_windows_go_on_from_the_end_of_what_is_kept():
    """Every later window gets the last seconds before the joint, and none of the second that was cut away."""
    model = Organ(faults={("low", 0): lambda sound: np.concatenate([sound[:-RATE], 0 * sound[-RATE:] + 0.9])})
    take = one(model, order(controls=Controls(stride=2))).clip
    first, second, *_ = model.orders
    assert first.opening is None and first.seconds == model.longest
    assert len(second.opening) / RATE + second.seconds == pytest.approx(model.longest, abs=0.05)
    assert second.seconds == pytest.approx(2 + CUT + OVERLAP, abs=0.001)
    assert np.abs(second.opening).max() < 0.5  # the cut second was at 0.9
    end = round((model.longest - CUT - OVERLAP) * RATE)
    centred = second.opening[-RATE:] - take.samples[end - RATE : end]
    assert np.ptp(centred) < 1e-4  # the take itself, but for what was done to its offset


def test_no_stride_leaves_a_window_nothing_to_go_on_from():
    """A stride of 29 s, more than there is room for, still has two seconds of context."""
    model = Organ()
    assert isinstance(one(model, order(controls=Controls(stride=29))), Rendering)
    assert min(len(later.opening) for later in model.orders[1:]) >= 1.9 * RATE


def test_the_joint_cannot_be_heard():
    """Around the joint the level stays within a decibel and no sample jumps."""
    model = Organ(faults={("low", 1): louder(-4)})
    take = one(model, order(controls=Controls(stride=3))).clip.samples
    joint = round((model.longest - CUT) * RATE)
    assert abs(rms(take[joint - RATE : joint - 1000]) - rms(take[joint + 1000 : joint + RATE // 2])) < 3
    step = np.abs(np.diff(take[:, 0]))
    assert step[joint - 1000 : joint + 100].max() < 1.5 * step[: joint - 2000].max()


def test_a_take_that_grows_louder_is_held_back():
    """Every window 3 dB louder than the last one: the tenth is not 27 dB louder, as it would be."""

    class Spiral(Organ):
        def _window(self, wanted):
            window = super()._window(wanted)
            level = -20.0 if wanted.opening is None else rms(wanted.opening[-RATE:]) + 3
            gain = np.float32(10 ** ((level - rms(window.samples)) / 20))
            return type(window)(window.samples * gain, window.codes)

    take = one(Spiral(), order(seconds=40.0, controls=Controls(stride=3))).clip.samples
    assert abs(rms(take[30 * RATE : 34 * RATE]) - rms(take[: 4 * RATE])) < 6.5


@pytest.mark.parametrize("fault", [silence, nonsense, louder(15), louder(-15), noisy_end, only_hiss])
def test_only_the_bad_window_is_rolled_again(fault):
    """A window that is silent, no numbers, too loud, too soft, noisy or foreign is replaced; the others stay."""
    bad = Organ(faults={("low", 1, 0): fault})
    wanted = order(controls=Controls(stride=3))
    mended = one(bad, wanted)
    plain = Organ()
    one(plain, wanted)
    assert len(bad.orders) == len(plain.orders) + 1
    assert bad.orders[1].seed != bad.orders[2].seed
    assert bad.orders[0].seed == plain.orders[0].seed and bad.orders[1].seed == plain.orders[1].seed
    assert bad.orders[3].seed == plain.orders[2].seed
    assert np.isfinite(mended.clip.samples).all()
    levels = [rms(part) for part in np.split(mended.clip.samples[: 12 * RATE], 12)]
    assert max(levels) - min(levels) < 6


def test_a_window_that_stays_bad_is_kept_at_its_best():
    """After the last try the least bad one is taken, and the take goes on."""
    model = Organ(faults={("low", 1, 0): louder(20), ("low", 1, 1): louder(12), ("low", 1, 2): louder(20)})
    take = one(model, order(controls=Controls(stride=3)))
    assert isinstance(take, Rendering)
    assert sum(asked.opening is not None and len(asked.opening) > 0 for asked in model.orders) >= TRIES
    assert take.clip.seconds == pytest.approx(15.0, abs=0.001)


def test_a_window_that_is_never_made_of_numbers_fails_its_take_alone():
    """NaN cannot be kept; the take beside it is not touched."""
    model = Organ(faults={("low", 1): nonsense})
    bad, good = play([order(prompt="low"), order(prompt="high")], model, 2)
    assert isinstance(bad, BackendFailed) and "nothing that can be played" in bad.message
    assert isinstance(good, Rendering)


def test_half_precision_is_done_again_in_float32_with_the_same_seed():
    """What overflowed is generated exactly, that row alone, before any seed is changed."""

    class Half(Organ):
        exact = ()

        def generate_exactly(self, order, report):
            self.exact = (*self.exact, order)
            return by_itself(Organ(), order)

    model = Half(faults={("low", 1): nonsense})
    takes = list(play([order(prompt="low"), order(prompt="high")], model, 2))
    assert all(isinstance(take, Rendering) for take in takes)
    assert [asked.prompt for asked in model.exact] == ["low"]
    assert model.exact[0].seed in [asked.seed for asked in model.orders if asked.prompt == "low"]


def test_a_take_depends_on_its_own_order_alone():
    """Alone or beside a take that has to be rolled again: the same samples and codes."""
    faults = {("high", 1, 0): silence}
    alone = one(Organ(), order(5, prompt="mid"))
    _, beside, _ = play([order(4, prompt="high", seconds=30), order(5, prompt="mid"), order(6)], Organ(faults), 3)
    assert alone.clip.samples.tobytes() == beside.clip.samples.tobytes()
    assert alone.codes.tobytes() == beside.codes.tobytes()


def test_windows_of_several_tracks_share_a_batch_and_free_places_are_taken():
    """Three takes with room for two: the third begins when the first is done, and answers come in order."""
    model = Organ()
    lengths = (10.0, 30.0, 12.0)
    names = ("low", "mid", "high")
    takes = list(play([order(prompt=n, seconds=s) for n, s in zip(names, lengths, strict=True)], model, 2))
    assert [take.clip.seconds for take in takes] == pytest.approx(lengths, abs=1.0)
    together = [{asked.prompt for asked in batch} for batch in model.batches]
    assert together[0] == {"low", "mid"} and {"mid", "high"} in together
    assert max(len(batch) for batch in model.batches) == 2


def test_memory_that_runs_out_halves_the_batch_once():
    """Four do not fit, two do: all four are made, and four are never tried again."""
    model = Organ(room=2)
    takes = list(play([order(seed) for seed in range(4)], model, 4))
    assert all(isinstance(take, Rendering) for take in takes)
    assert [len(batch) for batch in model.batches].count(4) == 1


def test_what_does_not_fit_after_halving_has_failed():
    """Four do not fit, nor do two of them: those two fail in one line, nothing is raised, and the others go alone."""
    *failed, third, fourth = play([order(seed) for seed in range(4)], Organ(room=1), 4)
    assert all(isinstance(take, BackendFailed) and "memory" in take.message for take in failed)
    assert isinstance(third, Rendering) and isinstance(fourth, Rendering)
    assert all(isinstance(take, Rendering) for take in play([order(seed) for seed in range(2)], Organ(room=1), 1))


def test_other_errors_are_not_hidden():
    """A bug in a model looks like one."""

    class Broken(Organ):
        def generate(self, ask, size, report):
            raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        one(Broken(), order())


def test_stereo_takes_are_stereo():
    """A model of two channels gives two."""

    class Stereo(Organ):
        channels = 2

    assert one(Stereo(), order()).clip.channels == 2


def test_without_a_prompt_none_is_given():
    """Unconditional orders leave the plan's words out."""
    model = Organ()
    one(model, order(controls=Controls(unconditional=True)))
    assert {asked.prompt for asked in model.orders} == {None}


def test_codes_belong_to_the_sound():
    """There are as many steps as the take is long, in the order of the windows."""
    take = one(Organ(), order())
    assert take.codes.dtype == np.int16 and take.codes.shape == (4, -(-take.clip.frames // 320))
    assert (np.diff(take.codes[0]) >= 0).all() and take.codes[0, 0] == 0


def test_progress_is_told_of_every_take():
    """It never goes back, is at 1 only when the take is whole, and a take that is given up never gets there."""
    told = {}
    orders = [order(1), order(2, prompt="high", seconds=25.0), order(3, prompt="mid")]
    booth = Booth(progress=lambda which, share: told.setdefault(which.seed, []).append(share))
    takes = list(play(orders, Organ(faults={("mid", 1): nonsense}), 3, booth=booth))
    assert [type(take) for take in takes] == [Rendering, Rendering, BackendFailed]
    for seed in (1, 2):
        assert told[seed] == sorted(told[seed]) and told[seed].count(1) == 1 and 0 < told[seed][0] < 0.5
    assert max(told[3]) < 1


class Leader:
    """Asks to stop once it has been asked itself so often."""

    def __init__(self, patience):
        self.patience = patience

    def __call__(self):
        self.patience -= 1
        return self.patience < 0


def test_asked_to_stop_it_keeps_what_is_whole_and_gives_up_the_rest():
    """Of a short and a long take beside each other the short one is kept, whichever stands first."""
    for orders in ([order(1, seconds=10.0), order(2, seconds=60.0)], [order(2, seconds=60.0), order(1, seconds=10.0)]):
        model = Organ()
        outcomes = dict(
            zip((each.seed for each in orders), play(orders, model, 2, booth=waiting(model, 4)), strict=True)
        )
        assert isinstance(outcomes[1], Rendering) and isinstance(outcomes[2], Stopped)
        assert len(model.batches) == 4


def waiting(model, batches):
    """Return a booth that asks to stop once the model is asked for so many batches."""
    return Booth(stopping=lambda: len(model.batches) >= batches)


def test_asked_to_stop_it_does_not_finish_the_window():
    """The model is interrupted at its next report, and no further window is begun."""
    reports = []

    class Slow(Organ):
        def generate(self, ask, size, report):
            first = ask()
            for share in np.linspace(0, 1, 101):
                reports.append(share)
                report(first, share)
            yield first, self._window(first)

    (outcome,) = play([order()], Slow(), 1, booth=Booth(stopping=Leader(10)))
    assert isinstance(outcome, Stopped) and not outcome.retryable and "Paper Lanterns" in outcome.message
    assert len(reports) == 10


class Critic:
    """An ear that dislikes every stretch louder than a level, and writes down which track each was of."""

    def __init__(self, level):
        self.level, self.heard = level, []

    def fault(self, clip, track):
        self.heard.append(track)
        return "it is too loud for me" if rms(clip.samples) > self.level else None


def test_an_ear_has_only_the_window_it_dislikes_rolled_again():
    """Health alone would let it pass; the others stay as they were."""
    wanted = order(controls=Controls(stride=3))
    model, plain = Organ(faults={("low", 1, 0): louder(6)}), Organ()
    one(plain, wanted)
    level = rms(plain._window(plain.orders[0]).samples)
    (take,) = play([wanted], model, 1, booth=Booth(ear=Critic(level + 3)))
    assert isinstance(take, Rendering)
    assert len(model.orders) == len(plain.orders) + 1
    seeds = [asked.seed for asked in model.orders]
    assert [*seeds[:2], *seeds[3:]] == [asked.seed for asked in plain.orders]


def test_an_ear_that_likes_nothing_costs_tries_and_no_take(caplog):
    """After the last try what there is is kept, and the log says what is wrong with it."""
    model, critic = Organ(), Critic(-100)
    (take,) = play([order(seconds=10.0)], model, 1, booth=Booth(ear=critic))
    assert isinstance(take, Rendering) and set(critic.heard) == {order(seconds=10.0).track}
    assert len(model.orders) == TRIES * len({asked.seconds for asked in model.orders})
    assert "it is too loud for me" in caplog.text


def test_a_take_without_a_prompt_is_held_against_none():
    """There is nothing it should be like."""
    critic = Critic(-100)
    (take,) = play([order(controls=Controls(unconditional=True))], Organ(), 1, booth=Booth(ear=critic))
    assert isinstance(take, Rendering) and not critic.heard


def test_silence_is_worse_than_what_an_ear_dislikes():
    """Of a silent try and two that are unlike the prompt, one that sounds is kept."""
    model = Organ(faults={("low", 0, 1): silence})
    (take,) = play([order(seconds=10.0)], model, 1, booth=Booth(ear=Critic(-100)))
    assert rms(take.clip.samples[: 4 * RATE]) > -30


def test_a_stride_wider_than_the_window_is_refused_unless_nobody_asked_for_it():
    """In one line, with the most there is; the usual stride fits itself to a shorter window."""
    assert refuse_stride(order(controls=Controls(stride=26.9)), 30.0) is None
    assert refuse_stride(order(), 10.0) is None and refuse_stride(order(controls=Controls(top_k=5)), 10.0) is None
    refused = refuse_stride(order(controls=Controls(stride=28)), 30.0)
    assert isinstance(refused, BadBrief) and "28 s" in refused.message and "26.96 s" in refused.message
    assert isinstance(refuse_stride(order(controls=Controls(stride=19)), 20.0), BadBrief)
