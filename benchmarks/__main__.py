"""`uv run python -m benchmarks`: the speed and memory of an album, and what limits each, as one table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.process import watch
from pipeline.audio.clip import Clip
from pipeline.domain import RenderOrder, TrackPlan, read_brief
from pipeline.roles import Studio
from pipeline.settings import Settings
from pipeline.studio import open_studio

ROOT = Path(__file__).parent.parent
THEME = "rainy library at night"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times each stage is measured; the median is printed")
    parser.add_argument("--quick", action="store_true", help="stages only, no whole albums")
    chosen = parser.parse_args()
    table = Table("What", "Measured", "Target", "Limited by", title=f"{os.cpu_count()} cores", title_justify="left")
    for row in stages(chosen.rounds):
        table.add_row(*row)
    if not chosen.quick:
        for row in album():
            table.add_row(*row)
    Console(width=120).print(table)


def stages(rounds: int) -> list[tuple[str, str, str, str]]:
    """Measure each stage on one core: seconds of music a second of processor time makes."""
    studio = open_studio(Settings())
    plan = studio.writer.write(read_brief(theme=THEME, seed=1), frozenset()).plan
    tracks = plan.tracks[:rounds]
    clips: list[Clip] = []
    band = _speed(lambda track: clips.append(_render(studio, track)), tracks)
    judge = _speed(lambda track: studio.judge.judge(clips[track.number - 1], track), tracks)
    start = time.process_time()
    studio.painter.paint(plan, 1)
    paint = time.process_time() - start
    return [
        ("band, 120 s track, one core", f"{band:.0f} x real time", ">= 60 x", "synthesis and the room's convolution"),
        ("judge, 120 s track, one core", f"{judge:.0f} x real time", "", "the spectrogram"),
        ("cover, one core", f"{paint:.1f} s", "", "painting at 3000 x 3000"),
    ]


def album() -> list[tuple[str, str, str, str]]:
    """Make the default album with Prefect and without, then verify it."""
    rows = []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name, extra in (("with Prefect", []), ("--plain", ["--plain"])):
        with tempfile.TemporaryDirectory() as library:
            lofi = [sys.executable, "-m", "flows.cli"]
            made = watch([*lofi, "make", THEME, "--seed", "1", "--library", library, *extra], ROOT, environment)
            who, peak = made.worst
            rows += [
                (
                    f"default album {name}",
                    f"{made.wall:.1f} s ({made.cpu:.0f} s of processor)",
                    "<= 60 s",
                    "both cores",
                ),
                (
                    f"highest process {name}",
                    f"{peak / 1e6:.0f} MB ({who.split(' ', 1)[1]})",
                    "<= 700 MB",
                    who.split(" ", 1)[1],
                ),
            ]
            if extra:
                checked = watch([*lofi, "verify", "--library", library], ROOT, environment)
                rows.append(("verify it", f"{checked.wall:.1f} s", "<= 10 s", "decoding and hashing every file"))
    return rows


def _render(studio: Studio, track: TrackPlan) -> Clip:
    return next(iter(studio.musician.render([RenderOrder(track=track, index=1, seed=track.number)]))).clip


def _speed(work: object, tracks: tuple[TrackPlan, ...]) -> float:
    assert callable(work)
    speeds = []
    for track in tracks:
        start = time.process_time()
        work(track)
        speeds.append(track.seconds / (time.process_time() - start))
    return median(speeds)


if __name__ == "__main__":
    main()
