"""A long mix is what was asked for, whatever happens while it is made; what cannot be made is said in one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile
from door import ROOT, Door
from small_label import PAINTER, RATE, SLUGS, SmallLabel, copied, files_below, lofi_here, music, put_album, small_label

from flows.values import BadValue
from pipeline.audio.chapters import clock
from pipeline.audio.clip import Clip
from pipeline.audio.decode import decode
from pipeline.audio.ffmpeg import drain, find_ffmpeg
from pipeline.domain import LongMix, MixProject
from pipeline.errors import BackendFailed, BackendUnavailable, BadBrief, Damaged, DiskFull, Held, LofiError, ShelfError
from pipeline.longmix.make import finished_mix, make_mix, plan
from pipeline.shelf.album_folder import MANIFEST, PLAN
from pipeline.shelf.mix_folder import BEGUN
from pipeline.workers import Workers

WORDS = ("mix", *SLUGS, "--title", "A Long Night", "--crossfade", "3", "--format", "flac")
"""What `SmallLabel.wish()` is in words."""


def metadata(path: Path) -> str:
    """Return tags and chapters as ffmpeg reads them."""
    said = drain(["-i", f"file:{path}", "-f", "ffmetadata", "pipe:1"], path, 1 << 16)
    return b"".join(said).decode()


def starts_in(path: Path) -> list[float]:
    """Return the seconds at which the chapters of a file begin."""
    marks = re.findall(r"TIMEBASE=1/(\d+)\nSTART=(\d+)", metadata(path))
    return [int(start) / int(base) for base, start in marks]


def test_a_mix_lasts_what_was_asked_or_a_little_more_in_every_format(label: SmallLabel) -> None:
    """Five files of one pass are read back: as long as mix.json says, with a chapter where each track begins."""
    made = make_mix(label.press, label.wish(hours=0.007, formats=("flac", "mp3", "m4a", "opus", "wav")))
    folder = label.shelf.mix(made.slug)
    assert 25.2 <= made.mix.seconds < 25.2 + 12
    assert LongMix.model_validate_json((folder.folder / "mix.json").read_bytes()) == made
    for form in ("flac", "wav", "m4a", "mp3"):
        assert decode(folder.path(f"mix.{form}")).frames == made.mix.frames, form
    opus = decode(folder.path("mix.opus"))
    assert abs(opus.frames / opus.rate - made.mix.seconds) < 0.001
    for form in ("flac", "m4a", "mp3", "opus"):
        found = starts_in(folder.path(f"mix.{form}"))
        off = 0.04 if form == "mp3" else 0.001  # ffmpeg counts from after the encoder's delay
        assert found == pytest.approx([start / made.mix.rate for start in made.mix.starts], abs=off), form
    assert made.mix.true_peak <= -1.0
    folder.verify_all(made)


def test_the_same_command_again_changes_nothing(label: SmallLabel, cache: Path) -> None:
    """It says that the mix is made already, for people and programs, and not a file is touched."""
    made = make_mix(label.press, label.wish())
    before = files_below(label.shelf.root)
    again = lofi_here(label.shelf.root, cache, *WORDS)
    assert again.exception is None and "made already" in again.stdout
    said = json.loads(lofi_here(label.shelf.root, cache, *WORDS, "--json").stdout)
    assert (said["slug"], said["mix"]["frames"]) == (made.slug, made.mix.frames)
    assert files_below(label.shelf.root) == before


def test_a_dry_run_shows_the_order_and_writes_nothing(small_library: Path, tmp_path: Path, cache: Path) -> None:
    """Whatever it measured, nothing below the library is other than it was."""
    library = copied(small_library, tmp_path / "library")
    before = files_below(library)
    shown = lofi_here(library, cache, *WORDS, "--dry-run")
    assert shown.exception is None and "Gutter Song" in shown.stdout and "7 tracks" in shown.stdout
    assert len(json.loads(lofi_here(library, cache, *WORDS, "--dry-run", "--json").stdout)["starts"]) == 7
    assert files_below(library) == before


LONG = ("mix", *SLUGS, "--title", "A Long Night", "--crossfade", "3", "--hours", "0.02", "--repeats")
"""More than a minute, as FLAC and M4A."""


@pytest.fixture
def outside(small_library: Path, tmp_path: Path) -> Door:
    """A copy of the small library with a door."""
    return Door(copied(small_library, tmp_path / "outside"), tmp_path)


def given(cache: Path) -> dict[str, str]:
    """Return what a process is told beside the words."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    return {"PYTHONPATH": paths, "LOFI_CACHE": str(cache), "LOFI_PAINTER": PAINTER, "LOFI_WORKERS": "1"}


