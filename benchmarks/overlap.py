"""`uv run --extra neural python -m benchmarks.overlap`: who waits for whom while a neural album is made.

Makes an album with the settings in the environment (LOFI_MUSICGEN_MODEL and the rest, as for `lofi make`), through
the steps that every run takes, and prints how much of the judging, painting and rendering went on at the same time.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from flows.making import make
from pipeline.errors import NeedsAttention
from pipeline.settings import read_settings
from pipeline.trace import Span, overlap, read_trace

PARTS = ("musician", "judge", "painter")


def main() -> None:
    """Make an album and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--keep", type=Path, help="keep the trace in this file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trace = given.keep or Path(folder) / "trace.json"
        settings = read_settings(os.environ, library=Path(folder) / "library")
        try:
            make(
                "late train home", 1, {"tracks": given.tracks, "seconds": given.seconds}, settings,
                as_json=False, plain=True, trace=trace,
            )  # fmt: skip
        except NeedsAttention as error:
            print(error)  # random weights please no judge; who worked when is known all the same
        Console(width=120).print(table(read_trace(trace)))


def table(spans: tuple[Span, ...]) -> Table:
    """Return how long each part was at work, and for how long of it another was too."""
    rows = Table("Part", "Calls", "At work", *(f"while the {role} was" for role in PARTS))
    for role in PARTS:
        calls = sum(span.role == role for span in spans)
        busy = overlap(spans, role, role)
        beside = (f"{overlap(spans, role, other):.1f} s" if other != role else "" for other in PARTS)
        rows.add_row(role, str(calls), f"{busy:.1f} s", *beside)
    return rows


if __name__ == "__main__":
    main()
