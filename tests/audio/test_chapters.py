"""Chapters on paper: true starts, and no title that can add a line."""

from __future__ import annotations

import m3u8 as m3u8_reader
import pytest
from deflacue.parser import CueParser
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio.chapters import chapters, clock, cue_sheet, ffmetadata, m3u8, tracklist, vorbis_chapters
from pipeline.audio.tags import Tags
from pipeline.domain.line import one_line
from pipeline.shelf.names import safe_title

RATE = 44_100
HOSTILE = st.text(
    st.sampled_from("ab=;#\\\n\r\"'[]-%\u2028\u0085\x00\u202e\u05e9🌙\u200d\t ") | st.characters(), max_size=60
)


@given(HOSTILE)
def test_a_title_is_one_line(title: str) -> None:
    """Whatever is typed, what is written is one line without control or direction characters."""
    line = one_line(title)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert not set("\x00\x1b\u202e\u2066") & set(line)
    assert one_line(line) == line


@given(HOSTILE, HOSTILE)
def test_no_title_adds_a_line_anywhere(title: str, other: str) -> None:
    """Every format has exactly the lines that two tracks need, whatever the tracks are called."""
    marks = chapters([0, 20 * RATE], [title, other], 60 * RATE)
    assert len(tracklist(marks, RATE).splitlines()) == 2
    assert len(cue_sheet(marks, RATE, file="mix.flac", title=title, performer=other).splitlines()) == 3 + 2 * 4
    assert len(m3u8([("a.flac", 20, title), ("b.flac", 40, other)]).splitlines()) == 5
    text = ffmetadata({"title": title}, marks, RATE)
    assert len(text.splitlines()) == 2 + 2 * 5
    assert text.count("\n[CHAPTER]\n") == 2


def test_ordinary_titles_come_through_verbatim() -> None:
    """Emoji with joiners, right-to-left text, dashes and quotes are letters like any other."""
    for title in ("夜の雨", "שלום עולם", "👩‍🚀 drift", "-x", 'the "late" show', "50% = half; #1"):
        assert one_line(title) == title


def test_a_cue_index_counts_seventy_fifths() -> None:
    """61.5 s is 01:01:37, rounded down to the 75th; quotes cannot close a field."""
    marks = chapters([0, round(61.5 * RATE)], ["one", 'two "x"'], 100 * RATE)
    sheet = cue_sheet(marks, RATE, file="mix.flac", title="t", performer="p")
    assert "INDEX 01 00:00:00" in sheet
    assert "INDEX 01 01:01:37" in sheet
    assert all(line.count('"') in (0, 2) for line in sheet.splitlines())


def test_a_cue_sheet_ends_at_its_last_number_and_says_so() -> None:
    """Of a hundred tracks the first 99 are listed with two-digit numbers, and a remark tells of the rest."""
    hundred = chapters([n * RATE for n in range(100)], [f"t{n}" for n in range(1, 101)], 100 * RATE)
    sheet = cue_sheet(hundred, RATE, file="mix.flac", title="t", performer="p")
    assert sheet.count(" AUDIO\n") == 99
    assert "TRACK 99 AUDIO" in sheet and "TRACK 100" not in sheet
    assert "REM The first 99 of 100 tracks" in sheet
    assert "REM" not in cue_sheet(hundred[:99], RATE, file="mix.flac", title="t", performer="p")


def test_a_letter_and_its_accent_are_one_however_they_were_typed() -> None:
    """An invisible character between a letter and its accent does not make another title of it."""
    assert one_line("cafe\u200b\u0301") == "caf\u00e9"


def test_clocks_read_as_people_write_them() -> None:
    """Minutes are bare under an hour, padded beyond it."""
    assert [clock(s) for s in (0, 59.9, 61, 3600, 18_061)] == ["0:00", "0:59", "1:01", "1:00:00", "5:01:01"]


