"""`lofi make`, as a person meets it."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pyloudnorm
import pytest
import soundfile
from door import SMALL, THEME, Door
from PIL import Image
from scipy.signal import resample_poly

from pipeline.domain import Album

Made = Any


def audio(path: Path) -> tuple[np.ndarray, int]:
    """Return float64 [frames, channels] and the rate, of M4A as ffmpeg decodes it."""
    if path.suffix != ".m4a":
        return soundfile.read(path, always_2d=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", f"file:{path}", "-f", "f32le", "-"]
    decoded = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(decoded, "<f4").reshape(-1, 2).astype(float), 44100


def test_one_command_leaves_a_whole_album(by_prefect: Made) -> None:
    """The folder holds everything a person would upload, under the names the README gives."""
    folder, album = by_prefect.folder, by_prefect.album
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"album.json", "plan.json", "cover.png", "thumbnail.jpg", "mix.flac", "mix.m4a", "mix.cue"} <= there
    for track in album.tracks:
        names = [Path(file.path).name for file in track.files]
        assert names[0].startswith(f"{track.number:02d} - ") and names[0].endswith(".flac")
        assert {name.rpartition(".")[2] for name in names} == {"flac", "mp3", "opus", "m4a"}
    assert not [name for name in there if name.endswith(".part")]


def test_the_plain_run_and_the_prefect_run_make_the_same_album(by_prefect: Made, by_plain: Made) -> None:
    """Same seed, same bytes: every file has the same hash, and the manifests differ only in the run."""
    with_prefect, without = by_prefect.album, by_plain.album
    assert [file.sha256 for file in with_prefect.files()] == [file.sha256 for file in without.files()]
    assert with_prefect.model_dump(exclude={"run"}) == without.model_dump(exclude={"run"})
    assert (with_prefect.run.flow, without.run.flow) == ("prefect", "plain")


def test_the_flow_is_a_real_prefect_run(by_prefect: Made, home: Path) -> None:
    """Prefect's own database knows the flow as completed, with a task for every step and track, and the artifacts."""
    with sqlite3.connect(home / ".prefect" / "prefect.db") as database:
        flows = database.execute("select state_type from flow_run").fetchall()
        # Of albums alone: a night shift in the same home has the album itself as one of its tasks.
        found = database.execute(
            "select task_run.name, task_run.state_type from task_run join flow_run on flow_run_id = flow_run.id"
            " join flow on flow_id = flow.id where flow.name = 'make-album'"
        )
        tasks = dict(found.fetchall())
        artifacts = database.execute("select key, type, data from artifact").fetchall()
    assert ("COMPLETED",) in flows
    steps = {name.split()[0] for name in tasks}
    assert steps == {"plan", "render", "judge", "choose", "cover", "master", "mix", "release"}
    assert set(tasks.values()) == {"COMPLETED"}
    for track in by_prefect.album.tracks:
        assert any(name.startswith("render") and track.title in name for name in tasks)
    kinds = {kind: str(data) for _, kind, data in artifacts}
    assert by_prefect.album.tracks[0].title.split()[0] in kinds["markdown"]
    assert "cover.png" in kinds["markdown"] or any("cover.png" in str(data) for _, _, data in artifacts)


def test_every_track_is_as_loud_as_it_should_be_in_every_format(by_plain: Made) -> None:
    """-14 LUFS within 0.3, and no true peak over -1 dBTP, also after lossy encoding, by an independent meter."""
    for track in by_plain.album.tracks:
        for file in track.files:
            samples, rate = audio(by_plain.folder / file.path)
            assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(-14, abs=0.3)
            peak = np.abs(resample_poly(samples, 8, 1, axis=0)).max()
            assert 20 * np.log10(peak) <= -1.0 + 0.05


def test_the_master_is_24_bit_flac_at_44100(by_plain: Made) -> None:
    """What a distributor asks for."""
    for track in by_plain.album.tracks:
        info = soundfile.info(by_plain.folder / track.files[0].path)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_24", 44100, 2)


