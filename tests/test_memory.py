"""What a model needed only while it was loaded is not kept from the rest of the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FREED = """
import numpy as np
from pathlib import Path
from pipeline.memory import giving_back

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

np.ones(30_000_000, np.uint8)  # from now on the C library would keep pieces of this size
with giving_back():
    before = megabytes()
    pieces = [np.ones(2_000_000, np.uint8) for _ in range(100)]
    full = megabytes()
    del pieces[::2]
    print(full - before, megabytes() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux's C library is told to")
def test_every_second_piece_that_is_freed_goes_back_at_once() -> None:
    """Where long-lived pieces lie between them, it would otherwise stay taken."""
    done = subprocess.run([sys.executable, "-c", _FREED], capture_output=True, text=True, check=True)
    full, after = map(float, done.stdout.split())
    assert full > 190 and after < 120
