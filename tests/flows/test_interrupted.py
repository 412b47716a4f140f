"""What happens to a run that is stopped, or that loses its Prefect on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
from pathlib import Path

import psutil
from door import ROOT, SMALL, THEME, Door

from pipeline.domain import Album


def until(process: subprocess.Popen[str], step: str) -> None:
    """Read what a run prints until it has finished its first step of a kind."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(step):
            return
    raise AssertionError(f"no {step}: {process.communicate()[1]}")


def takes(door: Door) -> dict[Path, int]:
    """Return when each take was written."""
    return {path: path.stat().st_mtime_ns for path in door.library.glob("albums/*/takes/*.flac")}


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(door: Door) -> None:
    """An interrupt ends with one line and no traceback, and the same command finishes the album."""
    run = door.start("make", THEME, *SMALL, "--seed", "3", "--plain")
    until(run, "render")
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in errors and "Everything finished is kept. The same command goes on" in errors
    kept = takes(door)
    assert kept
    door.make(*SMALL, "--seed", "3", "--plain")
    assert kept.items() <= takes(door).items()


def test_ctrl_c_gives_up_takes_that_need_long_and_keeps_those_that_are_whole(door: Door) -> None:
    """Of a batch of four that would go on for ever two are whole: they are on the shelf, and the ledger says so."""
    words = (*SMALL, "--seed", "8", "--plain", "--musician", "patient_band:PatientBand")
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    run = door.start("make", THEME, *words, PYTHONPATH=paths)
    until(run, "asked for 1-1 1-2 2-1 2-2")
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 130
    assert "longer renders are given up" in errors and "same command goes on" in errors and "Traceback" not in errors
    assert sorted(path.name for path in takes(door)) == ["01-2.flac", "02-2.flac"]
    with sqlite3.connect(door.library / "catalogue.db") as database:
        outcomes = [outcome for (outcome,) in database.execute("select outcome from renders order by id")]
    assert outcomes == ["interrupted", "finished", "interrupted", "finished"]


def test_ctrl_c_while_a_clip_is_rendered_names_the_seed_that_goes_on(door: Door) -> None:
    """No seed was asked for, so the same words alone would make another clip; the take that is whole is kept."""
    words = ("render", "rain", "--seconds", "10", "--takes", "2", "--musician", "patient_band:PatientBand")
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    run = door.start(*words, PYTHONPATH=paths)
    until(run, "asked for 1-1 1-2")
    run.send_signal(signal.SIGINT)
    said, errors = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in errors and "Everything finished is kept." in errors
    (seed,) = re.findall(r"--seed (\d+)", said)
    (kept,) = door.library.glob("clips/*.flac")
    assert kept.name == f"rain-{seed}-2.flac"
    again = door.run(*words, "--seed", seed, PYTHONPATH=paths, QUICK="1")
    assert again.returncode == 0, again.stderr
    assert "asked for 1-1\n" in again.stdout and len(list(door.library.glob("clips/*.flac"))) == 2


def test_a_second_ctrl_c_leaves_at_once_and_takes_the_workers_along(door: Door) -> None:
    """The first one lets renders of ten minutes finish; the second does not wait for them, and loses no more."""
    run = door.start("make", THEME, "--tracks", "2", "--seconds", "600", "--takes", "1", "--seed", "4", "--plain")
    until(run, "plan")
    workers = psutil.Process(run.pid).children(recursive=True)
    assert workers
    assert run.stderr is not None
    run.send_signal(signal.SIGINT)
    assert "Once more to leave at once" in run.stderr.readline()
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode == 130
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive
    assert not takes(door)


def test_ctrl_c_before_anything_is_loaded_is_as_quiet(door: Door) -> None:
    """In the first second, with half of the libraries imported, too; nothing is finished, and nothing said to be."""
    run = door.start("make", THEME, *SMALL, "--seed", "3")
    until(run, "Opening")
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in errors and "Stopped." in errors and "kept" not in errors


def test_an_album_outlives_its_prefect_server(door: Door) -> None:
    """Killed half-way, the server takes nothing along: the album is finished, and nothing is complained about."""
    run = door.start("make", THEME, *SMALL, "--seed", "5", "--json")
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("render"):
            break
    (server,) = (child for child in psutil.Process(run.pid).children() if "flows.prefect_server" in child.cmdline())
    server.kill()
    said, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    assert {line.split()[0] for line in errors.splitlines()} == {
        "render",
        "judge",
        "choose",
        "cover",
        "master",
        "mix",
        "release",
    }
    folder = door.album(json.loads(said)["slug"])
    album = Album.model_validate_json((folder / "album.json").read_bytes())
    assert all((folder / file.path).stat().st_size for file in album.files())


def test_two_first_runs_at_once_do_not_trip_over_one_new_database(tmp_path: Path) -> None:
    """Both set up Prefect in one empty home; each gets its album."""
    doors = [Door(tmp_path / name, tmp_path) for name in ("one", "two")]
    runs = [door.start("make", THEME, *SMALL, "--seed", "6") for door in doors]
    for run in runs:
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors
