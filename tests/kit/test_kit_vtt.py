"""Captions with the names of the tracks are read by an independent reader as they were meant."""

from __future__ import annotations

import html
import io

import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_material import HOSTILE, RATE, marks_of, mix

from pipeline.kit.vtt import vtt


def read(text: str) -> list[webvtt.Caption]:
    return list(webvtt.from_buffer(io.StringIO(text)))


def test_each_track_is_one_cue_from_its_start_to_its_end() -> None:
    """Times are in milliseconds, and hours count on beyond a day's."""
    marks, _ = marks_of((61.5, 3600, 20), ("one", "two", "three"))
    cues = read(vtt(marks, RATE))
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        ("00:00:00.000", "00:01:01.500", "one"),
        ("00:01:01.500", "01:01:01.500", "two"),
        ("01:01:01.500", "01:01:21.500", "three"),
    ]
    assert len(read(vtt(mix().chapters, RATE))) == 150


def test_no_title_holds_a_tag_or_an_arrow() -> None:
    """The signs of the format are escaped, and nothing else is."""
    marks, _ = marks_of((20, 20, 20), ("<b>a</b>", "00:00 --> 00:01", "R&B “ü”"))
    text = vtt(marks, RATE)
    assert "&lt;b&gt;a&lt;/b&gt;" in text
    assert "00:00 --&gt; 00:01" in text
    assert text.count("-->") == 3
    assert [html.unescape(cue.text) for cue in read(text)] == ["<b>a</b>", "00:00 --> 00:01", "R&B “ü”"]


@settings(deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=12))
def test_every_title_comes_back_whole(titles: list[str]) -> None:
    """One cue a track, whose text is the chapter's title: none adds a cue, a note or a line."""
    marks, _ = marks_of([5.0] * len(titles), titles)
    text = vtt(marks, RATE)
    cues = read(text)
    assert [cue.identifier for cue in cues] == [str(n) for n in range(1, len(titles) + 1)]
    assert all(len(cue.lines) == 1 for cue in cues)
    for cue, mark in zip(cues, marks, strict=True):
        seen = mark.title.strip("\u200c\u200d ")
        assert html.unescape(cue.text) == mark.title if seen else cue.text.startswith("Track ")
    assert len(text.split("\n")) == 2 + 4 * len(titles)


def test_a_chapter_below_a_millisecond_has_no_cue() -> None:
    """It could not end after it began."""
    marks, _ = marks_of((0.0001, 20), ("a", "b"))
    assert [cue.text for cue in read(vtt(marks, RATE))] == ["b"]