def test_stopped_and_killed_it_goes_on_to_the_very_same_mix(outside: Door, label: SmallLabel, cache: Path) -> None:
    """Ctrl-C, then kill -9 once the M4A is checked: the third run makes no sound anew, and the very same FLAC."""
    folder = outside.library / "mixes" / "a-long-night"
    run = outside.start(*LONG, **given(cache))
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("Mixing"):
            break
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in errors, errors
    assert "Everything finished is kept. The same command goes on from here." in errors
    assert not list(folder.glob(".*.part"))

    checking, go_on = outside.home / "checking", outside.home / "go on"
    os.mkfifo(checking)
    os.mkfifo(go_on)
    waiting = outside.home / "bin" / "ffmpeg"
    waiting.parent.mkdir()
    wait = f"case \"$*\" in *pipe:1*) echo >'{checking}'; cat '{go_on}';; esac"
    waiting.write_text(f'#!/bin/sh\n{wait}\nexec {find_ffmpeg()} "$@"\n')
    waiting.chmod(0o755)
    run = outside.start(*LONG, **given(cache), PATH=f"{waiting.parent}:/usr/bin:/bin")
    checking.read_text()
    run.kill()
    run.communicate()
    go_on.write_text("")
    assert [place.name.split(".")[1:3] for place in folder.glob(".mix.*.part")]

    wish = label.wish(hours=0.02, repeats=True, formats=("flac", "m4a"))
    with small_label(outside.library, cache, label.press.workers) as again:
        done = make_mix(again.press, wish)
    assert again.heard.notes == [
        "Going on with what the interrupted run had written of mix.flac, and encoding mix.m4a anew."
    ]
    assert {place.name for place in folder.iterdir() if place.name != ".lock"} == {
        *(file.path for file in done.files()), "plan.json", "cover.json", "sound.json", "mix.json",
    }  # fmt: skip
    assert [place.name for place in folder.parent.iterdir()] == [folder.name]
    whole = make_mix(label.press, wish)
    assert (folder / "mix.flac").read_bytes() == label.shelf.mix(whole.slug).path("mix.flac").read_bytes()
    assert done.mix.starts == whole.mix.starts


def test_what_was_written_is_kept_before_anyone_else_may_write(label: SmallLabel) -> None:
    """When Ctrl-C has let go of the mix, its worker has, too: the next run finds all, and goes on to the very same."""
    wish = label.wish(hours=0.025, repeats=True)
    whole = make_mix(label.press, wish)
    before = label.shelf.mix(whole.slug).path("mix.flac").read_bytes()
    shutil.rmtree(label.shelf.mixes_folder)
    calls = []

    def stop(what: str, *_: int) -> None:
        calls.append(what)
        if calls.count("Mixing") == 2:  # a minute of it
            raise KeyboardInterrupt

    with Workers(1) as workers:
        with pytest.raises(KeyboardInterrupt):
            make_mix(replace(label.press, workers=workers, report=stop), wish)
        folder = label.shelf.mix("a-long-night")
        assert folder.begun is not None and 500_000 < folder.begun.stat().st_size < len(before)
        assert not list(folder.folder.glob(".*.part"))
    make_mix(label.press, wish)
    assert folder.path("mix.flac").read_bytes() == before and folder.begun is None


def test_two_runs_at_once(label: SmallLabel) -> None:
    """The second is told which process holds the mix, and the first is not disturbed."""
    wish = label.wish("returned-books")
    seen = []

    def another(what: str, *_: int) -> None:
        if what == "Mixing" and not seen:
            seen.append(what)
            with pytest.raises(Held, match=f"The mix a-long-night is being written by process {os.getpid()}") as held:
                make_mix(label.press, wish)
            assert held.value.exit_code == 3

    made = make_mix(replace(label.press, report=another), wish)
    assert seen and finished_mix(label.shelf, wish) == made


