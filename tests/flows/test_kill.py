"""Kill it anywhere: SIGKILL at random moments of real runs (--kills says how many), the promises checked after each."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
import soundfile
from door import Door
from PIL import Image

WORDS = ("--tracks", "2", "--seconds", "10", "--takes", "2", "--plain")
ASKED = 4


def start(door: Door, seed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        door.command("make", "kill me softly", *WORDS, "--seed", str(seed)),
        env=door.environment(LOFI_WORKERS="2"),
        cwd=door.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


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
    door: Door, request: pytest.FixtureRequest
) -> None:
    """Promises 1 to 6 hold after every kill, and each album is finished in the end."""
    kills, chance = request.config.getoption("--kills"), random.Random(20)
    clock = time.monotonic()
    first = start(door, 0)
    assert first.wait(timeout=120) == 0
    whole_run = time.monotonic() - clock
    seed, killed = 1, 0
    kept = finished_takes(door.library)
    seen: set[tuple[Path, int, int]] = set()
    while killed < kills:
        run = start(door, seed)
        try:
            code = run.wait(timeout=chance.uniform(0.1, 1.1) * whole_run)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
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
        for album, outcomes in ledger(door.library).items():
            assert len(outcomes) <= ASKED + killed, album
    assert start(door, seed).wait(timeout=120) == 0
    checked = door.run("verify")
    assert checked.returncode == 0, checked.stdout
    for album, outcomes in ledger(door.library).items():
        takes = len(list((door.library / "albums" / album / "takes").glob("*.flac")))
        assert outcomes.count("finished") == takes == ASKED, (album, outcomes)
        interrupted = outcomes.count("interrupted")
        assert len(outcomes) == ASKED + interrupted, (album, outcomes)
