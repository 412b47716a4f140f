"""A mix as a 1080p MP4 to upload: one still composition in which only a strip moves, and the M4A's own sound.

An hour is written in about two minutes because hardly anything is done twice. The still picture is composed and
converted once and repeated inside ffmpeg; from here come only the strip's pixels, a tenth of a frame, already laid over
their piece of the picture; the sound is copied. What is left is x264 looking at 8,160 blocks a frame to find the
few hundred that changed: that limits it (docs/video.md has the figures).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.audio.chapters import Chapter, ffmetadata
from pipeline.audio.decode import blocks, duration
from pipeline.audio.ffmpeg import REMAKE, drain, feed, need, room_for
from pipeline.domain.line import one_line
from pipeline.domain.noun import Noun
from pipeline.errors import Damaged
from pipeline.video.levels import levels
from pipeline.video.sheet import HEIGHT, WIDTH, sheet
from pipeline.video.strip import STRIP, Strip

FPS = 10
"""Frames a second: what moves takes a third of a second to do so, and every frame costs the same."""

_GOP = 10 * FPS  # a player that is sent to any second has a keyframe at most so far before it
# Constant quantisers and not a constant quality: a keyframe then comes out as the one before it did, and the still
# picture does not pulse every ten seconds. Keyframes are much finer (12) than what follows (22), for all that stands
# still is skipped and so stays as fine as its keyframe: the grain is kept, without which dark grounds show steps.
# Threads are counted, because the bytes depend on them.
_H264 = (
    *("-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-qp", "22", "-threads", "3"),
    *("-g", str(_GOP), "-keyint_min", str(_GOP), "-sc_threshold", "0", "-bf", "0"),
    *("-x264-params", "cabac=1:8x8dct=1:no-deblock=1:ipratio=3.2"),
)
_BT709 = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"


class Film(Noun):
    """What a film is made of.

    `sound` is the mix as FLAC, whose levels move; `aac` the same as M4A, whose sound is copied; `cover` a picture,
    best square. `chapters` are in frames at `rate`, the rate of both files. `language` chooses among regional forms of
    letters.
    """

    sound: Path
    aac: Path
    cover: Path
    title: str
    artist: str
    chapters: tuple[Chapter, ...]
    rate: int
    language: str = "en"


def write_film(
    film: Film, out: Path, progress: Callable[[float], None] = lambda _: None, *, ffmpeg: str | None = None
) -> None:
    """Write the film to `out`, in constant memory. `progress` hears once a second of film which share is drawn.

    The caller gives a temporary path and renames; nothing is left after a failure. The same input gives the same
    bytes from the same ffmpeg. The picture ends less than a frame after the sound. Raises DiskFull,
    BackendUnavailable (also for an ffmpeg without libx264), BackendFailed, Damaged.
    """
    need("libx264", ffmpeg)
    seconds = _seconds(film)
    still = sheet(film.cover, film.title, film.artist, film.language)
    strip = Strip(still, film.chapters, film.rate, seconds, film.language)
    count = math.ceil(round(seconds * FPS, 6))
    with room_for([out]), tempfile.TemporaryDirectory(prefix="lofi-") as folder:
        picture, said = Path(folder, "picture.yuv"), Path(folder, "said.txt")
        picture.write_bytes(still.planes.raw())
        tags = {"title": one_line(film.title), "artist": one_line(film.artist)}
        said.write_text(ffmetadata(tags, film.chapters, film.rate), encoding="utf-8")
        frames = strip.frames(levels(blocks(film.sound), film.rate, FPS, count), FPS)
        feed(_arguments(film.aac, picture, said, out), _told(frames, count, progress), [out], ffmpeg)


def _seconds(film: Film) -> float:
    """Return how long the film is, when both files are one music and the M4A decodes from end to end."""
    heard, copied = duration(film.sound), duration(film.aac)
    if abs(heard - copied) > 1 / FPS:
        raise Damaged(f"{film.sound} lasts {heard:.2f} s and {film.aac} {copied:.2f} s: not one music.", REMAKE)
    # It is copied and not decoded on its way into the film, so nobody else would notice.
    for _ in drain(["-i", f"file:{film.aac}", "-map", "0:a:0", "-f", "null", "-"], film.aac, 1):
        pass
    return copied


def _arguments(aac: Path, picture: Path, said: Path, out: Path) -> list[str]:
    x0, y0, x1, y1 = STRIP
    filters = (
        "[1:v]loop=loop=-1:size=1[still]",
        f"[still][0:v]overlay=x={x0}:y={y0}:format=yuv420:shortest=1,{_BT709}[film]",
    )
    return [
        *_raw("pipe:0", x1 - x0, y1 - y0),
        *_raw(f"file:{picture}", WIDTH, HEIGHT),
        *("-i", f"file:{aac}", "-f", "ffmetadata", "-i", f"file:{said}"),
        *("-filter_complex", ";".join(filters), "-map", "[film]", "-map", "2:a:0"),
        *("-map_metadata", "3", "-map_chapters", "3"),
        *(*_H264, "-c:a", "copy", "-movflags", "+faststart"),
        *("-flags:v", "+bitexact", "-flags:a", "+bitexact", "-fflags", "+bitexact", "-f", "mp4", f"file:{out}"),
    ]


def _raw(source: str, width: int, height: int) -> tuple[str, ...]:
    return ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(FPS), "-i", source)


def _told(frames: Iterator[bytes], count: int, progress: Callable[[float], None]) -> Iterator[bytes]:
    for number, frame in enumerate(frames, 1):
        yield frame
        if number % FPS == 0 or number == count:
            progress(number / count)
