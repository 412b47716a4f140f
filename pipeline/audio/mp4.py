"""The exact length of an M4A, from its index.

AAC comes in packets of 1024 frames after some frames of priming. Which of them are music stands in the audio
track's media header and edit list; the movie header and older decoders round it (ISO/IEC 14496-12, 8.4.2, 8.6.6).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MOST = 1 << 27  # bytes: no index of ours is beyond a few megabytes


def is_mp4(path: Path) -> bool:
    """Tell by the content, for temporary files have any name. Raises OSError."""
    with path.open("rb") as file:
        return file.read(8)[4:] == b"ftyp"


def mp4_length(path: Path) -> tuple[int, int]:
    """Return the frames of music in the first audio track, and its rate. ValueError when the index is broken."""
    try:
        for trak in _inside(_index(path), b"trak"):
            media = _first(trak, b"mdia")
            if _first(media, b"hdlr")[8:12] == b"soun":
                rate, frames = _media_header(_first(media, b"mdhd"))
                frames -= _priming(trak)
                if rate > 0 and frames > 0:
                    return frames, rate
    except (struct.error, StopIteration):
        pass
    raise ValueError("the index is missing or broken")


def _index(path: Path) -> bytes:
    """Return the contents of the moov box, reading past everything else."""
    with path.open("rb") as file:
        while head := file.read(8):
            length, kind = struct.unpack(">I4s", head)
            used = 8
            if length == 1:
                length, used = struct.unpack(">Q", file.read(8))[0], 16
            if kind == b"moov":
                return file.read(min(length - used, _MOST))
            if length < used:
                break
            file.seek(length - used, 1)
    raise ValueError("the index is missing or broken")


def _inside(box: bytes, wanted: bytes) -> Iterator[bytes]:
    """Yield the contents of every box of one kind directly inside another."""
    place = 0
    while place + 8 <= len(box):
        length, kind = struct.unpack_from(">I4s", box, place)
        if length < 8:
            return
        if kind == wanted:
            yield box[place + 8 : place + length]
        place += length


def _first(box: bytes, wanted: bytes) -> bytes:
    return next(_inside(box, wanted))


def _media_header(box: bytes) -> tuple[int, int]:
    """Return time scale and duration, from either version of the box."""
    scale, frames = struct.unpack_from(">IQ", box, 20) if box[:1] == b"\x01" else struct.unpack_from(">II", box, 12)
    return scale, frames


def _priming(trak: bytes) -> int:
    """Return where in the media the music starts: the media time of the first edit, 0 without an edit list."""
    for edits in _inside(trak, b"edts"):
        box = _first(edits, b"elst")
        start: int
        _, start = struct.unpack_from(">Qq", box, 8) if box[:1] == b"\x01" else struct.unpack_from(">Ii", box, 8)
        return max(0, start)
    return 0
