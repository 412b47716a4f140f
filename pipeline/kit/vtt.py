"""The names of the tracks as WebVTT cues: captions that say what is playing (www.w3.org/TR/webvtt1)."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.audio.chapters import Chapter
from pipeline.kit.work import plain

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def vtt(marks: Iterable[Chapter], rate: int) -> str:
    """Return one cue a chapter, from its start to its end, numbered from 1. `marks` are in frames of `rate`.

    Cue text is one line with `&`, `<` and `>` escaped, so no title can hold a tag or an arrow, or end its cue. A
    chapter below a millisecond has no cue: the format could not say when it is over.
    """
    cues = ["WEBVTT\n"]
    for number, mark in enumerate(marks, 1):
        start, end = mark.start * 1000 // rate, mark.end * 1000 // rate
        if end > start:
            title = (plain(mark.title) or f"Track {number}").translate(_ENTITIES)
            cues.append(f"{number}\n{_clock(start)} --> {_clock(end)}\n{title}\n")
    return "\n".join(cues)


def _clock(milliseconds: int) -> str:
    """Return "01:02:03.004". Hours have two digits or more."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{rest:03d}"
