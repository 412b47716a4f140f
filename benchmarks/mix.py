"""`uv run python -m benchmarks.mix`: long mixes of real albums, read back, and beside pydub and ffmpeg.

Makes a library of fifteen albums of ten tracks (once, with --library, which takes a quarter of an hour), mixes five
hours out of it, reads the files back by other means than wrote them, mixes one hour and ten to see what memory does,
and puts one hour beside pydub's `append` and ffmpeg's `acrossfade` with the very same joints and codecs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from benchmarks.process import Watched, watch
from pipeline.audio.ffmpeg import find_ffmpeg
from pipeline.domain import LongMix
from pipeline.longmix.programme import mix_plan
from pipeline.shelf import Shelf

ROOT = Path(__file__).parent.parent
THEMES = (
    "rainy library at night", "sea at dawn", "late train home", "empty cafe in winter", "cabin in the snow",
    "city rooftop at dusk", "village lane in autumn", "mountain lake", "desk lamp and homework", "harbour fog",
    "summer orchard", "night drive along the coast", "paper boats", "old cinema", "morning market",
)  # fmt: skip
AAC = ["-c:a", "aac", "-b:a", "256k", "-aac_coder", "fast", "-cutoff", "16000"]
AAC += ["-aac_ms", "0", "-aac_is", "0", "-aac_pns", "0", "-aac_tns", "0"]
FLAC = ["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24", "-compression_level", "5"]

OURS = """
import sys
from pathlib import Path
from pipeline.audio.mix import write_mix
from pipeline.audio.tags import Tags
from pipeline.longmix.programme import mix_plan
from pipeline.shelf import Shelf
shelf, out = Shelf(Path(sys.argv[1])), Path(sys.argv[3])
plan = mix_plan(shelf.mix(sys.argv[2]).read_manifest().project, shelf)
write_mix(plan, {"flac": out / "ours.flac", "m4a": out / "ours.m4a"}, Tags(title="t", artist="a", album="b"))
"""
OURS_ALONE = """
import sys
from pathlib import Path
from pipeline.audio.mix import stream_mix
from pipeline.longmix.programme import mix_plan
from pipeline.shelf import Shelf
shelf = Shelf(Path(sys.argv[1]))
for _ in stream_mix(mix_plan(shelf.mix(sys.argv[2]).read_manifest().project, shelf)):
    pass
"""
PYDUB = """
import json, sys
import pydub
job = json.load(open(sys.argv[1]))
pydub.AudioSegment.converter = job["ffmpeg"]
import soundfile, numpy as np
def load(path):  # pydub's own loading needs ffprobe; this is what it would hand over
    samples, rate = soundfile.read(path, dtype="int32")
    return pydub.AudioSegment(samples.tobytes(), frame_rate=rate, sample_width=4, channels=2)
mix = load(job["tracks"][0])
for path, fade in zip(job["tracks"][1:], job["fades"]):
    mix = mix.append(load(path), crossfade=round(1000 * fade))
if job["alone"]:
    sys.exit()
mix.export(job["out"] + "/pydub.flac", format="flac", parameters=job["flac"])
mix.export(job["out"] + "/pydub.m4a", format="ipod", parameters=job["aac"])
"""


def main() -> None:
    """Mix, read back, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, help="keep the albums here, and use those that are")
    parser.add_argument("--hours", type=float, nargs="*", default=[1, 5, 10])
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        library = (chosen.library or Path(temporary) / "library").absolute()
        bench = Bench(library, Path(temporary) / "cache")
        bench.make_albums()
        listening = bench.lofi("mix", *bench.albums, "--dry-run")  # the cache is new
        out = Console(width=140)
        out.print(f"Listening to {len(bench.albums)} albums, nothing remembered: {listening.wall:.0f} s")
        table = Table("Hours", "Took", "x real time", "Processor", "Highest of each process", "Flat?", title="lofi mix")
        for hours in chosen.hours:
            table.add_row(*bench.row(hours))
        out.print(table)
        for hours in chosen.hours:
            out.print(f"{hours:g} h read back: " + "; ".join(bench.read_back(hours)))
        if not chosen.no_peers:
            out.print(peers(bench, 1, Path(temporary)))


