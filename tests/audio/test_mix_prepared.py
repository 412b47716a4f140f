"""Tracks are prepared for a long mix, and a mix can be gone on with from anywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import RATE, beat, noise, scaled, strength, tone
from scipy.signal import resample_poly

from pipeline.audio.clip import Clip
from pipeline.audio.decode import decode
from pipeline.audio.encode import write_take
from pipeline.audio.hearing import hear
from pipeline.audio.jointlevels import dip
from pipeline.audio.loudness import loudness
from pipeline.audio.mix import continue_mix, stream_mix, write_mix
from pipeline.audio.mixplan import MixItem, plan_mix
from pipeline.audio.portrait import portrait
from pipeline.audio.resample import resampled, resampled_length
from pipeline.audio.spectrum import thirds
from pipeline.audio.stretch import stretched
from pipeline.audio.tags import Tags
from pipeline.audio.tilt import Tilt, loudness_change


def filed(folder: Path, clip: Clip, name: str, **known: object) -> MixItem:
    """Put a clip on disk and describe it."""
    path = folder / f"{name}.flac"
    write_take(path, clip)
    return MixItem.model_validate({"path": path, "frames": clip.frames, "rate": clip.rate, "title": name, **known})


def whole(blocks: object) -> np.ndarray:
    return np.concatenate(list(blocks))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def plan_of_five(tmp_path_factory: pytest.TempPathFactory):
    """Five tracks loud enough that their joints are limited, one turned, one louder, one with matched tempo."""
    folder = tmp_path_factory.mktemp("five")
    clips = [scaled(beat(11 + n), 0.95) for n in range(5)]
    known = [{}, {"tilt": 0.7, "gain": -1.5}, {"tempo": 75.0}, {"tempo": 76.0}, {"gain": 0.7}]
    return plan_mix([filed(folder, clip, str(n), **known[n]) for n, clip in enumerate(clips)], 3, match=True)


@settings(max_examples=12, deadline=None)
@given(share=st.floats(0, 1))
def test_a_mix_goes_on_from_any_frame_as_if_it_had_never_stopped(plan_of_five, share: float) -> None:
    """From whatever place it is gone on with, every sample is the same, bit for bit."""
    start = round(share * plan_of_five.frames)
    everything = whole(stream_mix(plan_of_five))
    assert np.array_equal(
        whole([np.zeros((0, 2), np.float32), *stream_mix(plan_of_five, start=start)]), everything[start:]
    )


def test_what_a_killed_run_had_written_is_gone_on_with_to_the_very_same_file(plan_of_five, tmp_path: Path) -> None:
    """A FLAC cut off anywhere gives, gone on with, the bytes of an uninterrupted run."""
    tags = Tags(title="t", artist="a", album="b")
    write_mix(plan_of_five, {"flac": tmp_path / "whole"}, tags)
    content = (tmp_path / "whole").read_bytes()
    for share in (0.02, 0.5, 0.97):
        begun = tmp_path / "begun"
        begun.write_bytes(content[: round(share * len(content))])
        levels = write_mix(plan_of_five, {"flac": tmp_path / "again"}, tags, begun=begun)
        assert (tmp_path / "again").read_bytes() == content
    assert levels.loudness == pytest.approx(loudness(Clip(whole(stream_mix(plan_of_five)), RATE)), abs=0.01)


def test_what_is_no_sound_at_all_is_simply_made_anew(plan_of_five, tmp_path: Path) -> None:
    """A file that was killed before its first sample, or was never a FLAC, costs nothing."""
    begun = tmp_path / "begun"
    begun.write_bytes(b"nothing to hear")
    assert sum(len(block) for block in continue_mix(plan_of_five, begun)) == plan_of_five.frames


@pytest.mark.parametrize(("rate", "wanted"), [(32_000, 44_100), (48_000, 44_100), (22_050, 44_100), (44_100, 48_000)])
def test_a_stream_at_another_rate_is_what_resampling_the_whole_gives(rate: int, wanted: int) -> None:
    """Block by block or at once, the same frames come out, and as many as were reckoned."""
    clip = noise(3.3, 0.2, rate=rate)
    sizes = np.cumsum([1, 7, 5000, 40_000, 3])
    made = whole(resampled(np.split(clip.samples, sizes), rate, wanted))
    common = np.gcd(rate, wanted)
    assert len(made) == resampled_length(clip.frames, rate, wanted)
    assert np.abs(made - resample_poly(clip.samples, wanted // common, rate // common, axis=0)).max() < 1e-5


def test_a_track_of_another_rate_and_of_one_channel_sounds_at_its_pitch(tmp_path: Path) -> None:
    """A mono track of 32 kHz beside a stereo one of 44.1 kHz: the tone is where it was, on both sides."""
    mono = Clip(tone(440, 12, 0.3, rate=32_000).samples[:, :1].copy(), 32_000)
    other = filed(tmp_path, noise(12, 0.05), "noise")
    path = filed(tmp_path, mono, "mono").path
    frames = resampled_length(mono.frames, 32_000, RATE)
    first = MixItem(path=path, frames=frames, rate=RATE, title="mono", file_rate=32_000)
    mix = Clip(whole(stream_mix(plan_mix([first, other], 3))), RATE)
    body = Clip(mix.samples[RATE : 8 * RATE], RATE)
    assert np.array_equal(body.samples[:, 0], body.samples[:, 1])
    assert strength(body, 440) > 1000 * strength(body, 470)


def test_silence_around_a_track_is_left_out_and_its_last_note_is_not(tmp_path: Path) -> None:
    """Two seconds of nothing at either end are not in the mix; a note that fades to -50 dB is, to its end."""
    time = np.arange(12 * RATE) / RATE
    ring = (0.5 * np.sin(2 * np.pi * 220 * time) * 10 ** (-np.maximum(0, time - 6) * 50 / 6 / 20)).astype(np.float32)
    sound = np.stack([ring, ring], 1)
    still = np.zeros((2 * RATE, 2), np.float32)
    seen = portrait(Clip(np.concatenate([still, sound, still]), RATE))
    assert seen.lead == pytest.approx(2 * RATE, abs=RATE // 10)
    assert seen.end == pytest.approx(14 * RATE, abs=RATE // 5) and seen.end >= 14 * RATE - RATE // 10
    item = filed(tmp_path, Clip(np.concatenate([still, sound, still]), RATE), "rung")
    trimmed = item.but(lead=seen.lead, frames=seen.end - seen.lead, whole=item.frames)
    mix = whole(stream_mix(plan_mix([trimmed])))
    assert np.array_equal(mix, decode(item.path).samples[seen.lead : seen.end])


def test_a_quiet_track_comes_up_to_the_others_across_the_joint(tmp_path: Path) -> None:
    """Six decibels apart on their own, the tracks are as loud as each other in the mix."""
    items = [filed(tmp_path, noise(14, 0.1, 1), "loud"), filed(tmp_path, noise(14, 0.05, 2), "quiet", gain=6.02)]
    plan = plan_mix(items, 4)
    mix = whole(stream_mix(plan))
    first, second = mix[: plan.starts[1]], mix[plan.starts[1] + plan.overlaps[0] :]
    assert loudness(Clip(first, RATE)) == pytest.approx(loudness(Clip(second, RATE)), abs=0.1)


@pytest.mark.parametrize("slope", [-1.0, -0.4, 0.5, 1.0])
def test_turning_a_spectrum_tilts_it_and_says_how_loud_it_gets(slope: float) -> None:
    """White noise turned by so many dB an octave has that slope in the middle, and the loudness foretold."""
    clip = noise(8, 0.1)
    filter = Tilt(RATE, slope, 0.0)
    turned = Clip(np.concatenate([filter.turn(block) for block in np.split(clip.samples, [1000, 90_000])]), RATE)
    before, after = hear(clip), hear(turned)
    change = 10 * np.log10(after.mid / before.mid)
    octaves = np.log2(np.maximum(before.frequencies, 1))
    inside = (before.frequencies > 225) & (before.frequencies < 3600)
    assert np.polyfit(octaves[inside], change[inside], 1)[0] == pytest.approx(slope, abs=0.1)
    assert loudness(turned) - loudness(clip) == pytest.approx(loudness_change(thirds(clip), slope), abs=0.15)


@pytest.mark.parametrize("ratio", [0.97, 0.985, 1.02, 1.03])
def test_a_stretched_passage_keeps_its_pitch_and_begins_without_a_seam(ratio: float) -> None:
    """Six seconds of a chord last as long as asked, at the same pitch, and go on exactly from what was before."""
    time = np.arange(7 * RATE) / RATE
    chord = sum(0.2 * np.sin(2 * np.pi * hertz * time + hertz) for hertz in (110, 277.2, 440))
    sound = np.stack([chord, chord], 1).astype(np.float32)[: 6 * RATE]
    made = stretched(sound, round(6 * RATE * ratio), RATE)
    assert len(made) == round(6 * RATE * ratio)
    assert np.array_equal(made[: RATE // 50], sound[: RATE // 50])
    clip = Clip(made[RATE : 5 * RATE], RATE)
    for hertz in (110, 277.2, 440):
        assert strength(clip, hertz) > 30 * max(strength(clip, hertz * 1.03), strength(clip, hertz / 1.03))
    assert np.sqrt(np.mean(clip.samples**2)) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.05)
    body = made[: -RATE // 5]  # at its very end, where a joint is silent, there is no more sound to take
    assert np.abs(np.diff(body[:, 0])).max() < 1.3 * np.abs(np.diff(sound[:, 0])).max()


def clicks(tempo: float, seconds: float, first: float) -> Clip:
    """Make short low and high strokes on every beat."""
    out = np.zeros((round(seconds * RATE), 2), np.float32)
    stroke = (np.exp(-np.arange(RATE // 20) / RATE * 120) * np.sin(np.arange(RATE // 20) * 0.3)).astype(np.float32)
    for at in np.arange(first, seconds - 0.1, 60 / tempo):
        start = round(at * RATE)
        out[start : start + len(stroke)] += 0.5 * stroke[: len(out) - start, None]
    return Clip(out, RATE)


def strokes(samples: np.ndarray) -> np.ndarray:
    """Return when strokes begin, in seconds."""
    level = np.abs(samples).max(axis=1)
    loud = np.flatnonzero(level > 0.05)
    return loud[np.diff(loud, prepend=-RATE) > RATE // 5] / RATE


def test_matched_tempos_meet_half_way_and_their_beats_stay_together(tmp_path: Path) -> None:
    """At 80 and 82 beats a minute, every stroke in the joint falls on one of the other track, at 81."""
    one, other = clicks(80, 40.3, 0.2), clicks(82, 40, 0.5)
    items = [
        filed(tmp_path, one, "one", tempo=80.0, first_beat=0.2),
        filed(tmp_path, other, "other", tempo=82.0, first_beat=0.5),
    ]
    plan = plan_mix(items, 8, match=True)
    (joint,) = plan.joints
    assert joint.matched == pytest.approx(2.5, abs=0.01) and joint.on == "beat"
    assert joint.leaving > joint.frames > joint.coming
    mix = whole(stream_mix(plan))
    assert len(mix) == plan.frames
    start, end = plan.starts[1], plan.starts[1] + joint.frames
    beats = np.diff(strokes(mix[start:end]))[1:]  # the first one may have begun before
    assert beats == pytest.approx(60 / np.sqrt(80 * 82), abs=0.02)
    loose = plan_mix(items, 8).joints[0]
    assert loose.leaving == loose.coming == loose.frames and loose.matched == 0


def test_tempos_too_far_apart_are_left_alone() -> None:
    """More than three percent would be heard."""
    items = [MixItem(path=Path("x"), frames=60 * RATE, rate=RATE, title="t", tempo=tempo) for tempo in (80.0, 84.0)]
    assert plan_mix(items, match=True).joints[0].matched == 0


def test_half_time_meets_double_time() -> None:
    """41 beats a minute are matched with 80 as 82 would be."""
    items = [MixItem(path=Path("x"), frames=60 * RATE, rate=RATE, title="t", tempo=tempo) for tempo in (80.0, 41.0)]
    assert plan_mix(items, match=True).joints[0].matched == pytest.approx(2.5)


@settings(max_examples=60, deadline=None)
@given(
    tempos=st.tuples(st.floats(60, 120), st.floats(60, 120)),
    firsts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    bars=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    crossfade=st.floats(3, 10),
    lead=st.integers(0, RATE),
    match=st.booleans(),
)
def test_where_both_grids_are_known_bars_meet(tempos, firsts, bars, crossfade, lead, match) -> None:
    """The first bar line of the coming track is heard on a bar line of the leaving one, in time with it."""
    items = []
    for tempo, first, bar, skipped in zip(tempos, firsts, bars, (0, lead), strict=True):
        items.append(
            MixItem(
                path=Path("x"), frames=90 * RATE, rate=RATE, title="t", tempo=tempo, lead=skipped,
                first_beat=first, first_bar=first + bar * 60 / tempo,
            )
        )  # fmt: skip
    plan = plan_mix(items, crossfade, match=match)
    (joint,) = plan.joints
    assert joint.on in ("bar", "beat")
    leaving, coming = items
    pace = joint.frames / joint.coming
    heard = (coming.first_bar * RATE - coming.lead) * pace  # type: ignore[operator]
    # In beats of the leaving track since its first bar: until the joint at its own tempo, in it at the joint's.
    beat = 60 / tempos[0] * RATE
    until = (leaving.frames - joint.leaving - leaving.first_bar * RATE) / beat  # type: ignore[operator]
    since = until + heard / (beat * joint.frames / joint.leaving)
    unit = 4 if joint.on == "bar" else 1
    off = since % unit
    assert min(off, unit - off) < 0.01
    assert 3 <= joint.frames / RATE <= 10.001


def test_a_joint_is_longer_where_the_leaving_track_rings_out() -> None:
    """A track that fades for five seconds is overlapped sooner than its wish, so that no hole is heard."""
    ringing = tuple(10 ** (-max(0, step - 100) * 0.08) for step in range(150))
    steady = (1.0,) * 150
    hole = [
        MixItem(path=Path("x"), frames=60 * RATE, rate=RATE, title="t", head=steady, tail=t) for t in (ringing, steady)
    ]
    level = [item.but(tail=steady) for item in hole]
    assert plan_mix(hole, 4).overlaps[0] > plan_mix(level, 4).overlaps[0] == 4 * RATE
    assert dip(ringing, steady, 4, 4, 4) > 3 > dip(ringing, steady, 9, 9, 9)


def test_equal_noises_are_foretold_not_to_dip() -> None:
    """Equal power of unrelated sounds stays level."""
    assert dip((1.0,) * 150, (1.0,) * 150, 6, 6, 6) == pytest.approx(0, abs=0.05)