def test_an_interruption_while_going_on_does_not_throw_away_what_was_further(label: SmallLabel) -> None:
    """A run that is stopped before it has caught up with an earlier one leaves the earlier one's work as it is."""
    wish = label.wish("rain-on-tin")
    made = make_mix(label.press, wish)
    folder = label.shelf.mix(made.slug)
    for name in ("mix.json", "sound.json"):
        (folder.folder / name).unlink()
    further = (folder.folder / "mix.flac").rename(folder.folder / BEGUN).read_bytes()

    def stop(what: str, *_: int) -> None:
        if what == "Mixing":
            raise KeyboardInterrupt

    with Workers(1) as workers, pytest.raises(KeyboardInterrupt):
        make_mix(replace(label.press, workers=workers, report=stop), wish)
    assert (folder.folder / BEGUN).read_bytes() == further
    assert make_mix(label.press, wish).mix.starts == made.mix.starts
    assert folder.path("mix.flac").read_bytes() == further


@pytest.mark.parametrize("hours", ["nan", "inf", "ten"])
def test_hours_that_are_no_number_are_refused(small_library: Path, cache: Path, hours: str) -> None:
    """One line names the option and the value; nothing is begun."""
    refused = lofi_here(small_library, cache, *WORDS, "--hours", hours).exception
    assert isinstance(refused, BadValue) and refused.exit_code == 2
    assert str(refused) == f"--hours is “{hours}”, and must be a number."
    assert not (small_library / "mixes").exists()


@pytest.mark.parametrize("hours", ["0", "-1", "1000"])
def test_hours_that_no_mix_has_are_refused(small_library: Path, cache: Path, hours: str) -> None:
    """One line names the option, the value and what is possible; nothing is begun."""
    refused = lofi_here(small_library, cache, *WORDS, "--hours", hours).exception
    assert isinstance(refused, BadBrief) and refused.exit_code == 2
    assert "--hours" in str(refused) and hours in str(refused) and "24 hours" in str(refused)
    assert not (small_library / "mixes").exists()


def test_a_crossfade_that_no_joint_has_is_refused_by_its_option(small_library: Path, cache: Path) -> None:
    """One line names the option and what is possible."""
    refused = lofi_here(small_library, cache, *WORDS, "--crossfade", "2").exception
    assert isinstance(refused, BadBrief) and "--crossfade cannot be 2" in str(refused) and "3 to 10" in str(refused)


def test_too_few_tracks_are_counted_and_repeats_fill_up(label: SmallLabel) -> None:
    """The refusal has the figures and what helps; with --repeats the mix is made, and no track follows itself."""
    with pytest.raises(BadBrief) as refused:
        make_mix(label.press, label.wish(hours=0.05))
    said = str(refused.value)
    assert "0.05 hours" in said and "these albums have 7" in said and "--repeats" in said and "\n" not in said
    made = make_mix(label.press, label.wish(hours=0.05, repeats=True))
    assert made.mix.seconds >= 180
    tracks = [(track.album, track.number) for track in made.project.tracks]
    assert all(one != other for one, other in pairwise(tracks))


def test_the_figures_of_a_refusal_are_those_of_the_mix_there_is(label: SmallLabel) -> None:
    """Where joints turn out longer than wished, nobody is told that these tracks make more than was asked for."""
    there = plan(label.press, label.wish())
    real = sum(track.frames for track in there.tracks) - sum(joint.frames for joint in there.joints)
    wished = sum(track.frames for track in there.tracks) / there.rate - 3 * (len(there.tracks) - 1)
    assert real / there.rate < wished
    with pytest.raises(BadBrief) as refused:
        plan(label.press, label.wish(hours=(wished - 0.01) / 3600))
    assert f"which make {clock(real / there.rate)}." in str(refused.value)


def test_the_same_music_is_mixed_once(label: SmallLabel) -> None:
    """A near-duplicate of another album's track is left out, and both are named."""
    put_album(label.shelf, label.catalogue, "Rain Again", ("Gutter Song Again", "New Song"), [music(0), fresh()])
    made = make_mix(label.press, label.wish("rain-on-tin", "rain-again"))
    (note,) = label.heard.notes
    assert note == (
        "“Gutter Song Again” (rain-again, track 1) is the same music as “Gutter Song” (rain-on-tin, track 1): left out."
    )
    assert {track.title for track in made.project.tracks} == {"Gutter Song", "Slow Drops", "Dry Socks", "New Song"}