class Bench:
    """A library of albums, and the mixes made of it."""

    def __init__(self, library: Path, cache: Path) -> None:
        self.library = library
        self.shelf = Shelf(library)
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "LOFI_CACHE": str(cache)}
        self.mixes: dict[float, str] = {}

    @property
    def albums(self) -> list[str]:
        """The names of the albums."""
        return [folder.slug for folder in self.shelf.albums() if folder.is_complete()]

    def lofi(self, *words: str) -> Watched:
        """Run `lofi` in this library."""
        command = [sys.executable, "-m", "flows.cli", *words, "--library", str(self.library)]
        return watch(command, ROOT, self.environment)

    def make_albums(self) -> None:
        """Make the albums that are not there."""
        for seed, theme in enumerate(THEMES, 1):
            brief = ("--seed", str(seed), "--tracks", "10", "--seconds", "126", "--takes", "1")
            self.lofi("make", *brief, "--plain", theme)

    def row(self, hours: float) -> tuple[str, ...]:
        """Make a mix anew and say what it took."""
        title = f"{hours:g} hours of the benchmark, run {os.getpid()}"
        took = self.lofi("mix", *self.albums, "--hours", str(hours), "--title", title, "--repeats")
        slug = next(f.slug for f in self.shelf.mixes() if f.is_complete() and f.read_manifest().project.title == title)
        self.mixes[hours] = slug
        length = self.manifest(hours).mix.seconds
        half = [size for when, size in took.curve if when > took.wall / 2]
        flat = f"{max(half) / 1e6:.0f} MB in its second half, {max(size for _, size in took.curve) / 1e6:.0f} in all"
        peaks = ", ".join(f"{name.split(' ', 1)[1]} {peak / 1e6:.0f} MB" for name, peak in _highest(took))
        return f"{hours:g}", f"{took.wall:.0f} s", f"{length / took.wall:.0f}", f"{took.cpu:.0f} s", peaks, flat

    def manifest(self, hours: float) -> LongMix:
        """Return what mix.json says of a mix."""
        return self.shelf.mix(self.mixes[hours]).read_manifest()

    def read_back(self, hours: float) -> Iterator[str]:
        """Yield what other programs find in the files."""
        made = self.manifest(hours)
        folder = self.shelf.mix(made.slug).folder
        with soundfile.SoundFile(folder / "mix.flac") as flac:
            frames = sum(len(block) for block in flac.blocks(1 << 18, dtype="int32"))
            yield f"FLAC {frames:,} frames, {frames - made.mix.frames:+} from the plan"
            yield f"{_in_place(made, self.shelf, flac)} tracks bit for bit where their chapters say"
        for name in ("mix.flac", "mix.m4a"):
            loudness, peak = _ebur128(folder / name)
            yield f"{name} {loudness:.2f} LUFS, {peak:.2f} dBTP by ffmpeg's ebur128"
        starts = _chapters(folder / "mix.m4a")
        off = max(abs(a - b) for a, b in zip(starts, made.mix.starts, strict=True))
        yield f"{len(starts)} chapters in the M4A, {off} frames off at most"
        fades = [joint.frames / made.mix.rate for joint in made.mix.joints]
        dips = [min(joint.before, joint.after) - joint.during for joint in made.mix.joints]
        on_bars = sum(joint.on == "bar" for joint in made.mix.joints)
        yield f"joints {min(fades):.1f} to {max(fades):.1f} s, {on_bars} of {len(fades)} on bars"
        yield f"under the weaker side by {np.median(dips):.1f} dB in the middle, {max(dips):.1f} at most"


def _highest(took: Watched) -> list[tuple[str, int]]:
    best: dict[str, tuple[str, int]] = {}
    for name, peak in took.peaks.items():
        kind = name.split(" ", 1)[1]
        if kind not in best or best[kind][1] < peak:
            best[kind] = (name, peak)
    return sorted(best.values(), key=lambda item: -item[1])


