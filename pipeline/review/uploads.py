"""Sounds that somebody hands in, to go on from or to take a tune from.

Nothing of what was sent is kept: it is decoded, and what was heard is written anew.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.decode import blocks, head
from pipeline.audio.encode import write_take
from pipeline.audio.mp4 import is_mp4
from pipeline.domain import Seconds, Sha256
from pipeline.errors import BadBrief, Damaged, ShelfError
from pipeline.review.orders import Upload
from pipeline.shelf.atomic import explained, hash_file, make_folder, sync_file, temp_beside
from pipeline.wishes import heard

LONGEST: Seconds = 300.0
"""Seconds of a sound that are kept: a model hears the last or first half minute of it."""
LARGEST = 25 * 1024 * 1024
"""Bytes of a sound as it is sent. It says nothing of what is in them: 92 kB can hold gigabytes of silence."""
FASTEST, WIDEST = 192_000, 2
"""Hz and channels of a sound: the most that anybody's recorder writes."""
MOST = 300 * 48_000 * 2
"""Samples that are kept, and ever in memory: five minutes in stereo at 48 kHz, less at higher rates."""
_BLOCK = 1 << 14


class Uploads:
    """The sounds handed in, in one folder, each named by the hash of what is in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._decoding = threading.Lock()

    def keep(self, sound: BinaryIO) -> Upload:
        """Decode a sound and keep its beginning as FLAC. Raises BadBrief for what is no sound, or too large."""
        with explained(self._folder):
            make_folder(self._folder)
            sent, rewritten = temp_beside(self._folder / "sent"), temp_beside(self._folder / "heard.flac")
            try:
                _copy(sound, sent)
                with self._decoding:  # one at a time, so that however many are sent the memory is that of one
                    clip = _beginning(sent)
                    write_take(rewritten, clip.within_full_scale())
                    seconds = clip.seconds
                    del clip
                heard("The sound", rewritten)
                sync_file(rewritten)
                name, _ = hash_file(rewritten)
                rewritten.replace(self._folder / f"{name}.flac")
            finally:
                sent.unlink(missing_ok=True)
                rewritten.unlink(missing_ok=True)
        return Upload(id=name, seconds=round(seconds, 3), audio=f"/uploads/{name}.flac")

    def file(self, name: Sha256) -> Path:
        """Return a sound that was handed in. Raises ShelfError where there is none."""
        if len(name) != 64 or not all(char in "0123456789abcdef" for char in name):
            raise ShelfError("That is not the name of an upload.", "Hand it in again.")
        path = self._folder / f"{name}.flac"
        if not path.is_file():
            raise ShelfError("That upload is not there any more.", "Hand it in again.")
        return path


def _beginning(sent: Path) -> Clip:
    """Decode as much of a sound as is kept. Raises BadBrief for what is none, and for what nobody needs to send."""
    try:
        rate = _rate_of(sent)
        room: Samples | None = None
        frames = 0
        for block in blocks(sent, _BLOCK):
            if room is None:
                # Pages of it are taken as they are written to: a short sound costs what it is.
                most = min(round(LONGEST * rate), MOST // block.shape[1])
                room = np.empty((most, block.shape[1]), np.float32)
            kept = block[: len(room) - frames]
            room[frames : frames + len(kept)] = kept
            frames += len(kept)
            if frames == len(room):
                break
    except (Damaged, soundfile.LibsndfileError, ValueError):
        raise BadBrief("That is not a sound that can be read.", "Send WAV, FLAC, MP3, Opus or M4A.") from None
    if room is None:
        raise BadBrief("There is no sound in it.", "Send WAV, FLAC, MP3, Opus or M4A.")
    return Clip(room[:frames], rate)


def _rate_of(sent: Path) -> int:
    """Return the frames a second of a sound. What its header tells is looked at before anything is decoded."""
    if not is_mp4(sent):
        told = soundfile.info(sent)
        _refuse_odd(told.samplerate, told.channels)
    first = head(sent, 0.0)  # an M4A's index may count in other units than frames, and does not tell the channels
    _refuse_odd(first.rate, first.channels)
    return first.rate


def _refuse_odd(rate: int, channels: int) -> None:
    if rate > FASTEST or channels > WIDEST:
        raise BadBrief(
            f"The sound has {channels} channel{'s' if channels != 1 else ''} at {rate:,} Hz.",
            f"Send mono or stereo at {FASTEST:,} Hz or less.",
        )


def _copy(sound: BinaryIO, place: Path) -> None:
    written = 0
    with place.open("wb") as file:
        while piece := sound.read(1 << 16):
            written += len(piece)
            if written > LARGEST:
                raise BadBrief(f"That is larger than {LARGEST >> 20} MB.", "Send a shorter piece of it.")
            file.write(piece)
