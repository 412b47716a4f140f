"""Titles inside the sound are where players look for them, and nothing in a title can break out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.radio.icy import EVERY, LIMIT, Titles, block, headers
from pipeline.radio.playbill import Announced
from pipeline.radio.ring import Sound


def sound(data: bytes, title: str = "") -> Sound:
    entry = Announced(1, title, "", 9.0, "fresh", (), "", ("run", 1), 1) if title else None
    return Sound(0.0, 0.1, data, entry)


def parted(data: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """Read a stream as a player does: the sound, and each title with the byte of sound it came after."""
    clean, told = b"", []
    while len(data) > EVERY:
        clean, data = clean + data[:EVERY], data[EVERY:]
        size = 16 * data[0]
        if size:
            found = re.fullmatch(rb"StreamTitle='(.*?)';\0*", data[1 : 1 + size], re.DOTALL)
            assert found is not None
            told.append((len(clean), found[1].decode()))
        data = data[1 + size :]
    return clean + data, told


@given(st.text(max_size=6000))
def test_any_title_is_one_block_that_says_one_thing(title: str) -> None:
    """Quotes, semicolons, emoji, control characters and any length: one field, whole characters, within the limit."""
    made = block(title)
    assert len(made) == 1 + 16 * made[0] <= 1 + LIMIT
    said = made[1:].rstrip(b"\0").decode()
    assert re.fullmatch(r"StreamTitle='[^']*';", said)
    assert not re.search(r"[\x00-\x1f\x7f]", said)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Rain at 3 a.m.", "Rain at 3 a.m."),
        ("It's late", "It’s late"),
        ("x'; StreamUrl='http://evil.example", "x’; StreamUrl=’http://evil.example"),
        ("Tram 🚋\r\nicy-metaint: 1", "Tram 🚋 icy-metaint: 1"),
        ("夜の雨", "夜の雨"),
    ],
)
def test_titles_as_players_show_them(title: str, said: str) -> None:
    assert f"StreamTitle='{said}';".encode() in block(title)


@given(st.lists(st.tuples(st.integers(1, 40_000), st.sampled_from(["One", "Two", "Three"])), max_size=12))
def test_the_sound_is_whole_and_titles_come_with_the_packet_they_begin_in(packets: list[tuple[int, str]]) -> None:
    """After every so many bytes, whatever the packets are; a title that has not changed is not told again."""
    titles, out, clean, spans = Titles(), b"", b"", []
    for size, title in packets:
        data = bytes([len(spans) % 251]) * size
        out += titles.put([sound(data, title)])
        clean += data
        spans.append((len(clean), title))
    heard, told = parted(out)
    if len(clean) % EVERY:
        assert heard == clean
    expected, last = [], ""
    for place in range(EVERY, len(heard) + 1, EVERY):
        title = next(name for end, name in spans if end >= place)
        if title != last and place < len(out):
            expected.append((place, title))
            last = title
    assert told == expected[: len(told)] and len(told) >= len(expected) - 1


def test_who_does_not_ask_is_told_no_interval() -> None:
    names = dict(headers("mp3", "jazz", titles=False))
    assert b"icy-metaint" not in names and names[b"icy-br"] == b"128" and names[b"content-type"] == b"audio/mpeg"
    assert dict(headers("opus", "jazz", titles=True))[b"icy-metaint"] == str(EVERY).encode()


@given(st.text(max_size=500))
def test_the_name_of_a_radio_is_one_harmless_header(name: str) -> None:
    value = dict(headers("mp3", name, titles=True))[b"icy-name"]
    assert re.fullmatch(rb"[\x20-\x7e]{1,100}", value) and value == value.strip()
