"""Titles inside the sound, as SHOUTcast began it and VLC, ffmpeg and phones read it.

A listener that sends `Icy-MetaData: 1` is told `icy-metaint`, and after every so many bytes of sound comes a block: one
byte that counts sixteens, then `StreamTitle='…';` in UTF-8, filled up with noughts. The block of a title that has not
changed is one nought. Players take this from HTTP, whatever the codec.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.line import one_line
from pipeline.radio.ring import Sound
from pipeline.radio.wire import Form

EVERY = 8192
"""Bytes of sound between two blocks: half a second of MP3."""
LIMIT = 255 * 16
"""Bytes of a block: what its first byte can count."""
BITRATE: dict[Form, int] = {"mp3": 128, "opus": 96}
TYPES: dict[Form, str] = {"mp3": "audio/mpeg", "opus": "audio/ogg; codecs=opus"}


def block(line: str) -> bytes:
    """Return the block that says `line`.

    Players look for the quote and semicolon that end it, and some for the quote alone: an apostrophe becomes the
    typographic one, so that nothing in a title ends it or begins another field.
    """
    room = LIMIT - len("StreamTitle='';")
    said = one_line(line).replace("'", "’").encode()[:room].decode(errors="ignore")
    text = f"StreamTitle='{said}';".encode()
    sixteens = -(-len(text) // 16)
    return bytes([sixteens]) + text.ljust(16 * sixteens, b"\0")


def headers(form: Form, name: str, *, titles: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers of a stream called `name`; `titles` says whether they come inside the sound."""
    said = {
        "content-type": TYPES[form],
        "icy-name": _header(name),
        "icy-description": "Lo-fi without end",
        "icy-genre": "lo-fi",
        "icy-br": str(BITRATE[form]),
        "icy-pub": "0",
        "accept-ranges": "none",
    }
    if titles:
        said["icy-metaint"] = str(EVERY)
    return [(key.encode(), value.encode()) for key, value in said.items()]


def _header(text: str) -> str:
    """Return text that any reader of HTTP takes: ASCII, of a moderate length."""
    return one_line(text).encode("ascii", "replace").decode()[:100].strip() or "Lo-fi radio"


class Titles:
    """Puts the titles between one listener's bytes."""

    def __init__(self) -> None:
        self._until = EVERY
        self._told: str | None = None
        self._line = ""

    def put(self, sounds: Sequence[Sound]) -> bytes:
        """Return the sound with its blocks, each after exactly `EVERY` bytes of sound.

        A block that falls into a packet tells the title of that packet; the first one always tells.
        """
        parts: list[bytes] = []
        for sound in sounds:
            if sound.entry is not None:
                self._line = sound.entry.line
            data = sound.data
            while len(data) >= self._until:
                parts += [data[: self._until], self._block()]
                data = data[self._until :]
                self._until = EVERY
            parts.append(data)
            self._until -= len(data)
        return b"".join(parts)

    def plain(self, data: bytes) -> bytes:
        """Return bytes that have no title, such as header pages, with the blocks that fall between them."""
        return self.put([Sound(0.0, 0.0, data, None)]) if data else b""

    def _block(self) -> bytes:
        if self._line == self._told or not self._line:
            return b"\0"
        self._told = self._line
        return block(self._line)