def test_every_track_ends_by_itself(by_plain: Made) -> None:
    """No track is cut: its last tenth of a second is at least 40 dB below its loudest."""
    for track in by_plain.album.tracks:
        samples, rate = audio(by_plain.folder / track.files[0].path)
        tail = np.sqrt(np.mean(samples[-rate // 10 :] ** 2))
        assert 20 * np.log10(max(tail, 1e-9) / np.abs(samples).max()) < -40


def test_the_music_is_lo_fi(by_plain: Made) -> None:
    """Nothing much above 12 kHz, no rumble below 30 Hz, and a real stereo picture."""
    for track in by_plain.album.tracks:
        samples, rate = audio(by_plain.folder / track.files[0].path)
        power = np.mean(np.abs(np.fft.rfft(samples, axis=0)) ** 2, axis=1)
        hertz = np.fft.rfftfreq(len(samples), 1 / rate)
        whole = power.sum()
        assert power[hertz > 12000].sum() / whole < 1e-3
        assert power[hertz < 25].sum() / whole < 0.02
        left, right = samples.T
        assert 0.2 < np.corrcoef(left, right)[0, 1] < 0.999


def test_the_mix_lasts_the_sum_less_the_overlaps(by_plain: Made) -> None:
    """To the sample, and the chapters start where the tracks do."""
    album: Album = by_plain.album
    overlaps = sum(joint.frames for joint in album.mix.joints)
    assert album.mix.frames == sum(track.frames for track in album.tracks) - overlaps
    assert soundfile.info(by_plain.folder / "mix.flac").frames == album.mix.frames
    assert album.mix.starts[0] == 0
    assert album.mix.starts[1] == album.tracks[0].frames - album.mix.joints[0].frames
    cue = (by_plain.folder / "mix.cue").read_text()
    for track in album.tracks:
        assert track.title.replace('"', "'") in cue


def test_the_pictures_are_what_platforms_ask_for(by_plain: Made) -> None:
    """3000 x 3000 cover, 1280 x 720 thumbnail under 2 MB."""
    with Image.open(by_plain.folder / "cover.png") as cover:
        assert cover.size == (3000, 3000)
    with Image.open(by_plain.folder / "thumbnail.jpg") as thumbnail:
        assert thumbnail.size == (1280, 720)
    assert (by_plain.folder / "thumbnail.jpg").stat().st_size < 2_000_000


def test_json_is_one_document_and_says_what_was_made(by_plain: Made) -> None:
    """A program can read it: titles, lengths and files, and the files are there."""
    assert by_plain.said["title"] == by_plain.album.plan.title
    assert len(by_plain.said["tracks"]) == 2
    for track in by_plain.said["tracks"]:
        for file in track["files"]:
            assert (Path(by_plain.said["folder"]) / file).is_file()


def test_a_dry_run_writes_nothing(door: Door) -> None:
    """--dry-run shows the plan and leaves no library behind."""
    shown = door.run("make", THEME, *SMALL, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "--seed" in shown.stdout
    assert not door.library.exists()


def test_the_same_seed_again_is_already_made(by_plain: Made) -> None:
    """Running the same command again renders nothing and says so."""
    words = (*SMALL, "--seed", "7", "--format", "mp3", "--format", "opus", "--format", "m4a", "--plain")
    before = (by_plain.folder / "album.json").read_bytes()
    again = by_plain.door.run("make", THEME, *words)
    assert again.returncode == 0, again.stderr
    assert "made already" in again.stdout
    assert (by_plain.folder / "album.json").read_bytes() == before


def test_the_ledger_has_every_render_and_no_more_than_asked(by_plain: Made) -> None:
    """Two tracks of two takes are four renders."""
    spend = by_plain.album.run.spend
    assert spend.asked == 4
    assert spend.interrupted == 0
    with sqlite3.connect(by_plain.door.library / "catalogue.db") as catalogue:
        (renders,) = catalogue.execute("select count(*) from renders").fetchone()
    assert renders == spend.asked + spend.rerolls
