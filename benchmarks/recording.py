"""`uv run python -m benchmarks.recording`: an evening at the radio, recorded by ffmpeg and listened to afterwards.

`lofi radio` plays, ffmpeg reads /radio.mp3 over HTTP as any player would and writes down the titles it is told; in the
middle somebody steers. Then the recording is cut where the titles changed, and every piece is measured and compared
with what the radio's ledger says was played: gaps, loudness, titles, duplicates, and how soon the wish was heard.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import httpx2 as httpx
import numpy as np
import psutil
import soundfile
from rich.console import Console
from rich.table import Table

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.ffmpeg import find_ffmpeg
from pipeline.audio.fingerprint import NEAR_DUPLICATE, fingerprint, similarities
from pipeline.audio.loudness import loudness
from pipeline.catalogue import Catalogue
from pipeline.domain.airing import Airing

ROOT = Path(__file__).parent.parent
THEME, WISH, WISHED_FOR = "jazz for a rainy cafe", "bossa nova by the sea, more flute", "bossa"
GAP = 0.2
"""Seconds of near silence that count as a gap."""
SILENT = 10 ** (-50 / 20)
SETTLED = 12.0
"""Seconds at both ends of a piece in which another one may sound as well."""


Row = tuple[str, str, bool]


@dataclass
class Piece:
    """What was heard under one title, from second `start` of the recording on."""

    title: str
    start: float
    sound: Samples


def main() -> None:
    """Record, listen, and print. Exits with 1 where something was not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--keep", type=Path, help="keep the recording in this folder")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        library = Path(scratch) / "library"
        begun = time.monotonic()
        with radio(library, folder) as (address, process):
            first = first_sound(address) - begun
            rows, told, steered = record(address, process, folder, chosen.minutes * 60, begun)
        with Catalogue.open(library / "catalogue.db") as catalogue:
            airings = catalogue.airings.since(catalogue.airings.now().replace(year=2000))
        sound, rate = soundfile.read(folder / "radio.flac", dtype="float32", always_2d=True)
        pieces = cut(sound, rate, told)
    rows = [
        ("first sound after the command", f"{first:.1f} s", first <= 5),
        *rows,
        *judged(sound, rate, pieces, airings, steered),
    ]
    table = Table("What", "Heard", "As promised", title=f"{len(sound) / rate / 60:.1f} minutes, {len(pieces)} titles")
    for what, heard, good in rows:
        table.add_row(what, heard, "yes" if good else "NO")
    Console(width=110).print(table)
    raise SystemExit(not all(good for *_, good in rows))


