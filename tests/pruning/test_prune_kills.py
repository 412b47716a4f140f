"""Pruning, killed by SIGKILL before every single change it makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pruned_library import Old

HERE = Path(__file__).parent


def test_killed_anywhere_nothing_is_missing_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """After every kill the album is whole by its own account, and the same command ends where it would have ended."""
    old = Old(tmp_path / "library")
    with old.catalogue:
        old.decide("approved")
    paths = os.pathsep.join(str(path) for path in (HERE.parents[1], HERE.parent, HERE))
    run = subprocess.run(
        [sys.executable, str(HERE / "prune_and_die.py"), str(old.shelf.root), str(tmp_path / "copies")],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    *killed, last = told
    assert last["lived"] and len(killed) >= 6
    assert {each["then"]["wrong"] for each in told} == {each["after"]["wrong"] for each in told} == {""}
    assert {tuple(each["after"]["sounds"]) for each in told} == {("01-1", "02-1")}
    # Some died with nothing gone, some half-way.
    assert {len(each["then"]["sounds"]) for each in told} == {4, 3, 2}
