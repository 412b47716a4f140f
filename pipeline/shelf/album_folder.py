"""An album's folder: the name of every file in it, its takes, and the manifest that makes it complete."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Album, Backend, FileRecord, RenderOrder, Take
from pipeline.domain.brief import Format
from pipeline.errors import Damaged
from pipeline.shelf.atomic import explained, final_of, hash_file, sync_file, sync_folder
from pipeline.shelf.letting_go import forget_what_is_back, when_pruned
from pipeline.shelf.names import safe_title
from pipeline.shelf.takes import TakeFiles
from pipeline.shelf.work_folder import WorkFolder, temps

log = logging.getLogger(__name__)

MANIFEST = "album.json"
"""Written last: an album with a manifest is complete."""
BEFORE = "album.before.json"
"""The manifest of an album that is being made again, until it is finished once more."""
PLAN = "plan.json"
COVER = "cover.png"
COVER_FOR_TAGS = "cover.jpg"
THUMBNAIL = "thumbnail.jpg"
COVER_RECORD = "cover.json"
MIX_RECORD = "mix.json"
TITLES_RECORD = "titles.json"
PICTURES_RECORD = "pictures.json"
CUE = "mix.cue"


@dataclass(frozen=True)
class AlbumFolder(WorkFolder[Album]):
    """One album on the shelf. Everything that writes belongs inside `hold()`."""

    manifest = MANIFEST
    kind = Album
    verb = "lofi make"

    @staticmethod
    def take_path(track: int, index: int) -> str:
        """Return the path of a take, such as "takes/03-2.flac"."""
        return f"takes/{track:02d}-{index}.flac"

    @staticmethod
    def take_record_path(track: int, index: int) -> str:
        """Return the path of a take's record, such as "takes/03-2.json"."""
        return f"takes/{track:02d}-{index}.json"

    @staticmethod
    def codes_path(track: int, index: int) -> str:
        """Return the path of the tokens a take was decoded from, such as "takes/03-2.codes.npz"."""
        return f"takes/{track:02d}-{index}.codes.npz"

    @staticmethod
    def verdict_path(track: int, index: int) -> str:
        """Return the path of the judge's word on a take, such as "takes/03-2.verdict.json"."""
        return f"takes/{track:02d}-{index}.verdict.json"

    @staticmethod
    def loop_path(number: int, ambience: str) -> str:
        """Return the path of a loop, such as "ambience/01 - rain.flac", whatever words it is of."""
        return f"ambience/{number:02d} - {safe_title(ambience)}.flac"

    @staticmethod
    def loop_record_path(number: int) -> str:
        """Return the path of a loop's record, such as "ambience/01.json"."""
        return f"ambience/{number:02d}.json"

    @staticmethod
    def picture_path(track: int) -> str:
        """Return the path of a track's own picture, such as "pictures/03.jpg"."""
        return f"pictures/{track:02d}.jpg"

    @staticmethod
    def track_path(number: int, title: str, format: Format) -> str:
        """Return the path of a finished track, such as "tracks/03 - Rain On Tin.flac", whatever the title holds."""
        return f"tracks/{number:02d} - {safe_title(title)}.{format}"

    @staticmethod
    def track_record_path(number: int) -> str:
        """Return the path of a finished track's record, such as "tracks/03.json"."""
        return f"tracks/{number:02d}.json"

    @staticmethod
    def rehearsal_path(role: str) -> str:
        """Return the path of the record that a part's model was tried, such as "rehearsals/judge.json"."""
        return f"rehearsals/{role}.json"

    def reopen(self) -> None:
        """Let a finished album be made again, as its holder: its manifest stays beside it until there is another.

        Its files are about to be replaced one by one, and what is not whole must not look so.
        """
        if self.is_complete():
            with explained(self.folder):
                self.path(MANIFEST).replace(self.path(BEFORE))
                sync_folder(self.folder)

    def close_again(self) -> bool:
        """Take the reopening back, as its holder, where every file is still what it was; return whether it was."""
        before = self.before()
        if before is None or self.is_complete():
            return before is not None
        try:
            self.verify_all(before)
        except Damaged:
            return False
        with explained(self.folder):
            self.path(BEFORE).replace(self.path(MANIFEST))
            sync_folder(self.folder)
        return True

    def sweep(self) -> None:
        """Remove what a dead writer left; what the album was before it was finished once more as well."""
        super().sweep()
        forget_what_is_back(self)
        if self.is_complete():
            with explained(self.folder):
                self.path(BEFORE).unlink(missing_ok=True)

    def before(self) -> Album | None:
        """Return the album as it was finished last, also while it is being made again; None where it never was."""
        for name in (MANIFEST, BEFORE):
            with suppress(Damaged):  # what cannot be read says nothing
                if (album := self.peek(name, Album)) is not None:
                    return album
        return None

    def write_manifest(self, made: Album) -> FileRecord:
        """Complete the album; see WorkFolder. What it was before is forgotten."""
        record = super().write_manifest(made)
        forget_what_is_back(self)
        with explained(self.folder):
            self.path(BEFORE).unlink(missing_ok=True)
        return record

    def take_files(self, order: RenderOrder) -> TakeFiles:
        """Return where the take that answers an order lies."""
        number, index = order.track.number, order.index
        names = self.take_path(number, index), self.take_record_path(number, index), self.codes_path(number, index)
        return TakeFiles(self, *names)

    def find_take(self, order: RenderOrder) -> Take | None:
        """Return the take that answers an order (same track plan, index and seed), or None when it must be rendered.

        Its audio matches its hash: a temp file that does is given its name, audio that does not is moved aside.
        """
        number, index = order.track.number, order.index
        take = self.get(self.take_record_path(number, index), Take)
        if take is None or take.order != order or take.path != self.take_path(number, index):
            return None
        final = self.path(take.path)
        with explained(final):
            if take.codes is not None and not self.matches(take.codes):
                return None
            if self.has_hash(take.path, take.sha256):
                return take
            if any(self._adopt(temp, final, take) for temp in temps(final.parent)):
                return take
            if final.exists():
                self.set_aside(take.path, "its content does not match its recorded SHA-256")
        return None

    def begun_by(self) -> Backend | None:
        """Return who rendered the first take that is whole, by track and index; None when there is none yet."""
        for path in sorted(self.folder.glob("takes/*.flac")):
            try:
                take = self.peek(f"takes/{path.stem}.json", Take)
            except Damaged:
                continue
            if take is not None and self.has_hash(f"takes/{path.name}", take.sha256):
                return take.backend
        return None

    def salvage(self, temp: Path, final: Path) -> bool:
        """Adopt the take that was only waiting for its name."""
        take = self._take_named(final)
        return take is not None and self._adopt(temp, final, take)

    def _take_named(self, audio: Path) -> Take | None:
        """Return the record beside an audio file that has yet to get its name."""
        if audio.suffix != ".flac" or audio.parent.name != "takes":
            return None
        take = self.get(f"takes/{audio.stem}.json", Take)
        return take if take is not None and not self.has_hash(f"takes/{audio.name}", take.sha256) else None

    def _adopt(self, temp: Path, final: Path, take: Take) -> bool:
        """Give a temp file its final name when it is the recorded take, whole."""
        if final_of(temp) != final or hash_file(temp)[0] != take.sha256:
            return False
        sync_file(temp)
        temp.replace(final)
        sync_folder(final.parent)
        log.info("%s was finished before the last run stopped, and is kept.", final)
        return True

    def pruned_take(self, order: RenderOrder) -> Take | None:
        """Return the record of the take that answers an order, where its sound was let go; None where it is there."""
        number, index = order.track.number, order.index
        take = self.get(self.take_record_path(number, index), Take)
        if take is None or take.order != order or take.path != self.take_path(number, index):
            return None
        return take if when_pruned(self, take) is not None else None

    def verify_file(self, made: FileRecord | Take) -> None:
        """Raise Damaged unless a file that the manifest names is there as recorded, or was let go."""
        if when_pruned(self, made) is not None:
            return
        if isinstance(made, FileRecord):
            self.verify(made)
        elif not self.has_hash(made.path, made.sha256):
            raise Damaged(f"{self.folder / made.path} is missing or does not match its recorded SHA-256.", self.again)
