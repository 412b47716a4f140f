"""Where each track of a mix begins, written down for players: FFMETADATA, CUE, M3U8 and a plain tracklist.

Titles come from people and models. Every one is folded to a single line first, and each format's own special
characters are escaped, so no title can add a line, a chapter or a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun

CUE_LIMIT = 99
"""The most tracks a CUE sheet can number."""


class Chapter(Noun):
    """A stretch of a mix: `start` and `end` in frames, and its title."""

    start: int
    end: int
    title: str


def chapters(starts: Sequence[int], titles: Sequence[str], frames: int) -> tuple[Chapter, ...]:
    """Return a chapter from each start to the next, the last one to `frames`. ValueError if starts do not ascend."""
    ends = [*starts[1:], frames]
    if any(end <= start for start, end in zip(starts, ends, strict=True)):
        raise ValueError("chapters must begin one after another, before the end")
    named = [one_line(title) or f"Track {number}" for number, title in enumerate(titles, 1)]
    return tuple(Chapter(start=s, end=e, title=t) for s, e, t in zip(starts, ends, named, strict=True))


def ffmetadata(pairs: Mapping[str, str], marks: Iterable[Chapter] = (), rate: int = 44_100) -> str:
    """Return tags and chapters in ffmpeg's metadata format."""
    lines = [";FFMETADATA1", *(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs.items())]
    for mark in marks:
        lines += ["[CHAPTER]", f"TIMEBASE=1/{rate}", f"START={mark.start}", f"END={mark.end}"]
        lines.append(f"title={_escaped(mark.title)}")
    return "\n".join(lines) + "\n"


def vorbis_chapters(marks: Sequence[Chapter], rate: int) -> dict[str, str]:
    """Return chapters as Vorbis comments (CHAPTER000=00:00:00.000, CHAPTER000NAME=...), for FLAC."""
    said: dict[str, str] = {}
    for number, mark in enumerate(marks):
        milliseconds = mark.start * 1000 // rate
        minutes, rest = divmod(milliseconds, 60_000)
        clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
        said[f"CHAPTER{number:03d}"] = clock
        said[f"CHAPTER{number:03d}NAME"] = one_line(mark.title)
    return said


def cue_sheet(marks: Sequence[Chapter], rate: int, *, file: str, title: str, performer: str) -> str:
    """Return a CUE sheet for `file`. Indices count 75ths of a second; CUE has no escapes, so quotes are curled.

    It ends at track 99, as the format does; a remark says how many more there are.
    """
    lines = [f"PERFORMER {_quoted(performer)}", f"TITLE {_quoted(title)}", f"FILE {_quoted(file)} WAVE"]
    if len(marks) > CUE_LIMIT:
        lines.insert(0, f"REM The first {CUE_LIMIT} of {len(marks)} tracks: a CUE sheet numbers no more")
    for number, mark in enumerate(marks[:CUE_LIMIT], 1):
        seconds, frame = divmod(mark.start * 75 // rate, 75)
        lines += [
            f"  TRACK {number:02d} AUDIO",
            f"    TITLE {_quoted(mark.title)}",
            f"    PERFORMER {_quoted(performer)}",
            f"    INDEX 01 {seconds // 60:02d}:{seconds % 60:02d}:{frame:02d}",
        ]
    return "\n".join(lines) + "\n"


def m3u8(entries: Iterable[tuple[str, float, str]]) -> str:
    """Return a playlist of (relative path, seconds, title). ValueError for a path that is more than one line."""
    lines = ["#EXTM3U"]
    for path, seconds, title in entries:
        if one_line(path) != path or not path:
            raise ValueError(f"{path!r} cannot stand in a playlist")
        # A player must not take a file name for a comment or an address.
        safe = path if path[0] not in "#" and ":" not in path.split("/")[0] else f"./{path}"
        lines += [f"#EXTINF:{round(seconds)},{one_line(title)}", safe]
    return "\n".join(lines) + "\n"


def tracklist(marks: Iterable[Chapter], rate: int) -> str:
    """Return one line a chapter, "0:00 Title", as video descriptions want it; hours only where needed."""
    return "".join(f"{clock(mark.start / rate)} {one_line(mark.title)}\n" for mark in marks)


def clock(seconds: float) -> str:
    """Return "3:07" or "1:03:07", whole seconds rounded down."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def _escaped(text: str) -> str:
    return "".join("\\" + char if char in "=;#\\" else char for char in one_line(text))


def _quoted(text: str) -> str:
    return '"' + one_line(text).replace('"', "”") + '"'
