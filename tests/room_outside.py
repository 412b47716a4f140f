"""A review room as its own process, and libraries of many albums on paper, for the tests of reviews."""

from __future__ import annotations

import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import papers
from door import Door

from pipeline.catalogue import Catalogue
from pipeline.domain import Album
from pipeline.shelf import Shelf

TOKEN = "a-token-of-the-test-and-of-nobody-else-at-all"


def many_albums(root: Path, albums: int, tracks: int) -> list[Album]:
    """Put albums with two takes of each track on a shelf and into its catalogue; none of them can be heard."""
    shelf, made = Shelf.open(root), []
    with Catalogue.open(shelf.catalogue_path) as catalogue:
        for number in range(1, albums + 1):
            names = tuple(f"Song {place} of Album {number}" for place in range(1, tracks + 1))
            paper, asked = papers.plan(f"Album {number}", names), papers.brief(f"theme {number}", number, tracks)
            folder = shelf.begin(paper.title, lambda slug: papers.project(slug, paper, asked))  # noqa: B023
            made.append(papers.finished_album(folder, paper, asked))
            catalogue.enter(made[-1])
    return made


@dataclass
class ReviewRoom:
    """`lofi review` as a person runs it. Closed, killed and opened again, always at the port it had first."""

    door: Door
    more: tuple[str, ...] = ()
    port: int = 0
    token: str = ""
    process: subprocess.Popen[str] | None = None

    def open(self) -> ReviewRoom:
        named = {"LOFI_TOKEN": self.token} if self.token else {}
        self.process = self.door.start(
            "review", "--no-open", "--port", str(self.port), "--by", "mia", *self.more, LOFI_WORKERS="1", **named
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://[^:]+:(\d+)/", line):
                self.port = int(found.group(1))
                return self
        raise AssertionError(self.process.stderr.read() if self.process.stderr else "it said nothing")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Wait for it to be gone."""
        assert self.process is not None
        code = self.process.wait(timeout=60)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def client(self) -> httpx.Client:
        """Return a program that may change things."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"X-CSRF-Token": TOKEN, "Cookie": f"lofi-csrf-{self.port}={TOKEN}"},
            timeout=60,
        )


def ask(album: dict[str, Any], decision: str, **more: Any) -> dict[str, Any]:
    """Return a decision on an album as the page asks for it."""
    return {"album": album["slug"], "decision": decision, "version": album["version"], "seen": album["seen"], **more}
