"""Listeners of Opus hear one unbroken stream, whatever happens to the encoder."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from radio_room import ffmpeg
from tone_studio import Encoded

from pipeline.radio.ogg import RATE, NotOgg, Page, Stream, checksum, pages, samples


def test_pages_are_read_and_written_as_an_encoder_writes_them(tone: Encoded) -> None:
    """Byte for byte, checksums too."""
    for data in (tone.head, *tone.opus):
        assert b"".join(page.written() for page in pages(data)) == data


def bitwise(data: bytes) -> int:
    """The checksum as RFC 3533 tells it, a bit at a time."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
        register &= 0xFFFFFFFF
    return register


@given(st.binary(max_size=200))
def test_the_checksum_is_that_of_the_standard(data: bytes) -> None:
    assert checksum(data) == bitwise(data)


def stream_of(*sources: Encoded, skip: int = 0) -> tuple[Stream, list[bytes]]:
    """Put sources behind each other, as encoders that are started again send them."""
    stream = Stream(77)
    for source in sources:
        stream.begin(source.head)
    return stream, [stream.put(page) for source in sources for page in source.opus[skip:]]


def test_an_encoder_started_again_three_times_gives_one_legal_stream(
    tone: Encoded, other: Encoded, tmp_path: Path
) -> None:
    """One serial, pages and positions that count on, one beginning, no end; ffmpeg and libsndfile agree."""
    stream, sound = stream_of(tone, other, tone, other)
    whole = stream.head(2) + b"".join(sound)
    found = list(pages(whole))
    assert {page.serial for page in found} == {77}
    assert [page.number for page in found] == list(range(len(found)))
    assert [page.flags for page in found] == [2, *[0] * (len(found) - 1)]
    positions = [page.position for page in found[2:]]
    assert positions == sorted(set(positions)) and positions[0] == 9600
    file = tmp_path / "whole.opus"
    file.write_bytes(whole)
    said = ffmpeg("-v", "warning", "-xerror", "-i", str(file), "-f", "null", "-")
    assert (said.returncode, said.stderr) == (0, "")
    assert soundfile.info(file).duration == pytest.approx(4 * 6.0, abs=0.1)


def test_a_joiner_in_the_middle_has_a_stream_of_its_own_with_no_page_missing(tone: Encoded, tmp_path: Path) -> None:
    """Its header pages are numbered up to its first page of sound."""
    stream, sound = stream_of(tone)
    (first,) = pages(sound[12])
    joined = stream.head(first.number) + b"".join(sound[12:])
    assert [page.number for page in pages(joined)] == list(range(first.number - 2, len(sound) + 2))
    file = tmp_path / "joined.opus"
    file.write_bytes(joined)
    said = ffmpeg("-v", "warning", "-xerror", "-i", str(file), "-f", "null", "-")
    assert (said.returncode, said.stderr) == (0, "")


def laced(sizes: list[int]) -> tuple[bytes, bytes]:
    """Segments and bytes of Opus packets of 20 ms each."""
    lacing, body = b"", b""
    for size in sizes:
        lacing += bytes([255] * (size // 255) + [size % 255])
        body += bytes([31 << 3]) + bytes(size - 1)
    return lacing, body


@settings(max_examples=60)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=20), st.data())
def test_packets_that_go_on_over_pages_count_once(sizes: list[int], data: st.DataObject) -> None:
    """However an encoder cuts them into pages, the position counts every packet that ends, once."""
    lacing, body = laced(sizes)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(lacing)), max_size=6)) | {len(lacing)})
    stream, begin, at, out = Stream(1), 0, 0, []
    for cut in cuts:
        piece = lacing[begin:cut]
        goes_on = begin > 0 and lacing[begin - 1] == 255
        page = Page(1 if goes_on else 0, 0, 5, 9, piece, body[at : at + sum(piece)])
        out += pages(stream.put(page.written()))
        begin, at = cut, at + sum(piece)
    assert b"".join(page.body for page in out) == body
    ended = 0
    for page in out:
        whole = sum(1 for size in page.lacing if size < 255)
        ended += whole
        assert page.position == (ended * 960 if whole else -1)


def test_the_rest_of_a_packet_that_began_elsewhere_is_left_out() -> None:
    """A stream goes on at a page in the middle of a packet, and what cannot be decoded is not sent."""
    lacing, body = laced([300, 20])
    page = Page(1, 0, 5, 9, lacing[1:], body[255:])
    (found,) = pages(Stream(1).put(page.written()))
    assert (found.flags, found.lacing, len(found.body), found.position) == (0, bytes([20]), 20, 960)


@pytest.mark.parametrize("cut", [1, 20, 27, 40, -1])
def test_half_a_page_is_refused_and_changes_nothing(tone: Encoded, cut: int) -> None:
    stream = Stream(1)
    stream.begin(tone.head)
    with pytest.raises(NotOgg):
        stream.put(tone.opus[0] + tone.opus[1][:cut])
    (page,) = pages(stream.put(tone.opus[0]))
    assert (page.number, page.position) == (2, 9600)


@pytest.mark.parametrize("head", [b"", b"noise", b"ID3"])
def test_only_headers_of_opus_begin_a_stream(head: bytes, tone: Encoded) -> None:
    stream = Stream(1)
    with pytest.raises(NotOgg):
        stream.begin(head)
    with pytest.raises(NotOgg):
        stream.begin(tone.opus[0])
    assert stream.begin(tone.head) and not stream.begin(tone.head)


@pytest.mark.parametrize(
    ("packet", "seconds"),
    [
        (b"", 0),
        (bytes([31 << 3]), 0.02),
        (bytes([28 << 3]), 0.0025),
        (bytes([3 << 3]), 0.06),
        (bytes([31 << 3 | 1]), 0.04),
        (bytes([31 << 3 | 3, 6]), 0.12),
        (bytes([31 << 3 | 3]), 0),
    ],
)
def test_how_long_a_packet_lasts(packet: bytes, seconds: float) -> None:
    assert samples(packet) == seconds * RATE
