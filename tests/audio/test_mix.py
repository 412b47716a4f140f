"""The long mix: level, exact, and the same in every file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from material import RATE, beat, noise, scaled, tone
from scipy.ndimage import uniform_filter1d

from pipeline.audio.clip import Clip
from pipeline.audio.decode import decode
from pipeline.audio.encode import write_take
from pipeline.audio.ffmpeg import drain
from pipeline.audio.joint import join
from pipeline.audio.loudness import loudness, true_peak
from pipeline.audio.mix import MixMeter, stream_mix, write_mix
from pipeline.audio.mixplan import MixItem, plan_mix
from pipeline.audio.tags import Tags
from pipeline.errors import Damaged

TAGS = Tags(title="All night", artist="a", album="b")


def item(folder: Path, clip: Clip, title: str = "t", tempo: float | None = None, first: float | None = None) -> MixItem:
    """Put a clip on disk and describe it."""
    path = folder / f"{title}.flac"
    write_take(path, clip)
    return MixItem(path=path, frames=clip.frames, rate=clip.rate, title=title, tempo=tempo, first_beat=first)


def on_paper(seconds: float, tempo: float | None = None, first: float | None = None) -> MixItem:
    """Describe a track that no test reads."""
    return MixItem(path=Path("x"), frames=round(seconds * RATE), rate=RATE, title="t", tempo=tempo, first_beat=first)


def test_a_crossfade_of_unrelated_noises_never_dips() -> None:
    """Over the whole fade the level stays within a decibel of either side."""
    one, other = noise(16, 0.1, seed=1).samples, noise(16, 0.1, seed=2).samples
    fade = 6 * RATE
    mix = np.concatenate([one[:-fade], join(one[-fade:], other[:fade], RATE), other[fade:]])
    power = uniform_filter1d((mix.astype(np.float64) ** 2).mean(axis=1), RATE // 2)[RATE:-RATE]
    levels = 10 * np.log10(power / 0.01)
    assert np.abs(levels).max() < 1.0


def test_a_crossfade_of_two_tones_stays_level_and_follows_its_curve() -> None:
    """Sines a third apart: the sum stays within half a decibel, and either is where a quarter of a circle has it."""
    one, other = tone(220, 16, 0.3).samples, tone(277, 16, 0.3).samples
    fade = 6 * RATE
    joint = join(one[5 * RATE : 5 * RATE + fade], other[5 * RATE : 5 * RATE + fade], RATE).astype(np.float64)
    power = uniform_filter1d((joint**2).mean(axis=1), RATE // 2)[RATE // 2 : -RATE // 2]
    assert np.abs(10 * np.log10(power / (0.3**2 / 2))).max() < 0.5
    time = np.arange(fade) / RATE
    for hertz, curve in ((220, np.cos), (277, np.sin)):
        turned = joint[:, 0] * np.exp(-2j * np.pi * hertz * time)
        size = 2 * np.abs(uniform_filter1d(turned.real, RATE // 2) + 1j * uniform_filter1d(turned.imag, RATE // 2))
        inner = slice(RATE // 2, -RATE // 2)
        assert size[inner] == pytest.approx(0.3 * curve(time / 6 * np.pi / 2)[inner], abs=0.01)


@pytest.mark.parametrize("frames", [1, 7, RATE - 1, RATE, 3 * RATE + 1234])
def test_a_joint_keeps_every_frame(frames: int) -> None:
    """pydub counts in milliseconds; a joint still has exactly the frames it was given, and both its ends."""
    one, other = noise(4, 0.1, seed=1).samples[:frames], noise(4, 0.1, seed=2).samples[:frames]
    joint = join(one, other, RATE)
    angle = ((np.arange(frames) + 0.5) / frames * np.pi / 2)[:, None]
    assert np.abs(joint - (one * np.cos(angle) + other * np.sin(angle))).max() < 1e-6


def test_two_full_tracks_do_not_clip_in_the_joint() -> None:
    """The sum of two tracks at full scale passes the joint unclipped: the limiter shapes it, nothing cuts it."""
    full = np.full((RATE, 2), 0.99, np.float32)
    assert join(full, full, RATE).max() == pytest.approx(0.99 * np.sqrt(2), abs=1e-4)


def test_a_mix_lasts_the_sum_less_the_overlaps_in_every_file(tmp_path: Path) -> None:
    """To the sample: in the plan, in the stream, in FLAC and in M4A; with the chapters where tracks begin.

    An ffmpeg before 6 writes the chapters of an M4A by a clock of milliseconds.
    """
    clips = [scaled(noise(seconds, 0.1, seed=n), 0.5) for n, seconds in enumerate((11.3, 9.0117, 14.77))]
    plan = plan_mix([item(tmp_path, clip, f"track {n}") for n, clip in enumerate(clips)], crossfade=4)
    assert plan.frames == sum(clip.frames for clip in clips) - sum(plan.overlaps)
    outputs = {"flac": tmp_path / "mix.a", "m4a": tmp_path / "mix.b"}
    levels = write_mix(plan, outputs, TAGS)
    streamed = np.concatenate(list(stream_mix(plan)))
    for path in outputs.values():
        back = decode(path)
        assert back.frames == plan.frames == len(streamed)
        error = np.sqrt(np.mean((back.samples - streamed) ** 2) / np.mean(streamed**2))
        assert error < (1e-4 if path.name == "mix.a" else 0.6)
        offset = np.correlate(back.samples[:4000, 0], streamed[500:3500, 0]).argmax()
        assert offset == 500
    assert levels.loudness == pytest.approx(loudness(Clip(streamed, RATE)), abs=0.01)
    text = b"".join(drain(["-i", f"file:{outputs['m4a']}", "-f", "ffmetadata", "pipe:1"], outputs["m4a"], 1 << 16))
    said = [line.split("=") for line in text.decode().splitlines() if line.startswith(("TIMEBASE=1/", "START="))]
    ticks = {int(value.removeprefix("1/")) for key, value in said if key == "TIMEBASE"}
    assert ticks <= {1000, RATE}
    starts = [int(value) for key, value in said if key == "START"]
    assert starts == [round(start * min(ticks) / RATE) for start in plan.starts]


def test_starts_are_where_the_next_track_is_first_heard(tmp_path: Path) -> None:
    """Before a chapter there is only the old track, from it on the new one comes in."""
    silence = Clip(np.zeros((12 * RATE, 2), np.float32), RATE)
    plan = plan_mix([item(tmp_path, silence, "a"), item(tmp_path, noise(12), "b")])
    mix = np.concatenate(list(stream_mix(plan)))
    heard = int(np.flatnonzero(np.abs(mix).max(axis=1))[0])
    assert plan.starts[1] <= heard < plan.starts[1] + 100


def test_between_joints_the_tracks_are_untouched(tmp_path: Path) -> None:
    """The body of a track goes through the mix bit for bit."""
    clips = [scaled(beat(12), 0.7), scaled(beat(13), 0.6)]
    items = [item(tmp_path, clip, f"t{n}") for n, clip in enumerate(clips)]
    plan = plan_mix(items, crossfade=3)
    mix = np.concatenate(list(stream_mix(plan)))
    first, second = decode(items[0].path).samples, decode(items[1].path).samples
    assert np.array_equal(mix[: plan.starts[1] - RATE], first[: plan.starts[1] - RATE])
    after = plan.overlaps[0] + RATE
    assert np.array_equal(mix[plan.starts[1] + after :], second[after:])


def test_a_loud_joint_is_limited(tmp_path: Path) -> None:
    """Where two loud tracks add up beyond the ceiling the sum is brought under it."""
    time = np.arange(9 * RATE) / RATE
    loud = np.stack([0.84 * np.sin(2 * np.pi * 220 * time)] * 2, 1).astype(np.float32)
    plan = plan_mix([item(tmp_path, Clip(loud, RATE), name) for name in "ab"], crossfade=3)
    mix = Clip(np.concatenate(list(stream_mix(plan))), RATE)
    assert true_peak(mix) <= -1.4


def test_joints_are_measured_before_during_and_after(tmp_path: Path) -> None:
    """The record of a joint holds the levels a listener hears around it."""
    plan = plan_mix([item(tmp_path, noise(12, 0.1, 1), "a"), item(tmp_path, noise(12, 0.05, 2), "b")])
    meter = MixMeter(plan)
    assert sum(len(block) for block in meter.watch(stream_mix(plan))) == plan.frames
    (joint,) = meter.joints()
    assert (joint.start, joint.frames) == (plan.starts[1], plan.overlaps[0])
    assert joint.before == pytest.approx(-20.0, abs=0.2)
    assert joint.after == pytest.approx(-26.0, abs=0.2)
    assert -26 < joint.during < -20


def test_crossfades_follow_the_bars() -> None:
    """With both tempos known a fade lasts whole bars of the leaving track, or beats where no bar fits."""
    bars = plan_mix([on_paper(120, 80), on_paper(120, 82)], 6.5).overlaps[0] / RATE
    assert bars == pytest.approx(6.0, abs=1e-4)  # two bars of four beats at 80
    beats = plan_mix([on_paper(13, 61), on_paper(13, 62)], 6.0).overlaps[0] / RATE
    assert beats == pytest.approx(240 / 61, abs=1e-4)  # one bar; two would be more than a third
    assert plan_mix([on_paper(120, 80), on_paper(120)], 6.5).overlaps[0] == round(6.5 * RATE)


def test_beats_fall_together_in_the_fade() -> None:
    """With the first beats known, the coming track's first beat lands on a bar line of the leaving one."""
    plan = plan_mix([on_paper(121.7, 75, 0.35), on_paper(90, 78, 0.21)], 6.0)
    met = plan.starts[1] / RATE + 0.21
    bars = (met - 0.35) / (4 * 60 / 75)
    assert bars == pytest.approx(round(bars), abs=1e-4)
    assert 3 <= plan.overlaps[0] / RATE <= 10


