"""Sound into what listeners get: one ffmpeg for each form, whose stream is cut where it may be cut.

MP3 is cut into whole frames (ISO/IEC 11172-3, 2.4.1.3), made without a bit reservoir so that each can be decoded by
itself. Ogg Opus is cut into whole pages (RFC 3533, section 6).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import IO

from pipeline.audio.clip import Samples
from pipeline.audio.ffmpeg import streaming
from pipeline.audio.master import RATE
from pipeline.errors import BackendFailed
from pipeline.radio.wire import Form, Head, Packet

_PCM = ("-f", "f32le", "-ar", str(RATE), "-ac", "2", "-i", "pipe:0")
_FORMS: dict[Form, tuple[str, ...]] = {
    "mp3": (
        *("-c:a", "libmp3lame", "-b:a", "128k", "-reservoir", "0", "-write_xing", "0", "-id3v2_version", "0"),
        *("-f", "mp3"),
    ),
    "opus": ("-c:a", "libopus", "-b:a", "96k", "-ar", "48000", "-f", "ogg", "-page_duration", "200000"),
}
_FLUSH = ("-map_metadata", "-1", "-flush_packets", "1", "pipe:1")

FRAME = 1152
"""Frames of sound in one frame of MP3 (MPEG-1 layer III)."""
_TOGETHER = 8
"""MP3 frames in one packet: a fifth of a second."""
_OPUS_RATE = 48_000
"""What granule positions of Ogg Opus count, whatever went in (RFC 7845, section 4)."""


class Encoder:
    """Encodes a stream in one form, for as long as ffmpeg lives. `hear` is called in another thread."""

    def __init__(self, form: Form, began: float, hear: Callable[[Head | Packet], None]) -> None:
        """Begin at second `began` of the programme. Raises BackendUnavailable."""
        self.form: Form = form
        self._began, self._tell = began, hear
        self._stack = ExitStack()
        self._process = self._stack.enter_context(streaming([*_PCM, *_FORMS[form], *_FLUSH]))
        self._thread = threading.Thread(target=self._listen, name=f"encoder {form}", daemon=True)
        self._thread.start()

    def write(self, block: Samples) -> None:
        """Take in the next frames, float32 [frames, 2]. Raises BackendFailed when ffmpeg is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(block.astype("<f4", copy=False).tobytes())
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise BackendFailed(f"The encoder of {self.form} is gone ({error}).") from None

    def close(self) -> None:
        """Let it give out what it holds, and end it."""
        assert self._process.stdin is not None
        with self._stack, suppress(OSError):
            self._process.stdin.close()
            self._thread.join(timeout=5)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        cut = mp3_packets if self.form == "mp3" else opus_packets
        try:
            for piece in cut(self._process.stdout, self._began):
                self._tell(piece)
        except (OSError, ValueError):
            return  # it was ended; whoever writes to it next finds out


def mp3_packets(stream: IO[bytes], began: float) -> Iterator[Packet]:
    """Yield whole MP3 frames, some at a time, as they come; `began` is when the first is due.

    Raises ValueError where the stream is no constant-rate MPEG-1 layer III.
    """
    count, held = 0, b""
    while header := _exactly(stream, 4):
        held += header + _exactly(stream, frame_bytes(header) - 4)
        count += 1
        if count % _TOGETHER == 0:
            start = began + (count - _TOGETHER) * FRAME / RATE
            yield Packet("mp3", start, _TOGETHER * FRAME / RATE, held)
            held = b""
    if held:
        rest = count % _TOGETHER
        yield Packet("mp3", began + (count - rest) * FRAME / RATE, rest * FRAME / RATE, held)


def frame_bytes(header: bytes) -> int:
    """Return the length of an MP3 frame from its four bytes of header. ValueError where it is none."""
    if header[0] != 0xFF or header[1] & 0xFE != 0xFA:
        raise ValueError("no frame of MPEG-1 layer III")
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)[header[2] >> 4]
    rate = (44_100, 48_000, 32_000, 0)[header[2] >> 2 & 3]
    if not kilobits or not rate:
        raise ValueError("a frame without a rate")
    return 144_000 * kilobits // rate + (header[2] >> 1 & 1)


def opus_packets(stream: IO[bytes], began: float) -> Iterator[Head | Packet]:
    """Yield the header pages of an Ogg Opus stream together, then every page. ValueError where it is none."""
    heads: list[bytes] = []
    done = 0
    while start := _exactly(stream, 27):
        if start[:4] != b"OggS":
            raise ValueError("no page of Ogg")
        lengths = _exactly(stream, start[26])
        page = start + lengths + _exactly(stream, sum(lengths))
        granule = int.from_bytes(start[6:14], "little", signed=True)
        if granule <= 0 and done == 0:
            heads.append(page)
            if page[27 + start[26] :].startswith(b"OpusTags"):
                yield Head("opus", b"".join(heads))
            continue
        yield Packet("opus", began + done / _OPUS_RATE, max(0, granule - done) / _OPUS_RATE, page)
        done = max(done, granule)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """Return so many bytes; fewer, that is none, at the end of the stream."""
    missing = size
    parts: list[bytes] = []
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"" if missing else b"".join(parts)
