"""Pages of Ogg Opus made into one unbroken stream, wherever they come from.

An encoder that is started again begins another logical stream: another serial number, pages counted from nought,
positions from nought. A player would stop, or complain. Here every page is given the next number and position of the
one stream that listeners hear, and its checksum is made anew; what is encoded is not touched. After RFC 3533 (Ogg),
RFC 6716 3.1 (how long an Opus packet lasts) and RFC 7845 (Opus in Ogg).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

RATE = 48_000
"""Positions are counted in samples of this rate, whatever the sound was made from (RFC 7845, 4)."""
_HEADER = struct.Struct("<4sBBqIIIB")
_CHECKSUM = slice(22, 26)
_CONTINUED, _FIRST = 1, 2
_NOWHERE = -1
"""The position of a page on which no packet ends."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SIZES = (*([10, 20, 40, 60] * 3), *([10, 20] * 2), *([2.5, 5, 10, 20] * 4))
"""Milliseconds of a frame by the five bits of its configuration."""


class NotOgg(ValueError):
    """These bytes are no whole pages of Ogg."""


@dataclass(frozen=True)
class Page:
    """One page. `lacing` are the lengths of its segments, `body` is what they hold."""

    flags: int
    position: int
    serial: int
    number: int
    lacing: bytes
    body: bytes

    def written(self) -> bytes:
        """Return its bytes, with their checksum."""
        head = _HEADER.pack(b"OggS", 0, self.flags, self.position, self.serial, self.number, 0, len(self.lacing))
        page = bytearray(head + self.lacing + self.body)
        page[_CHECKSUM] = checksum(page).to_bytes(4, "little")
        return bytes(page)


def checksum(page: bytes | bytearray) -> int:
    """Return the CRC of a page whose checksum is nought (RFC 3533, 6).

    Ogg's CRC runs from the highest bit and zlib's from the lowest; mirrored bit for bit they are one polynomial.
    Without zlib's inversions before and after, that is a hundred times faster than a loop over the bytes.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def pages(data: bytes) -> Iterator[Page]:
    """Read whole pages. Raises NotOgg at the first byte that is none of one."""
    at = 0
    while at < len(data):
        if len(data) < at + _HEADER.size:
            raise NotOgg("a page is cut short")
        magic, version, flags, position, serial, number, _, segments = _HEADER.unpack_from(data, at)
        if magic != b"OggS" or version != 0:
            raise NotOgg("there is something between the pages")
        begin = at + _HEADER.size + segments
        lacing = data[at + _HEADER.size : begin]
        at = begin + sum(lacing)
        if len(lacing) < segments or len(data) < at:
            raise NotOgg("a page is cut short")
        yield Page(flags, position, serial, number, lacing, data[begin:at])


def samples(packet: bytes) -> int:
    """Return how long an Opus packet lasts, in samples at 48 kHz; 0 for one that is none (RFC 6716, 3.1)."""
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if code == 3 and len(packet) < 2:
        return 0
    frames = (1, 2, 2, packet[1] & 63 if code == 3 else 0)[code]
    return int(frames * _SIZES[config] * RATE // 1000)


class Stream:
    """The one stream: header pages for whoever joins, and page after page of sound."""

    def __init__(self, serial: int) -> None:
        self._serial, self._number, self._position = serial, 0, 0
        self._head: tuple[Page, ...] = ()
        self._open = False
        """Whether the last packet is not finished yet."""
        self._carried = 0
        """How long it lasts: its first byte tells, which was on the page before."""

    def begin(self, head: bytes) -> bool:
        """Take the header pages, the first time they come; return whether they were taken.

        What an encoder that is started again says of itself must be the same, and is not needed a second time.
        Raises NotOgg when they are none of Opus.
        """
        if self._head:
            return False
        found = tuple(pages(head))
        if not found or not found[0].flags & _FIRST or not found[0].body.startswith(b"OpusHead"):
            raise NotOgg("the stream does not begin with a header of Opus")
        self._head = found
        self._number = len(found)
        return True

    @property
    def begun(self) -> bool:
        """Whether there are header pages."""
        return bool(self._head)

    def head(self, before: int) -> bytes:
        """Return the header pages for a listener whose sound begins with page `before`: numbered up to it, no gap."""
        first = before - len(self._head)
        return b"".join(
            Page(page.flags, 0, self._serial, first + place, page.lacing, page.body).written()
            for place, page in enumerate(self._head)
        )

    @property
    def number(self) -> int:
        """The number that the next page gets."""
        return self._number

    def put(self, data: bytes) -> bytes:
        """Return pages of sound as the next ones of this stream. Raises NotOgg, and then nothing has changed."""
        return b"".join(self._next(page) for page in list(pages(data)) if not _is_header(page))

    def _next(self, page: Page) -> bytes:
        lacing, body = page.lacing, page.body
        if page.flags & _CONTINUED and not self._open:
            # The beginning of this packet was on a page that is not part of this stream.
            left = next((place for place, size in enumerate(lacing) if size < 255), len(lacing) - 1) + 1
            lacing, body = lacing[left:], body[sum(lacing[:left]) :]
        goes_on = bool(page.flags & _CONTINUED) and self._open
        whole, rest, self._open = _packets(lacing, body)
        lengths = [samples(packet) for packet in whole]
        if goes_on and whole:
            lengths[0] = self._carried
        self._position += sum(lengths)
        if self._open and (whole or not goes_on):
            self._carried = samples(rest)
        position = self._position if whole else _NOWHERE
        made = Page(_CONTINUED if goes_on else 0, position, self._serial, self._number, lacing, body)
        self._number += 1
        return made.written()


def _is_header(page: Page) -> bool:
    return bool(page.flags & _FIRST) or page.body.startswith((b"OpusHead", b"OpusTags"))


def _packets(lacing: bytes, body: bytes) -> tuple[list[bytes], bytes, bool]:
    """Return the packets that end on a page, what is there of one that does not, and whether there is such a one."""
    found, begin, at = [], 0, 0
    for size in lacing:
        at += size
        if size < 255:
            found.append(body[begin:at])
            begin = at
    return found, body[begin:], bool(lacing) and lacing[-1] == 255
