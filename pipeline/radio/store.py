"""The radio's own folder in the library: what was rendered for it, until it was heard long enough ago.

radio/
    .lock, .lease.json          one radio a library
    too-late-for-tea-91c2.flac  a track, and
    too-late-for-tea-91c2.json  its record, written after it: without one the sound is no track
    too-late-for-tea-91c2.jpg   its picture, if it has one
    heading.json                where listeners have turned it, for as long as it is on
    loved/                      the same of what somebody loved: kept for ever
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pipeline.domain.course import Course
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged
from pipeline.radio.fresh import Fresh
from pipeline.shelf.atomic import explained, make_folder
from pipeline.shelf.folder import Folder

_ENDINGS = (".flac", ".json", ".jpg")
LOVED = 5_000_000_000
"""Bytes of sound that are kept for ever: some three hundred tracks. Then it is for a person to take some away."""
OFFERED = 100
"""Loved tracks that stand by to be played again: the newest."""


_HEADING = "heading.json"


class Heading(Noun):
    """The theme of a radio's owner, and the course that its listeners have turned it to."""

    theme: str
    course: Course


class Store:
    """The tracks of a library's radio. For its studio alone, from any thread."""

    def __init__(self, root: Path) -> None:
        self.folder = Folder(root / "radio")
        self._loved = Folder(root / "radio" / "loved")

    def tracks(self) -> list[Fresh]:
        """Return every whole track, as far as its size tells, and remove what a killed render left of others."""
        here = self.folder.folder
        for left in here.glob(".*.part"):
            left.unlink(missing_ok=True)
        for record in self._loved.folder.glob("*.json"):
            if (here / f"{record.stem}.flac").exists():
                self._move(record.stem)  # which a kill broke off
        for beside in (*here.glob("*.json"), *here.glob("*.jpg")):
            if beside.name not in (".lease.json", _HEADING) and not beside.with_suffix(".flac").exists():
                self.drop(beside.stem)
        found = []
        for path in sorted(self.folder.folder.glob("*.flac")):
            track = self.find(path.stem)
            if track is None:
                self.drop(path.stem)
            else:
                found.append(track)
        return found

    def find(self, name: str) -> Fresh | None:
        """Return a track that waits to be played, if it is whole."""
        with suppress(Damaged, OSError):
            track = self.folder.peek(f"{name}.json", Fresh)
            if track is not None and track.name == name:
                path = self.folder.path(track.file.path)
                return track if path.stat().st_size == track.file.bytes else None
        return None

    def path(self, track: Fresh) -> Path:
        """Return the file of a track, wherever it lies by now."""
        path = self.folder.path(track.file.path)
        return path if path.exists() else self._loved.path(track.file.path)

    def picture(self, name: str) -> Path:
        """Return the picture of a track, wherever it lies by now, there or not."""
        path = self.folder.path(f"{name}.jpg")
        return path if path.exists() else self._loved.path(f"{name}.jpg")

    def drop(self, name: str) -> None:
        """Remove a track and all that belongs to it, half-written or whole; what is being played goes on to its end."""
        whole = [self.folder.path(f"{name}{ending}") for ending in _ENDINGS]
        for path in (*whole, *self.folder.folder.glob(f".{name}.*.part")):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def heading(self) -> Heading | None:
        """Return where a radio was heading that did not come to a good end; None where it did."""
        with suppress(Damaged):
            return self.folder.peek(_HEADING, Heading)
        return None

    def head_for(self, heading: Heading) -> None:
        """Note where the radio is heading, for a studio that has to go on with it."""
        self.folder.put(heading, _HEADING)

    def arrive(self) -> None:
        """The radio came to a good end: the next one begins with its own theme."""
        self.folder.path(_HEADING).unlink(missing_ok=True)

    def retire(self, names: Collection[str], loved: Collection[str]) -> list[str]:
        """Let tracks go, but keep those that are `loved` for ever; return the ones of these that found no room."""
        refused = []
        for name in names:
            if name not in loved:
                self.drop(name)
            elif not self.love(name):
                refused.append(name)
                self.drop(name)
        return refused

    def love(self, name: str) -> bool:
        """Keep a track for ever, unless there is no room in LOVED: strangers love as well. Return whether there was."""
        kept = sum(path.stat().st_size for path in self._loved.folder.glob("*.flac"))
        waits = self.folder.path(f"{name}.flac")
        if waits.exists() and kept + waits.stat().st_size > LOVED:
            return False
        self._move(name)
        return True

    def _move(self, name: str) -> None:
        with explained(self._loved.folder):
            make_folder(self._loved.folder)
            for ending in reversed(_ENDINGS):  # the sound comes last, so that what a kill breaks off is seen
                with suppress(FileNotFoundError):
                    self.folder.path(f"{name}{ending}").rename(self._loved.path(f"{name}{ending}"))

    def loved(self) -> list[Fresh]:
        """Return the newest tracks that somebody loved, OFFERED at most."""
        found = []
        records = sorted(self._loved.folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in records[-OFFERED:]:
            with suppress(Damaged):
                track = self._loved.peek(path.name, Fresh)
                if track is not None and self._loved.path(track.file.path).exists():
                    found.append(track)
        return found
