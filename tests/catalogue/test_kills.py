"""SIGKILL at every point of an album, with shelf and catalogue together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder in memory where there is one: a killed process loses nothing that was written."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def kill_everywhere(disk: Path, mutant: str) -> tuple[list[int], str | None]:
    """Return how many points there were and the promise that was broken."""
    paths = os.pathsep.join(str(path) for path in (HERE.parents[1], HERE.parent))
    run = subprocess.run(
        [sys.executable, str(HERE / "kill_everywhere.py"), str(disk), mutant],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    return said["points"], said["broken"]


@pytest.mark.slow
def test_no_kill_breaks_a_promise(disk: Path) -> None:
    """Killed anywhere, an album shows nothing that is not there, goes on, and pays for no take twice."""
    points, broken = kill_everywhere(disk, "none")
    assert broken is None
    assert points[0] > 40 and points[1] == 24


@pytest.mark.parametrize("mutant", ["in place", "database first", "take in the database first"])
def test_a_careless_order_is_caught(disk: Path, mutant: str) -> None:
    """The same kills find a file written in place, and a catalogue written before the shelf."""
    _, broken = kill_everywhere(disk, mutant)
    assert broken is not None and "promise" in broken