@pytest.mark.parametrize("asked", [0.0, 1.0, 6.0, 60.0])
def test_a_crossfade_is_three_to_ten_seconds_or_a_third(asked: float) -> None:
    """Whatever is asked for, fades stay within their bounds, and short tracks keep two thirds of themselves."""
    long = plan_mix([on_paper(100), on_paper(100)], asked).overlaps[0] / RATE
    assert 3 <= long <= 10
    short = plan_mix([on_paper(100), on_paper(5), on_paper(100, 80)], asked)
    assert max(short.overlaps) <= 5 * RATE // 3


def test_a_single_track_is_a_mix_of_one(tmp_path: Path) -> None:
    """Nothing is faded and nothing lost."""
    clip = noise(2, 0.05)
    plan = plan_mix([item(tmp_path, clip)])
    assert (plan.starts, plan.overlaps, plan.frames) == ((0,), (), clip.frames)
    assert sum(len(block) for block in stream_mix(plan)) == clip.frames


def test_tracks_of_two_rates_are_refused() -> None:
    """A mix has one rate."""
    with pytest.raises(ValueError, match="rate"):
        plan_mix([on_paper(20), on_paper(20).but(rate=48_000)])


@pytest.mark.parametrize("change", [-100, 100])
def test_a_track_that_is_not_as_planned_is_damaged(tmp_path: Path, change: int) -> None:
    """A file shorter or longer than its record stops the mix, and no half mix is left."""
    good = item(tmp_path, noise(10), "good")
    plan = plan_mix([good, good.but(frames=good.frames + change), good])
    with pytest.raises(Damaged, match="good"):
        write_mix(plan, {"flac": tmp_path / "mix"}, TAGS)
    assert not (tmp_path / "mix").exists()


def test_a_missing_track_is_damaged(tmp_path: Path) -> None:
    """The error names the file that is gone."""
    plan = plan_mix([item(tmp_path, noise(10), "here"), on_paper(10).but(path=tmp_path / "gone.flac")])
    with pytest.raises(Damaged, match=r"gone\.flac"):
        list(stream_mix(plan))


def test_memory_does_not_grow_with_the_mix(tmp_path: Path) -> None:
    """Twelve tracks take no more memory than three."""
    one = item(tmp_path, noise(9, 0.05))

    def most(count: int) -> int:
        plan = plan_mix([one] * count, crossfade=3)
        meter = MixMeter(plan)
        tracemalloc.start()
        for _ in meter.watch(stream_mix(plan)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert most(12) < most(3) * 1.1 + 1_000_000
