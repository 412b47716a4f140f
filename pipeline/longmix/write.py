"""The long mix into its files, in a worker process; what is written of it outlives an interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio.chapters import cue_sheet, m3u8, tracklist
from pipeline.audio.encode import Heed, Pass
from pipeline.audio.mixplan import MixPlan
from pipeline.audio.tags import Tags
from pipeline.domain import Mix, MixProject
from pipeline.domain.brief import Format
from pipeline.errors import Stopped
from pipeline.shelf import MixFolder
from pipeline.shelf.album_folder import CUE
from pipeline.shelf.mix_folder import BEGUN
from pipeline.shelf.work_folder import mix_path
from pipeline.steps.mix import TRACKLIST, blend
from pipeline.workers import Workers, stopping, tell

PLAYLIST = "mix.m3u8"

Report = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

_OFTEN = 60 * 44_100
"""Frames between two messages."""

_SAID: Mapping[Pass, str] = {"write": "Mixing", "check": "Checking", "write again": "Mixing again, a little quieter"}


def write(
    workers: Workers,
    folder: MixFolder,
    project: MixProject,
    planned: MixPlan,
    tags: Tags,
    report: Report,
    note: Callable[[str], None],
) -> Mix:
    """Write the mix in all its formats and the lists beside it, going on with the FLAC that was begun."""
    begun, formats = folder.begun, project.wish.formats
    if begun is not None:
        lost = [mix_path(form) for form in formats if form != "flac"]
        anew = f", and encoding {' and '.join(lost)} anew" if lost else ""
        note(f"Going on with what the interrupted run had written of {mix_path('flac')}{anew}.")

    def hear(message: tuple[Pass, int]) -> None:
        report(_SAID[message[0]], message[1], planned.frames)

    watch, lists = Watch(folder.folder / BEGUN), _lists(project, planned)
    return workers.run(blend, folder, planned, tags, lists, formats, begun, watch, hearing=hear)


def _lists(project: MixProject, planned: MixPlan) -> dict[str, str]:
    marks, rate = planned.chapters, planned.rate
    entries = (
        (f"../../albums/{song.album}/{song.file.path}", song.frames / rate, f"{song.artist} - {song.title}")
        for song in project.tracks
    )
    return {
        CUE: cue_sheet(marks, rate, file=mix_path("flac"), title=project.title, performer=project.artist),
        TRACKLIST: tracklist(marks, rate),
        PLAYLIST: m3u8(entries),
    }


@dataclass(frozen=True)
class Watch:
    """Tells the parent of a worker how far the files are, and lets go when it is asked to."""

    begun: Path
    """Where what is written of the FLAC is kept then."""

    def __call__(self, temps: Mapping[Format, Path]) -> Heed:
        """Return who is told how far they are."""
        told = -1

        def heed(what: Pass, frames: int) -> None:
            nonlocal told
            if stopping():
                self._keep(temps["flac"])
                raise Stopped("The mix was given up.")
            if frames // _OFTEN != told:
                told = frames // _OFTEN
                tell((what, frames))

        return heed

    def _keep(self, temp: Path) -> None:
        """Give what is written of the FLAC a second name, unless a run before had come further."""
        with suppress(OSError):  # what has no second name is written from the beginning
            if not self.begun.exists() or self.begun.stat().st_size < temp.stat().st_size:
                self.begun.unlink(missing_ok=True)
                self.begun.hardlink_to(temp)
