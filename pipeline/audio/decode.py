"""Files back into sound, whole or block by block. A file that is short or broken is Damaged, never half read."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import soundfile

from pipeline.audio.clip import Clip, Samples
from pipeline.audio.ffmpeg import REMAKE, drain
from pipeline.audio.mp4 import is_mp4, mp4_length
from pipeline.domain import Seconds
from pipeline.errors import Damaged

_BLOCK = 1 << 16
_AU = struct.Struct(">4sIIIII")  # magic, offset of the samples, bytes, encoding, rate, channels
_OGG_PAGE = 65_307  # bytes: the largest there is


def decode(path: Path) -> Clip:
    """Return the whole file as float32 [frames, channels]. Raises Damaged."""
    parts = list(_read(path, _BLOCK))
    if not parts:
        raise Damaged(f"{path} holds no sound.", REMAKE)
    return Clip(np.concatenate([block for block, _ in parts]), parts[0][1])


def blocks(path: Path, frames: int = _BLOCK) -> Iterator[Samples]:
    """Yield the file as float32 [up to `frames`, channels], in constant memory. Raises Damaged."""
    return (block for block, _ in _read(path, frames))


def head(path: Path, seconds: Seconds) -> Clip:
    """Return the first `seconds` of a file, or all of a shorter one; the rest is not read. Raises Damaged."""
    parts: list[Samples] = []
    frames, rate = 0, 1
    for block, rate in _read(path, _BLOCK):
        parts.append(block)
        frames += len(block)
        if frames >= seconds * rate:
            break
    return _excerpt(path, parts, rate, slice(round(seconds * rate)))


def tail(path: Path, seconds: Seconds) -> Clip:
    """Return the last `seconds` of a file, or all of a shorter one, in constant memory. Raises Damaged."""
    parts: deque[Samples] = deque()
    frames, rate = 0, 1
    for block, rate in _read(path, _BLOCK):
        parts.append(block)
        frames += len(block)
        while frames - len(parts[0]) >= seconds * rate:
            frames -= len(parts.popleft())
    return _excerpt(path, parts, rate, slice(max(0, frames - round(seconds * rate)), None))


def _excerpt(path: Path, parts: Collection[Samples], rate: int, wanted: slice) -> Clip:
    if not parts:
        raise Damaged(f"{path} holds no sound.", REMAKE)
    return Clip(np.concatenate([*parts])[wanted].copy(), rate)


def duration(path: Path) -> Seconds:
    """Return how long a file says it lasts, from its header; decode it to be sure. Raises Damaged."""
    if _is_mp4(path):
        frames, rate = _mp4_length(path)
        return frames / rate
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


def _read(path: Path, frames: int) -> Iterator[tuple[Samples, int]]:
    return _read_mp4(path, frames) if _is_mp4(path) else _read_file(path, frames)


def _is_mp4(path: Path) -> bool:
    try:
        return is_mp4(path)
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}.", REMAKE) from None


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise Damaged(f"{path} does not decode: {error.error_string}", REMAKE) from None
    if file.format == "OGG" and not _ends_ogg(path):
        file.close()
        raise Damaged(f"{path} breaks off before its end.", REMAKE)
    return file


def _ends_ogg(path: Path) -> bool:
    """Tell whether the last page is whole and marked as the last (RFC 3533, 6): Ogg has no length to compare with."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _OGG_PAGE))
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    # A page: 26 bytes of header with the flags in the sixth, a count, as many lengths, and the data.
    return (
        len(page) > 27 + page[26] and bool(page[5] & 4) and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
    )


def _read_file(path: Path, frames: int) -> Iterator[tuple[Samples, int]]:
    """Yield from anything libsndfile reads: FLAC, WAV, MP3, Opus."""
    with _opened(path) as file:
        given = 0
        while given < file.frames:
            try:
                block = file.read(frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise Damaged(f"{path} does not decode: {error.error_string}", REMAKE) from None
            if not len(block):
                raise Damaged(f"{path} ends after {given:,} of {file.frames:,} frames.", REMAKE)
            given += len(block)
            yield block, file.samplerate


def _read_mp4(path: Path, frames: int) -> Iterator[tuple[Samples, int]]:
    """Yield from an M4A through ffmpeg, which writes it as AU: a header that needs no length, then the samples."""
    promised, _ = _mp4_length(path)
    arguments = ["-i", f"file:{path}", "-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    pending, rate, channels, given = b"", 0, 1, 0
    for piece in drain(arguments, path, frames * 8):
        pending += piece
        if not rate:
            _, offset, _, _, rate, channels = _AU.unpack_from(pending)
            pending = pending[offset:]
        whole = len(pending) // (4 * channels)
        samples = np.frombuffer(pending, ">f4", whole * channels).astype(np.float32).reshape(whole, channels)
        pending = pending[whole * 4 * channels :]
        samples = samples[: promised - given]  # an older ffmpeg hands out the padding of the last packet too
        given += len(samples)
        for start in range(0, len(samples), frames):
            yield samples[start : start + frames], rate
    if given < promised:
        raise Damaged(f"{path} ends after {given:,} of {promised:,} frames.", REMAKE)


def _mp4_length(path: Path) -> tuple[int, int]:
    try:
        return mp4_length(path)
    except ValueError as error:
        raise Damaged(f"{path} does not decode: {error}.", REMAKE) from None