def fresh(rate: int = RATE, channels: int = 2) -> Clip:
    """A song that no album has, at any rate."""
    from sounds import song

    from pipeline.domain import Key

    played = song(92, Key.parse("B minor"), 12, 77).samples
    if rate != RATE:
        from scipy.signal import resample_poly

        played = resample_poly(played, rate, RATE).astype("float32")
    return Clip(played[:, :channels], rate)


def test_a_track_that_is_not_as_recorded_stops_it_in_one_line(label: SmallLabel) -> None:
    """Missing, cut or changed: the file is named, with what mends it, and no mix is begun."""
    folder = label.shelf.album("rain-on-tin")
    track = folder.path(folder.read_manifest().tracks[1].files[0].path)
    whole = track.read_bytes()
    for content, said in (
        (None, "is missing"),
        (whole[:-1000], "bytes"),
        (whole[:5000] + b"x" + whole[5001:], "does not match"),
    ):
        track.unlink()
        if content is not None:
            track.write_bytes(content)
        else:
            before = files_below(label.shelf.root)
        with pytest.raises(Damaged) as refused:
            make_mix(label.press, label.wish())
        assert str(track) in str(refused.value) and said in str(refused.value)
        assert "lofi make" in str(refused.value) and "\n" not in str(refused.value)
        track.write_bytes(whole)
    assert not label.shelf.mixes_folder.exists()
    assert set(before) < set(files_below(label.shelf.root))  # the one that was missing


def test_a_track_that_is_changed_after_a_mix_was_begun_is_not_mixed(label: SmallLabel) -> None:
    """Other sound of the same length would pass for the planned one: it is named, and what was written is kept."""
    made = make_mix(label.press, label.wish())
    mixed = label.shelf.mix(made.slug)
    for name in ("mix.json", "sound.json", "mix.flac"):
        (mixed.folder / name).unlink()
    folder = label.shelf.album("rain-on-tin")
    track = folder.path(folder.read_manifest().tracks[0].files[0].path)
    clip = decode(track)
    soundfile.write(track, clip.samples[::-1], clip.rate, format="FLAC", subtype="PCM_24")
    with pytest.raises(Damaged, match=re.escape(str(track))):
        make_mix(label.press, label.wish())


def test_an_album_that_is_not_there_or_not_finished(label: SmallLabel, cache: Path) -> None:
    """The nearest name is told, and of an unfinished album what shows how to go on."""
    unknown = lofi_here(label.shelf.root, cache, "mix", "rain-on-tim").exception
    assert isinstance(unknown, ShelfError) and "Did you mean rain-on-tin?" in str(unknown)
    (label.shelf.album("the-late-bus").folder / MANIFEST).unlink()
    unfinished = lofi_here(label.shelf.root, cache, *WORDS).exception
    assert isinstance(unfinished, LofiError)
    assert "not complete" in str(unfinished) and "lofi show the-late-bus" in str(unfinished)
    assert not label.shelf.mixes_folder.exists()


def test_two_sample_rates_and_a_mono_track_go_into_one_mix(label: SmallLabel) -> None:
    """The mix has the usual rate, is stereo, and is as long as it says."""
    clips = [fresh(48_000), Clip(music(5).samples[:, :1], RATE)]
    put_album(label.shelf, label.catalogue, "From Elsewhere", ("Fast Rate", "One Channel"), clips)
    made = make_mix(label.press, label.wish("from-elsewhere", "rain-on-tin"))
    sound = decode(label.shelf.mix(made.slug).path("mix.flac"))
    assert (made.mix.rate, sound.rate, sound.channels, sound.frames) == (44_100, 44_100, 2, made.mix.frames)
    assert {track.rate for track in made.project.tracks} == {32_000, 48_000}


def test_tracks_of_a_second_are_left_out(label: SmallLabel) -> None:
    """A note names each; an album of nothing else makes no mix, and says why."""
    second = Clip(fresh().samples[:RATE], RATE)
    put_album(label.shelf, label.catalogue, "Blips", ("Blip", "Blop"), [second, Clip(second.samples * 0.5, RATE)])
    made = make_mix(label.press, label.wish("blips", "returned-books"))
    assert len(made.project.tracks) == 2
    assert [note.partition(" lasts ")[0] for note in label.heard.notes] == [
        "“Blip” (blips, track 1)",
        "“Blop” (blips, track 2)",
    ]
    with pytest.raises(ShelfError, match=r"no track to mix.*“Blip”.*too short"):
        make_mix(label.press, label.wish("blips", title="B"))


