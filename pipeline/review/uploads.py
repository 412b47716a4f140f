"""Sounds that somebody hands in, to go on from or to take a tune from.

Nothing of what was sent is kept: it is decoded, and what was heard is written anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pipeline.audio.decode import head
from pipeline.audio.encode import write_take
from pipeline.domain import Seconds, Sha256
from pipeline.errors import BadBrief, Damaged, ShelfError
from pipeline.review.orders import Upload
from pipeline.shelf.atomic import explained, hash_file, make_folder, sync_file, temp_beside
from pipeline.wishes import heard

LONGEST: Seconds = 300.0
"""Seconds of a sound that are kept: a model hears the last or first half minute of it."""
LARGEST = 25_000_000
"""Bytes of a sound as it is sent."""


class Uploads:
    """The sounds handed in, in one folder, each named by the hash of what is in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, sound: BinaryIO) -> Upload:
        """Decode a sound and keep its beginning as FLAC. Raises BadBrief for what is no sound, or too large."""
        with explained(self._folder):
            make_folder(self._folder)
            sent, rewritten = temp_beside(self._folder / "sent"), temp_beside(self._folder / "heard.flac")
            try:
                _copy(sound, sent)
                try:
                    clip = head(sent, LONGEST)
                except Damaged:
                    raise BadBrief(
                        "That is not a sound that can be read.", "Send WAV, FLAC, MP3, Opus or M4A."
                    ) from None
                write_take(rewritten, clip.within_full_scale())
                heard("the sound", rewritten)
                sync_file(rewritten)
                name, _ = hash_file(rewritten)
                rewritten.replace(self._folder / f"{name}.flac")
            finally:
                sent.unlink(missing_ok=True)
                rewritten.unlink(missing_ok=True)
        return Upload(id=name, seconds=round(clip.seconds, 3), audio=f"/uploads/{name}.flac")

    def file(self, name: Sha256) -> Path:
        """Return a sound that was handed in. Raises ShelfError where there is none."""
        if len(name) != 64 or not all(char in "0123456789abcdef" for char in name):
            raise ShelfError("That is not the name of an upload.", "Hand it in again.")
        path = self._folder / f"{name}.flac"
        if not path.is_file():
            raise ShelfError("That upload is not there any more.", "Hand it in again.")
        return path


def _copy(sound: BinaryIO, place: Path) -> None:
    written = 0
    with place.open("wb") as file:
        while piece := sound.read(1 << 16):
            written += len(piece)
            if written > LARGEST:
                raise BadBrief(f"That is larger than {LARGEST // 1_000_000} MB.", "Send a shorter piece of it.")
            file.write(piece)
