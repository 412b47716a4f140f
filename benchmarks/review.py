"""`uv run python -m benchmarks.review`: the review room over 5,000 takes, alone and with twenty clients at once.

Makes an album of 25 tracks with two takes each, a hundred copies of it under other names, and an hour of sound, opens
`lofi review` over them, and asks it what the page asks for. Times are the client's on loopback, the server's in them.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import psutil
import soundfile
from rich.console import Console
from rich.table import Table

from pipeline.catalogue import Catalogue
from pipeline.domain import Album
from pipeline.shelf import Shelf

ROOT = Path(__file__).parent.parent
ALBUMS, TRACKS, TAKES = 100, 25, 2
CLIENTS, SECONDS = 20, 30.0
HOUR = 3600
TOKEN = "t" * 43
Row = tuple[str, str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--think", type=float, default=1.0, help="seconds between two things one of them does")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the clients go on")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = chosen.library or Path(scratch) / "library"
        slugs = build(root)
        table = Table("What", "Measured", "Target", title=f"{os.cpu_count()} cores, {ALBUMS * TRACKS * TAKES:,} takes")
        with opened(root, Path(scratch)) as (port, process):
            for row in (*alone(port, slugs), *crowd(port, slugs, chosen.clients, chosen.seconds, chosen.think)):
                table.add_row(*row)
            table.add_row("memory of the server", f"{process.memory_info().rss / 1e6:.0f} MB", "")
        Console(width=110).print(table)


def build(root: Path) -> list[str]:
    """Make the library, unless it is there."""
    shelf = Shelf.open(root)
    there = [folder.slug for folder in shelf.albums() if folder.is_complete()]
    if len(there) > ALBUMS:
        return there
    words = ["--tracks", str(TRACKS), "--seconds", "10", "--takes", str(TAKES), "--seed", "1", "--plain"]
    command = [sys.executable, "-m", "flows.cli", "make", "five thousand takes", *words, "--library", str(root)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    (first,) = shelf.albums()
    whole = first.read_manifest()
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        for number in range(ALBUMS):
            catalogue.enter(_copied(shelf, whole, f"copy-{number}", number))
    noise = np.random.default_rng(1).normal(0, 0.05, (44_100, 2)).astype(np.float32)
    long = first.path("mix.flac")
    long.unlink()
    with soundfile.SoundFile(long, "w", 44_100, 2, "PCM_16", format="FLAC") as file:
        for _ in range(HOUR):
            file.write(noise)
    return [folder.slug for folder in shelf.albums()]


def _copied(shelf: Shelf, album: Album, slug: str, number: int) -> Album:
    """Put an album on the shelf again under another name and other titles, its files linked and not copied."""
    folder = shelf.album(slug)
    shutil.copytree(shelf.album(album.slug).folder, folder.folder, copy_function=os.link)
    for name in ("album.json", "plan.json"):
        (folder.folder / name).unlink()
    tracks = tuple(track.but(title=f"{track.title} {number}") for track in album.tracks)
    plan = album.plan.but(title=f"{album.plan.title} {number}")
    made = album.but(slug=slug, tracks=tracks, plan=plan, brief=album.brief.but(seed=1000 + number))
    folder.put(made.project, "plan.json")
    folder.put(made, "album.json")
    return made


@contextmanager
def opened(root: Path, scratch: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Open the room; yield its port and process."""
    environment = {**os.environ, "LOFI_CACHE": str(scratch / "cache")}
    command = [sys.executable, "-m", "flows.cli", "review", "--no-open", "--port", "0", "--library", str(root)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = next(int(found.group(1)) for line in process.stdout if (found := re.search(r":(\d+)/", line)))
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def client(port: int) -> httpx.Client:
    """Return a program that may decide."""
    headers = {"X-CSRF-Token": TOKEN, "Cookie": f"lofi-csrf-{port}={TOKEN}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)


class Visitor:
    """Does what the page does, and remembers how long each thing took."""

    def __init__(self, port: int, slugs: list[str], seed: int) -> None:
        self.slugs, self.chance = slugs, random.Random(seed)
        self.http = client(port)
        self.took: dict[str, list[float]] = defaultdict(list)

    def timed(self, what: str, call: Callable[[], httpx.Response], *expected: int) -> httpx.Response:
        """Do something and note how long it took."""
        begun = time.perf_counter()
        said = call()
        self.took[what].append(time.perf_counter() - begun)
        assert said.status_code in expected, f"{what}: {said.status_code} {said.text[:200]}"
        return said

    def paint(self) -> None:
        """Open the page."""
        self.timed("first page of the queue, painted", lambda: self.http.get("/"), 200)

    def page(self) -> None:
        """Scroll on."""
        query = {"offset": self.chance.randrange(0, 4900), "sort": self.chance.choice(("attention", "score", "newest"))}
        self.timed("another page of it", lambda: self.http.get("/api/queue", params=query), 200)

    def search(self) -> None:
        """Type a word, and ask for a score."""
        query = {"words": str(self.chance.randrange(100)), "least": 0.5}
        self.timed("a search", lambda: self.http.get("/api/queue", params=query), 200)

    def decide(self) -> None:
        """Look at an album and approve one of its takes."""
        slug = self.chance.choice(self.slugs)
        album: dict[str, Any] = self.timed(
            "an album of 50 takes", lambda: self.http.get(f"/api/albums/{slug}"), 200
        ).json()
        track = self.chance.choice(album["tracks"])
        take = self.chance.choice(track["takes"])
        asked = {
            "album": slug, "track": track["track"], "take": take["take"], "version": take["version"],
            "seen": album["seen"], "decision": "approved",
        }  # fmt: skip
        self.timed("a decision", lambda: self.http.post("/api/decisions", json=asked), 201, 409)

    def seek(self) -> None:
        """Click somewhere in an hour of sound."""
        slug = next(slug for slug in self.slugs if not slug.startswith("copy-"))
        start = self.chance.randrange(0, 300_000_000)
        begun = time.perf_counter()
        with self.http.stream("GET", f"/mix/{slug}.flac", headers={"Range": f"bytes={start}-"}) as said:
            assert said.status_code == 206
            next(said.iter_bytes(65_536))
            self.took["first 64 KB after a seek in an hour"].append(time.perf_counter() - begun)


TARGETS = {
    "first page of the queue, painted": 300,
    "a decision": 50,
    "first 64 KB after a seek in an hour": 200,
}
"""Milliseconds."""


def alone(port: int, slugs: list[str]) -> list[Row]:
    """Return how long each thing takes a single visitor."""
    visitor = Visitor(port, slugs, 1)
    first = time.perf_counter()
    visitor.paint()
    cold = 1000 * (time.perf_counter() - first)
    for _ in range(40):
        for act in (visitor.paint, visitor.page, visitor.search, visitor.decide, visitor.seek):
            act()
    return [("the very first page", f"{cold:.0f} ms", "300 ms"), *_rows(visitor.took, "alone")]


def crowd(port: int, slugs: list[str], clients: int, seconds: float, think: float) -> list[Row]:
    """Return how long each takes when many do it at once, each of them something every `think` seconds or so."""
    until = time.perf_counter() + seconds

    def visit(number: int) -> dict[str, list[float]]:
        visitor = Visitor(port, slugs, 100 + number)
        while time.perf_counter() < until:
            act = visitor.chance.choice((visitor.paint, visitor.page, visitor.search, visitor.decide, visitor.seek))
            act()
            time.sleep(visitor.chance.uniform(0, 2 * think))
        return visitor.took

    took: dict[str, list[float]] = defaultdict(list)
    with ThreadPoolExecutor(clients) as pool:
        for each in pool.map(visit, range(clients)):
            for what, times in each.items():
                took[what] += times
    count = sum(map(len, took.values()))
    return [*_rows(took, f"{clients} clients"), ("requests a second", f"{count / seconds:.0f}", "")]


def _rows(took: dict[str, list[float]], who: str) -> list[Row]:
    rows = []
    for what, times in sorted(took.items()):
        ms = 1000 * np.array(times)
        said = f"{np.median(ms):.1f} ms, 95 % {np.quantile(ms, 0.95):.1f}, worst {ms.max():.1f}"
        rows.append((f"{what}, {who}", said, f"{TARGETS[what]} ms" if what in TARGETS else ""))
    return rows


if __name__ == "__main__":
    main()