HOSTILE = ("one=;#\n[CHAPTER]\nSTART=0", '"two" \' \\ 🌙🐈 ../../x', "שלום \u202eעולם #3")


def test_hostile_titles_stay_titles_in_every_list(label: SmallLabel) -> None:
    """No line, chapter, index or path is added to the CUE sheet, playlist, tracklist or files by what a title holds."""
    put_album(label.shelf, label.catalogue, "Nasty", HOSTILE, [music(n) for n in range(3)])
    made = make_mix(label.press, label.wish("nasty", title='Mix "=;#" ../..\u202e', formats=("flac", "m4a")))
    folder = label.shelf.mix(made.slug).folder
    assert folder.parent == label.shelf.mixes_folder
    lists = {name: (folder / name).read_text() for name in ("mix.cue", "mix.m3u8", "tracklist.txt")}
    assert len(re.findall(r"^  TRACK \d+ AUDIO$", lists["mix.cue"], re.M)) == 3
    assert lists["mix.cue"].count("FILE ") == 1 and lists["mix.cue"].count('"') % 2 == 0
    playlist = [line for line in lists["mix.m3u8"].splitlines() if not line.startswith("#")]
    assert len(playlist) == 3 and all((folder / line).is_file() for line in playlist)
    assert len(lists["tracklist.txt"].splitlines()) == 3
    assert all("\u202e" not in text for text in lists.values())
    for form in ("flac", "m4a"):
        assert len(starts_in(folder / f"mix.{form}")) == 3
        text = metadata(folder / f"mix.{form}")
        assert "🌙🐈" in text and "שלום" in text
    assert {track["title"] for track in json.loads((folder / "mix.json").read_text())["project"]["tracks"]} == set(
        HOSTILE
    )


def test_a_disk_that_is_too_small_or_fills_up_loses_nothing(
    disk: Path, small_library: Path, cache: Path, worker: Workers
) -> None:
    """Too small is said before anything is written; filled half-way, nothing half is left, and room lets it go on."""
    library = copied(small_library, disk / "library")
    hog = disk / "hog"
    with small_label(library, cache, worker) as label:
        hog.write_bytes(b"\1" * (shutil.disk_usage(disk).free - 5_000_000))
        before = files_below(library)
        with pytest.raises(DiskFull, match=re.escape(str(library))):
            make_mix(label.press, label.wish())
        assert files_below(library) == before
        hog.unlink()

        def fill(what: str, *_: int) -> None:
            if what == "Mixing" and not hog.exists():
                with hog.open("wb", buffering=0) as file:
                    file.write(b"\1" * (shutil.disk_usage(disk).free - 150_000))

        with pytest.raises(DiskFull, match=r"mix\.flac"):
            make_mix(replace(label.press, report=fill), label.wish(hours=0.05, repeats=True))
        folder = label.shelf.mix("a-long-night")
        assert not folder.is_complete() and not list(folder.folder.glob(".*.part"))
        assert not (folder.folder / "mix.flac").exists()
        hog.unlink()
        label.shelf.mix(make_mix(label.press, label.wish(hours=0.05, repeats=True)).slug).read_manifest()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused = lofi_here(library, cache, *WORDS, "--hours", "0.01").exception
    assert isinstance(refused, ShelfError) and "read-only" in str(refused) and str(library) in str(refused)