def _in_place(made: LongMix, shelf: Shelf, flac: soundfile.SoundFile) -> str:
    """Compare a second of every track that is played as it is with its file, at the place the chapter says."""
    plan, right, whole = mix_plan(made.project, shelf), 0, 0
    for index, (item, start) in enumerate(zip(plan.items, plan.starts, strict=True)):
        if item.gain or item.tilt or item.file_rate:
            continue
        into = plan.joints[index - 1] if index else None
        ours, theirs = (start + into.frames, into.coming) if into else (start, 0)
        flac.seek(ours + made.mix.rate)
        heard = flac.read(made.mix.rate, dtype="int32")
        with soundfile.SoundFile(item.path) as source:
            source.seek(item.lead + theirs + made.mix.rate)
            right += int(np.array_equal(heard, source.read(made.mix.rate, dtype="int32")))
        whole += 1
    return f"{right} of {whole}"


def _ebur128(path: Path) -> tuple[float, float]:
    command = [find_ffmpeg(), "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a:0"]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1]), float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said)[-1])


def _chapters(path: Path) -> list[int]:
    command = [find_ffmpeg(), "-v", "error", "-i", str(path), "-f", "ffmetadata", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(line.removeprefix("START=")) for line in said.splitlines() if line.startswith("START=")]


def peers(bench: Bench, hours: float, out: Path) -> Table:
    """Write the same tracks with the same joints by other means."""
    if hours not in bench.mixes:
        bench.row(hours)
    made = bench.manifest(hours)
    plan = mix_plan(made.project, bench.shelf)
    job = {
        "tracks": [str(item.path) for item in plan.items],
        "fades": [joint.frames / plan.rate for joint in plan.joints],
        "out": str(out), "ffmpeg": find_ffmpeg(), "flac": FLAC, "aac": AAC, "alone": False,
    }  # fmt: skip
    for name, alone in (("job", False), ("alone", True)):
        (out / f"{name}.json").write_text(json.dumps({**job, "alone": alone}))
    python = [sys.executable, "-W", "ignore", "-c"]
    here = (str(bench.library), made.slug)
    runs = {
        "lofi, with its checks": [*python, OURS, *here, str(out)],
        "ffmpeg acrossfade": _acrossfade(job),
        "pydub append": [*python, PYDUB, str(out / "job.json")],
        "lofi, mixing alone": [*python, OURS_ALONE, *here],
        "ffmpeg acrossfade alone": _acrossfade(job, alone=True),
        "pydub append alone": [*python, PYDUB, str(out / "alone.json")],
    }
    table = Table("One hour into FLAC and M4A", "Took", "Processor", "Memory of all", "Time of ours", "Memory of ours")
    took = {name: watch(command, ROOT, bench.environment) for name, command in runs.items()}
    for name, one in took.items():
        ours = took["lofi, mixing alone" if name.endswith("alone") else "lofi, with its checks"]
        memory, mine = (max(size for _, size in each.curve) for each in (one, ours))
        table.add_row(
            name, f"{one.wall:.1f} s", f"{one.cpu:.1f} s", f"{memory / 1e6:.0f} MB",
            f"{one.wall / ours.wall:.1f} x", f"{memory / mine:.1f} x",
        )  # fmt: skip
    return table


def _acrossfade(job: dict[str, object], *, alone: bool = False) -> list[str]:
    tracks, fades = job["tracks"], job["fades"]
    assert isinstance(tracks, list) and isinstance(fades, list)
    chain, last = [], "0:a"
    for number, fade in enumerate(fades, 1):
        chain.append(f"[{last}][{number}:a]acrossfade=d={fade:.6f}:c1=qsin:c2=qsin[x{number}]")
        last = f"x{number}"
    if not alone:
        chain.append(f"[{last}]asplit=2[one][two]")
    inputs = [word for track in tracks for word in ("-i", track)]
    nothing = ["-map", f"[{last}]", "-f", "null", "-"]
    files = ["-map", "[one]", *FLAC, f"{job['out']}/chain.flac", "-map", "[two]", *AAC, f"{job['out']}/chain.m4a"]
    return [
        str(job["ffmpeg"]),
        "-v",
        "error",
        "-nostdin",
        "-y",
        *inputs,
        "-filter_complex",
        ";".join(chain),
        *(nothing if alone else files),
    ]


if __name__ == "__main__":
    main()