def test_chapters_must_follow_each_other() -> None:
    """Starts that do not ascend, or begin after the end, are refused."""
    for starts in ([0, 10, 10], [0, 20, 10], [0, 50, 200]):
        with pytest.raises(ValueError, match="one after another"):
            chapters(starts, ["a", "b", "c"], 100)


def test_a_playlist_path_is_never_a_comment_or_an_address() -> None:
    """A file called #1.flac or http:x.flac stays a file; a path of two lines is refused."""
    text = m3u8([("#1.flac", 1, "a"), ("http:x.flac", 1, "b")])
    assert "\n./#1.flac\n" in text
    assert "\n./http:x.flac\n" in text
    with pytest.raises(ValueError, match="playlist"):
        m3u8([("a\nb.flac", 1, "a")])


def test_vorbis_chapters_count_milliseconds() -> None:
    """FLAC gets CHAPTERxxx comments."""
    said = vorbis_chapters(chapters([0, 3_723_500 * 441 // 10], ["a", "b"], 4_000_000 * 441 // 10), RATE)
    assert said["CHAPTER001"] == "01:02:03.500"
    assert said["CHAPTER001NAME"] == "b"


def test_each_container_gets_the_tags_it_can_hold() -> None:
    """Track numbers, tempo, key and gain are written the way each format's players read them."""
    tags = Tags(
        title="t", artist="a", album="b", track=3, total=8, bpm=78.4, key="Bb minor", track_gain=-4.0, track_peak=0.9
    )
    flac, mp3, m4a, opus = (tags.pairs(form) for form in ("flac", "mp3", "m4a", "opus"))
    assert (flac["track"], flac["TRACKTOTAL"], flac["BPM"], flac["INITIALKEY"]) == ("3", "8", "78", "Bbm")
    assert (mp3["track"], mp3["TBPM"], mp3["TKEY"], mp3["REPLAYGAIN_TRACK_GAIN"]) == ("3/8", "78", "Bbm", "-4.00 dB")
    assert (m4a["track"], m4a["tmpo"]) == ("3/8", "78")
    assert opus["R128_TRACK_GAIN"] == str(-9 * 256)


TITLES = (
    'He said "no"', "two\nlines", "a=b;c#d", "INDEX 01 00:00:00", "#EXTM3U", "REM x", "\u202eright to left",
    "emoji 🌧️🎧", "شاي في المطر", "'quoted'", "back\\slash", "\ttab", "100 %", "FILE \"x\" WAVE",
)  # fmt: skip


def test_an_independent_program_reads_every_title_of_the_cue_sheet() -> None:
    """Whatever stands in the titles, there are as many tracks as there should be, each at its place."""
    starts = [n * 7 * 44_100 for n in range(len(TITLES))]
    marks = chapters(starts, TITLES, starts[-1] + 441_000)
    sheet = cue_sheet(marks, 44_100, file="mix.flac", title='A "mix"\nTRACK 99', performer="Somebody; #1")
    read = CueParser([line.strip() for line in sheet.splitlines()]).run()
    assert [str(file.path) for file in read.files] == ["mix.flac"]
    assert [track.start for track in read.tracks] == starts
    assert [track.num for track in read.tracks] == list(range(1, len(TITLES) + 1))
    for track, mark in zip(read.tracks, marks, strict=True):
        assert track.title == one_line(mark.title).replace('"', "”")


def test_an_independent_program_reads_every_entry_of_the_playlist() -> None:
    """Paths and titles come back one by one, in order, and nothing is taken for a directive."""
    paths = [f"tracks/{number:02d} - {safe_title(title)}.flac" for number, title in enumerate(TITLES, 1)]
    text = m3u8((path, 120.4, title) for path, title in zip(paths, TITLES, strict=True))
    read = m3u8_reader.loads(text)
    assert [segment.uri for segment in read.segments] == paths
    assert [segment.duration for segment in read.segments] == [120.0] * len(paths)
    assert [segment.title for segment in read.segments] == [one_line(title) for title in TITLES]
