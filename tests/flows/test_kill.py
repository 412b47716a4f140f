"""Kill it anywhere: SIGKILL at random moments of real runs (--kills says how many), the promises checked after each."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
import soundfile
from door import Door
from PIL import Image

from pipeline.errors import Held
from pipeline.shelf import AlbumFolder

WORDS = ("--tracks", "2", "--seconds", "10", "--takes", "2", "--pictures")
ASKED = 4
WORKERS = 2
PREFECT_EVERY = 4
"""Every fourth kill hits a run under Prefect; the others hit plain runs, which start in a tenth of the time."""


def start(door: Door, seed: int, *, prefect: bool = False) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        door.command("make", "kill me softly", *WORDS, "--seed", str(seed), *(() if prefect else ("--plain",))),
        env=door.environment(LOFI_WORKERS=str(WORKERS)),
        cwd=door.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(run: subprocess.Popen[bytes], library: Path) -> None:
    """Freeze a run, see that nobody else may write the album it holds, and kill it."""
    run.send_signal(signal.SIGSTOP)
    if run.returncode is None:  # a signal that was sent is not there yet; one that had ended was not sent any
        os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    for path in library.glob("albums/*/.lease.json"):
        if json.loads(path.read_text())["pid"] == run.pid:
            with pytest.raises(Held), AlbumFolder(path.parent, path.parent.name).hold():
                pytest.fail("two writers")
    run.send_signal(signal.SIGKILL)
    run.wait()


def whole(path: Path) -> bool:
    """Whether a file with a final name can be used as what its name says."""
    if path.suffix in {".flac", ".mp3", ".opus"}:
        with soundfile.SoundFile(path) as file:
            return len(file.read()) == file.frames > 0
    if path.suffix in {".png", ".jpg"}:
        with Image.open(path) as picture:
            picture.load()
        return True
    if path.suffix == ".json":
        json.loads(path.read_text())
    return path.stat().st_size > 0


def finished_takes(library: Path) -> dict[Path, tuple[int, int]]:
    """Return what identifies each finished take on the disk: a render paid for again would change it."""
    found = {}
    for path in library.glob("albums/*/takes/*.flac"):
        status = path.stat()
        found[path] = (status.st_ino, status.st_mtime_ns)
    return found


def ledger(library: Path) -> dict[str, list[str]]:
    """Return the outcomes of every render in the ledger, by album."""
    path = library / "catalogue.db"
    if not path.exists():
        return {}
    with sqlite3.connect(path) as database:
        try:
            rows = database.execute("select album, outcome from renders").fetchall()
        except sqlite3.OperationalError:  # killed before the first migration was committed
            return {}
    by_album: dict[str, list[str]] = {}
    for album, outcome in rows:
        by_album.setdefault(album, []).append(outcome)
    return by_album


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_again_and_again_it_loses_nothing_and_pays_for_nothing_twice(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Promises 1 to 6 hold after every kill, and each album is finished in the end."""
    door = Door(tmp_path / "library", tmp_path)  # a home of its own: Prefect's database is killed as well
    kills, chance = request.config.getoption("--kills"), random.Random(20)
    lasts, seed = {}, 0
    for prefect in (False, True):
        clock = time.monotonic()
        assert start(door, seed, prefect=prefect).wait(timeout=300) == 0
        lasts[prefect] = time.monotonic() - clock
        seed += 1
    killed: Counter[int] = Counter()
    kept = finished_takes(door.library)
    seen: set[tuple[Path, int, int]] = set()
    while killed.total() < kills:
        prefect = killed.total() % PREFECT_EVERY == PREFECT_EVERY - 1
        run = start(door, seed, prefect=prefect)
        try:
            code = run.wait(timeout=chance.uniform(0.1, 1.1) * lasts[prefect])
        except subprocess.TimeoutExpired:
            kill(run, door.library)
            killed[seed] += 1
        else:
            # Not killed in time: it must have finished, whatever was done to the runs before it.
            assert code == 0
            seed += 1
        now = finished_takes(door.library)
        assert kept.items() <= now.items(), "a finished take was lost or rendered again"
        kept = now
        for path in door.library.glob("albums/*/**/*"):
            # Hidden files are the ones still being written; everything else must be whole (promise 2).
            if path.is_file() and not path.name.startswith("."):
                mark = (path, path.stat().st_ino, path.stat().st_mtime_ns)
                assert mark in seen or whole(path), path
                seen.add(mark)
    assert start(door, seed).wait(timeout=300) == 0
    checked = door.run("verify")
    assert checked.returncode == 0, checked.stdout
    for manifest in door.library.glob("albums/*/album.json"):
        slug, seed = manifest.parent.name, json.loads(manifest.read_text())["brief"]["seed"]
        outcomes = Counter(ledger(door.library)[slug])
        # Each kill interrupts what the two workers were rendering, and nothing else is ever paid for (promise 4).
        assert outcomes["interrupted"] <= WORKERS * killed[seed], (slug, outcomes)
        assert outcomes["finished"] == ASKED == outcomes.total() - outcomes["interrupted"], (slug, outcomes)
        assert len(list(manifest.parent.glob("takes/*.flac"))) == ASKED
