"""The same music on every processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy._core import _multiarray_umath as built  # what this numpy can switch on and off

SCRIPT = """
import sys
import numpy as np
from pipeline.musicians.offline.score import Hit, Note, Part, Score
from pipeline.musicians.offline.synth.palette import INSTRUMENTS
from pipeline.musicians.offline.synth.render import perform

parts = tuple(
    Part(name, role, tuple(Note(0.4 * i, 0.8, 45 + 5 * i, 0.3 + 0.1 * i) for i in range(6)))
    for name in INSTRUMENTS
    for role in ["bass" if "bass" in name else "chords"]
)
drums = ("kick", "snare", "rim", "ghost", "hat", "open hat", "shaker", "brush", "tom", "ride", "crash")
hits = tuple(Hit(0.3 * i, drum, 0.8) for i, drum in enumerate(drums))
score = Score(80.0, 6.0, 0.75, (), parts, "dusty kit", hits, "cafe", 0.5)
np.save(sys.argv[1], perform(score, 5).samples)
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play the piece in fresh processes: as it is, with another number of threads, and on a lesser processor."""
    folder: Path = tmp_path_factory.mktemp("processors")
    usable = [name for name in built.__cpu_dispatch__ if built.__cpu_features__.get(name)]
    machines = {
        "plain": {"OPENBLAS_NUM_THREADS": "1"},
        "threads": {"OPENBLAS_NUM_THREADS": "3"},
        "lesser": {"NPY_DISABLE_CPU_FEATURES": " ".join(usable), "OPENBLAS_CORETYPE": "Prescott"},
    }
    runs = {
        name: subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder / f"{name}.npy")], env={**os.environ, **settings}
        )
        for name, settings in machines.items()
    }
    assert all(run.wait(timeout=120) == 0 for run in runs.values())
    return {name: np.load(folder / f"{name}.npy") for name in runs}


def test_threads_do_not_change_a_byte(played):
    """A worker with one thread and a desktop with many make the same file."""
    assert played["plain"].tobytes() == played["threads"].tobytes()


def test_processors_differ_by_less_than_can_be_stored(played):
    """Without its vector units a processor rounds differently: by less than -120 dBFS, below a 20-bit step."""
    assert np.abs(played["plain"] - played["lesser"]).max() < 10 ** (-120 / 20)
