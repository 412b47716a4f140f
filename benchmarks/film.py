"""`uv run python -m benchmarks.film`: how fast a film of a long mix is written, beside a plain still picture.

Plays the house band's tracks one after another until they are long enough, encodes them as a mix is, paints the cover,
and writes the film in a process of its own. The peer is ffmpeg alone with the same composition as a PNG, `-loop 1`,
and the same sound, at the same size, frames a second and preset: what most people do, and in it nothing moves.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.process import Watched, watch
from pipeline.audio.chapters import chapters
from pipeline.audio.clip import Clip, Samples
from pipeline.audio.encode import encode, pieces
from pipeline.audio.ffmpeg import find_ffmpeg
from pipeline.audio.tags import Tags
from pipeline.domain import RenderOrder, read_brief
from pipeline.settings import Settings
from pipeline.studio import open_studio
from pipeline.video.film import FPS, Film

ROOT = Path(__file__).parent.parent
WRITE = """
import sys
from pathlib import Path
from pipeline.video.film import Film, write_film
write_film(Film.model_validate_json(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
"""
STILL = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from pipeline.video.film import Film
from pipeline.video.sheet import sheet
film = Film.model_validate_json(Path(sys.argv[1]).read_text())
Image.fromarray(sheet(film.cover, film.title, film.artist, film.language).planes.luma).convert("RGB").save(sys.argv[2])
"""


def main() -> None:
    """Make a mix, write both films, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = chosen.minutes * 60
        film = material(folder, seconds)
        (folder / "film.json").write_text(film.model_dump_json())
        python = [sys.executable, "-c"]
        busy = f"{os.getloadavg()[0]:.1f} processes at work before"
        ours = _watched([*python, WRITE, str(folder / "film.json"), str(folder / "film.mp4")])
        _watched([*python, STILL, str(folder / "film.json"), str(folder / "still.png")])
        peer = _watched(still(film, folder / "still.png", folder / "still.mp4"))
        table = Table("What", "Speed", "Took", "Processor", "Highest of each process", "Size")
        table.title = f"{chosen.minutes:g} minutes, {os.cpu_count()} cores, {busy}"
        table.add_row("film", *_row(ours, seconds, folder / "film.mp4"))
        table.add_row("ffmpeg -loop 1, nothing moves", *_row(peer, seconds, folder / "still.mp4"))
        Console(width=130).print(table)


def material(folder: Path, seconds: float) -> Film:
    """Write a mix of the band's tracks as FLAC and M4A, and a cover."""
    studio = open_studio(Settings())
    plan = studio.writer.write(read_brief(theme="rainy library at night", seed=1), frozenset()).plan
    orders = [RenderOrder(track=track, index=1, seed=track.number) for track in plan.tracks]
    clips = [take.clip for take in studio.musician.render(orders[:3])]
    rate = clips[0].rate
    frames = round(seconds * rate)
    starts, played, start = [], cycle(clips), 0
    while start < frames - rate:
        starts.append(start)
        start += next(played).frames
    titles = list(islice(cycle([track.title for track in plan.tracks]), len(starts)))
    outputs = {"flac": folder / "mix.flac", "m4a": folder / "mix.m4a"}
    encode(_endless(clips, frames), rate, outputs, Tags(title="t", artist="a", album="b"))
    Image.fromarray(studio.painter.paint(plan, 1).cover).save(folder / "cover.png")
    return Film(
        sound=outputs["flac"],
        aac=outputs["m4a"],
        cover=folder / "cover.png",
        title=plan.title,
        artist="The House Band",
        chapters=chapters(starts, titles, frames),
        rate=rate,
    )


def still(film: Film, picture: Path, out: Path) -> list[str]:
    """Return the peer's command."""
    return [
        *(find_ffmpeg(), "-v", "error", "-y", "-loop", "1", "-framerate", str(FPS), "-i", str(picture)),
        *("-i", str(film.aac), "-map", "0:v", "-map", "1:a:0", "-c:v", "libx264", "-preset", "ultrafast"),
        *(
            "-tune",
            "stillimage",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "copy",
            "-shortest",
            "-movflags",
            "+faststart",
            str(out),
        ),
    ]


def _endless(clips: list[Clip], frames: int) -> Iterator[Samples]:
    left = frames
    for clip in cycle(clips):
        for block in pieces(clip)():
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return


def _watched(command: list[str]) -> Watched:
    return watch(command, ROOT, {**os.environ, "PYTHONPATH": str(ROOT)})


def _row(took: Watched, seconds: float, file: Path) -> tuple[str, ...]:
    peaks = ", ".join(f"{name.split(' ', 1)[1]} {peak / 1e6:.0f} MB" for name, peak in took.peaks.items())
    return (
        f"{seconds / took.wall:.1f} x real time",
        f"{took.wall:.1f} s",
        f"{took.cpu:.0f} s",
        peaks,
        f"{file.stat().st_size / 1e6:.0f} MB",
    )


if __name__ == "__main__":
    main()