@pytest.mark.parametrize("dies", [False, True], ids=["missing", "dies"])
def test_without_an_ffmpeg_that_works_one_line_says_so(
    label: SmallLabel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    """Whether there is none or it ends half-way, nothing half is left, and the mix is made when there is one again."""
    bin = tmp_path / "bin"
    bin.mkdir()
    if dies:
        real = f'case "$*" in *-encoders*) exec {find_ffmpeg()} "$@";; esac'
        (bin / "ffmpeg").write_text(f"#!/bin/sh\n{real}\nhead -c 9999 >/dev/null\nkill -9 $$\n")
        (bin / "ffmpeg").chmod(0o755)
    (tmp_path / "imageio_ffmpeg.py").write_text("raise ImportError('not installed')")
    wish = label.wish("returned-books")
    with monkeypatch.context() as poor, Workers(1) as workers:
        poor.setenv("PATH", f"{bin}:/usr/bin:/bin" if dies else str(bin))
        poor.syspath_prepend(tmp_path)
        with pytest.raises(BackendFailed if dies else BackendUnavailable, match="ffmpeg") as refused:
            make_mix(replace(label.press, workers=workers), wish)
    assert refused.value.remedy and len(str(refused.value).splitlines()) == 1
    folder = label.shelf.mix("a-long-night")
    assert not list(folder.folder.glob(".*.part")) and not (folder.folder / "mix.flac").exists()
    label.shelf.mix(make_mix(label.press, wish).slug).read_manifest()


def test_another_arc_or_crossfade_is_another_mix(label: SmallLabel) -> None:
    """Neither is taken for the other, and each is found again."""
    wishes = [label.wish("rain-on-tin", **more) for more in ({}, {"arc": "settle"}, {"crossfade": 5.0})]
    made = [make_mix(label.press, wish) for wish in wishes]
    assert [mix.slug for mix in made] == ["a-long-night", "a-long-night-2", "a-long-night-3"]
    assert [finished_mix(label.shelf, wish) for wish in wishes] == made


def test_an_album_made_anew_makes_another_mix(label: SmallLabel, cache: Path) -> None:
    """A mix of it that was begun is not gone on with; `lofi show` says why, and has no command that would not work."""
    made = make_mix(label.press, label.wish())
    (label.shelf.mix(made.slug).folder / "mix.json").unlink()
    folder = label.shelf.album("rain-on-tin")
    folder.write_manifest(folder.read_manifest().but(notes=("made anew",)))
    assert finished_mix(label.shelf, label.wish()) is None
    assert make_mix(label.press, label.wish()).slug == "a-long-night-2"
    shown = lofi_here(label.shelf.root, cache, "show", made.slug).stdout
    assert "Made anew or gone since: rain-on-tin" in shown and "Go on with" not in shown


def test_a_cache_that_is_lost_or_garbled_costs_time_and_nothing_else(label: SmallLabel, tmp_path: Path) -> None:
    """The plan is the same, whatever was known before."""
    cache = tmp_path / "own"
    with small_label(label.shelf.root, cache, label.press.workers) as own:
        first = plan(own.press, own.wish())
        kept = sorted(cache.rglob("*.json"))
        assert len(kept) == 7
        kept[0].write_text("{")
        kept[1].unlink()
        assert plan(own.press, own.wish()) == first
        assert kept[0].read_text() != "{" and kept[1].exists()
        shutil.rmtree(cache)
        cache.write_text("a file where the cache should be")
        assert plan(own.press, own.wish()) == first


def test_a_mix_that_two_runs_plan_at_once_is_begun_once(label: SmallLabel) -> None:
    """The second to have its order finds the first one's mix, and makes no other beside it."""
    runs = []

    def another(what: str, done: int, whole: int) -> None:
        if (what, done) == ("Ordering", 1) and not runs:
            runs.append(None)
            runs.append(make_mix(label.press, label.wish()))

    made = make_mix(replace(label.press, report=another), label.wish())
    assert made == runs[1]
    assert [folder.slug for folder in label.shelf.mixes()] == ["a-long-night"]


def test_a_mix_with_a_damaged_file_is_mended(label: SmallLabel, cache: Path) -> None:
    """The same command finds that it is not whole, and makes the very same file again."""
    made = make_mix(label.press, label.wish())
    folder = label.shelf.mix(made.slug)
    whole = folder.path("mix.flac").read_bytes()
    folder.path("mix.flac").write_bytes(whole[:-5])
    with pytest.raises(Damaged, match="lofi mix"):
        folder.verify_all(made)
    assert make_mix(label.press, label.wish()) == made
    assert folder.path("mix.flac").read_bytes() == whole


def test_the_plan_of_a_mix_is_on_the_shelf_before_its_sound(label: SmallLabel) -> None:
    """plan.json has the order that mix.json has at the end."""
    made = make_mix(label.press, label.wish("returned-books"))
    assert label.shelf.mix(made.slug).peek(PLAN, MixProject) == made.project
