"""A long mix's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import LongMix
from pipeline.shelf.atomic import sync_folder
from pipeline.shelf.work_folder import WorkFolder, mix_path

MIX_MANIFEST = "mix.json"
"""Written last: a mix with a manifest is complete."""
SOUND_RECORD = "sound.json"
BEGUN = "begun.flac"
"""As much of the mix as a run had written that was killed: lossless, so that the next one goes on from there."""


@dataclass(frozen=True)
class MixFolder(WorkFolder[LongMix]):
    """One long mix on the shelf. Everything that writes belongs inside `hold()`."""

    manifest = MIX_MANIFEST
    kind = LongMix
    verb = "lofi mix"
    again = "Run the same `lofi mix` command again: the file is made again, the rest is kept."

    @property
    def begun(self) -> Path | None:
        """What an interrupted run had written of the mix, where there is any."""
        path = self.folder / BEGUN
        return path if path.is_file() else None

    def salvage(self, temp: Path, final: Path) -> bool:
        """Keep the FLAC that a dead writer had begun, if it had come further than one before it."""
        begun = self.folder / BEGUN
        if final.name != mix_path("flac") or (begun.exists() and begun.stat().st_size >= temp.stat().st_size):
            return False
        temp.replace(begun)
        sync_folder(self.folder)
        return True