@contextmanager
def radio(library: Path, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`lofi radio` on a free port, and its address."""
    command = [sys.executable, "-m", "flows.cli", "radio", THEME, "--port", "0", "--no-open", "--library", str(library)]
    with (folder / "radio.log").open("w") as log:
        process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            said = ""
            while (found := re.search(r"http://\S+", said)) is None:
                said = process.stdout.readline()
                if not said:
                    raise SystemExit(f"the radio did not begin: {(folder / 'radio.log').read_text()}")
            yield found.group(), process
        finally:
            process.terminate()
            process.wait(30)


def first_sound(address: str) -> float:
    """Wait for the first second of sound; return when it was there, by the monotonic clock."""
    with httpx.stream("GET", f"{address}radio.mp3", timeout=60) as stream:
        heard = 0
        for chunk in stream.iter_bytes():
            heard += len(chunk)
            if heard >= 16_000:
                return time.monotonic()
    raise SystemExit("the stream ended before there was any sound")


def record(
    address: str, process: psutil.Process, folder: Path, seconds: float, begun: float
) -> tuple[list[Row], list[tuple[float, str]], float]:
    """Record with ffmpeg; steer in the middle. Return what was seen, the titles ffmpeg was told, and when it was."""
    rows: list[Row] = []
    client = Client(address, folder / "radio.flac", seconds)
    steered, used = 0.0, (0.0, 0.0)
    while client.going:
        time.sleep(1)
        now = time.monotonic() - begun
        if not rows and now >= 60:
            ahead = httpx.get(f"{address}api/now").json()["standing"]["ahead"]
            rows.append(("ahead after a minute", f"{ahead} minutes", ahead >= 20))
        if not used[0] and now >= min(120, seconds / 4):
            used = now, _cpu(process)
        if not steered and now >= seconds / 2:
            share = (_cpu(process) - used[1]) / (now - used[0])
            said = f"{share:.0%} of a core, from minute {used[0] / 60:.0f} to {now / 60:.0f}"
            rows.append(("processor, once it is ahead", said, share <= 0.3))
            steered = _steer(address)
    return rows, client.titles, steered


class Client:
    """ffmpeg as a listener: it records, and tells each title as it comes to it."""

    def __init__(self, address: str, file: Path, seconds: float) -> None:
        reader = ["-hide_banner", "-nostdin", "-y", "-v", "verbose", "-nostats", "-i", f"{address}radio.mp3"]
        writer = ["-t", str(seconds), "-ar", "44100", "-f", "flac", f"file:{file}"]
        watching = ["-progress", "pipe:1", "-stats_period", "0.2"]
        self._process = subprocess.Popen(
            [find_ffmpeg(), *reader, *watching, *writer], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.titles: list[tuple[float, str]] = []
        self._place = 0.0
        for work in (self._follow, self._hear):
            threading.Thread(target=work, daemon=True).start()

    @property
    def going(self) -> bool:
        """Whether it is still recording."""
        return self._process.poll() is None

    def _follow(self) -> None:
        for line in self._process.stdout or ():
            name, _, value = line.strip().partition("=")
            if name == "out_time_us" and value.lstrip("-").isdecimal():
                self._place = int(value) / 1e6

    def _hear(self) -> None:
        for line in self._process.stderr or ():
            if found := re.search(r"Metadata update for StreamTitle: (.*)", line):
                self.titles.append((self._place, found.group(1).strip()))


def cut(sound: Samples, rate: int, told: list[tuple[float, str]]) -> list[Piece]:
    """Return what was heard under each title."""
    ends = [*(start for start, _ in told[1:]), len(sound) / rate]
    return [
        Piece(title, start, sound[round(start * rate) : round(end * rate)])
        for (start, title), end in zip(told, ends, strict=True)
    ]


def judged(sound: Samples, rate: int, pieces: list[Piece], airings: Sequence[Airing], steered: float) -> Iterator[Row]:
    """Compare what was heard with what was promised."""
    gap = longest_silence(sound, rate)
    yield "longest gap", f"{gap:.2f} s", gap <= GAP
    whole = [piece for piece in pieces if len(piece.sound) > 60 * rate]
    levels = [loudness(Clip(_inner(piece.sound, rate), rate)) for piece in whole]
    yield "loudness of the pieces", f"{min(levels):.1f} to {max(levels):.1f} LUFS", max(levels) - min(levels) <= 1.5
    names = {airing.title.replace("'", "’"): airing for airing in airings}  # as titles inside the sound have to be
    likeness, strange = [], []
    prints = [fingerprint(Clip(piece.sound, rate)) for piece in whole]
    for piece, heard in zip(whole, prints, strict=True):
        airing = next((airing for title, airing in names.items() if title in piece.title), None)
        if airing is None:
            strange.append(piece.title)
        else:
            likeness.append(float(similarities(heard, [airing.fingerprint])[0]))
    said = f"{len(likeness)} of {len(whole)} are what they are called, likeness {min(likeness):.2f} and more"
    said += "".join(f"; nothing is called “{title}”" for title in strange)
    yield "titles in time", said, not strange and min(likeness) >= NEAR_DUPLICATE
    alike = [float(similarities(one, [other])[0]) for one, other in combinations(prints, 2)]
    nearest = max(alike, default=0.0)
    yield "nearest to a duplicate", f"likeness {nearest:.2f}; {NEAR_DUPLICATE} is one", nearest < NEAR_DUPLICATE
    titles = [piece.title for piece in pieces]
    yield "a title twice", "never" if len(set(titles)) == len(titles) else "yes", len(set(titles)) == len(titles)
    styles = [json.loads(airing.made)["order"]["track"]["style"] for airing in airings if airing.made]
    turned = next((place for place, style in enumerate(styles) if style == WISHED_FOR), None)
    if turned is not None:
        yield "the wish was heard", f"from track {turned + 1} on, and to the end: {set(styles[turned:])}", True
    begun = sum(airing.time.timestamp() <= steered for airing in airings)
    after = None if turned is None else turned - begun + 1
    yield "tracks from the wish to it", f"{after}", after is not None and after <= 2


def _inner(sound: Samples, rate: int) -> Samples:
    return sound[round(SETTLED * rate) : len(sound) - round(SETTLED * rate)]


def longest_silence(sound: Samples, rate: int) -> float:
    """Return the longest stretch that is nearly silent, in seconds, in steps of 10 ms."""
    size = rate // 100
    level = np.sqrt((sound[: len(sound) // size * size].reshape(-1, size * 2).astype(np.float64) ** 2).mean(axis=1))
    longest = run = 0
    for quiet in level < SILENT:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest / 100


def _cpu(process: psutil.Process) -> float:
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _steer(address: str) -> float:
    """Wish for something else; return when, by the time of day."""
    with httpx.Client(base_url=address) as client:
        client.get("/", headers={"accept": "text/html"})
        token = next(value for name, value in client.cookies.items() if "csrf" in name)
        wished = time.time()
        answer = client.post(
            "/api/steer", json={"words": WISH}, headers={"x-csrf-token": token, "origin": address[:-1]}
        )
        print(f"steered: {answer.json()}")
        return wished


if __name__ == "__main__":
    main()
