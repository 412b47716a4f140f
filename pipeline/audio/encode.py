"""Finished sound into files: FLAC, MP3, M4A, Opus and WAV in one pass, tagged, with cover and chapters."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from pipeline.audio.chapters import Chapter, ffmetadata, vorbis_chapters
from pipeline.audio.clip import Clip, Samples
from pipeline.audio.decode import blocks
from pipeline.audio.ffmpeg import feed, room_for
from pipeline.audio.loudness import PeakMeter, amplitude
from pipeline.audio.tags import Tags, picture_block
from pipeline.domain.brief import Format

# ffmpeg's own AAC encoder: on music, the fast search without its stereo, noise and shaping tools is more than three
# times faster than the default and leaves less error from 500 Hz up at this bit rate (a few decibels more below).
_AAC = (
    *("-c:a", "aac", "-b:a", "256k", "-aac_coder", "fast", "-cutoff", "16000"),
    *("-aac_ms", "0", "-aac_is", "0", "-aac_pns", "0", "-aac_tns", "0"),
)
_CODECS: dict[Format, tuple[str, ...]] = {
    "flac": ("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24", "-compression_level", "5"),
    "mp3": ("-c:a", "libmp3lame", "-q:a", "0", "-id3v2_version", "3", "-write_xing", "1"),
    "m4a": (*_AAC, "-movflags", "+faststart"),
    "opus": ("-c:a", "libopus", "-b:a", "160k", "-ar", "48000"),
    "wav": ("-c:a", "pcm_s24le", "-rf64", "auto"),  # RF64 (EBU Tech 3306) from 4 GB on, which plain WAV cannot count
}
_CONTAINERS: dict[Format, str] = {"flac": "flac", "mp3": "mp3", "m4a": "ipod", "opus": "opus", "wav": "wav"}
_PICTURED: tuple[Format, ...] = ("flac", "mp3", "m4a")
"""Containers that hold a cover as a picture stream. Opus has it in its tags, and WAV no place for one."""
_CHAPTERED: tuple[Format, ...] = ("mp3", "m4a")
"""Containers whose muxer writes chapters. Those of FLAC and Opus are among their tags."""
LOSSY: tuple[Format, ...] = ("mp3", "m4a", "opus")

_BLOCK = 1 << 16
_TRIES = 3

Pass = Literal["write", "check", "write again"]
Heed = Callable[[Pass, int], None]
"""Is told which pass over the sound is under way, and how many frames of it are done."""


def encode(
    sound: Iterable[Samples],
    rate: int,
    outputs: Mapping[Format, Path],
    tags: Tags,
    *,
    cover: bytes | None = None,
    chapters: Sequence[Chapter] = (),
) -> None:
    """Write blocks of [frames, 2] into every output in one pass. `cover` is a JPEG, chapters are at `rate`.

    The caller gives temporary paths and renames; nothing else is written, and nothing is left after a failure.
    The same input gives the same bytes from the same ffmpeg. Raises DiskFull, BackendUnavailable, BackendFailed.
    """
    written = list(outputs.values())
    with room_for(written), tempfile.TemporaryDirectory(prefix="lofi-") as folder:
        arguments = ["-f", "s32le", "-ar", str(rate), "-ac", "2", "-i", "pipe:0"]
        picture: list[str] = []
        if cover is not None:
            file = Path(folder, "cover.jpg")
            file.write_bytes(cover)
            arguments += ["-f", "jpeg_pipe", "-i", f"file:{file}"]
            picture = ["-map", "1:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
        first = 1 if cover is None else 2
        for form in outputs:
            file = Path(folder, f"{form}.txt")
            file.write_text(_metadata(form, tags, cover, chapters, rate), encoding="utf-8")
            arguments += ["-f", "ffmetadata", "-i", f"file:{file}"]
        for index, (form, path) in enumerate(outputs.items(), first):
            arguments += ["-map", "0:a", *(picture if form in _PICTURED else [])]
            arguments += ["-map_metadata", str(index), "-map_chapters", str(index) if form in _CHAPTERED else "-1"]
            arguments += [*_CODECS[form], "-flags:a", "+bitexact", "-fflags", "+bitexact"]
            arguments += ["-f", _CONTAINERS[form], f"file:{path}"]
        feed(arguments, _pcm(sound), written)


def encode_checked(
    sound: Callable[[], Iterable[Samples]],
    rate: int,
    outputs: Mapping[Format, Path],
    tags: Tags,
    *,
    cover: bytes | None = None,
    chapters: Sequence[Chapter] = (),
    ceiling: float = -1.0,
    heed: Heed = lambda _, __: None,
) -> dict[Format, float]:
    """Encode, decode the lossy files again, and return each file's true peak in dBTP.

    A lossy file that overshoots the ceiling is made again from slightly quieter sound, up to three times; the
    others are left as they are. `sound` is called for every pass and must give the same blocks each time; `heed` is
    told how far each pass is.
    """
    meter = PeakMeter()  # for FLAC, which gives back what it was given
    # Nobody knows how long the sound is before it is over, so passes are told by frames.
    first = _heeded(_metered(sound(), meter), "write", heed)
    encode(first, rate, outputs, tags, cover=cover, chapters=chapters)
    lossless = meter.peak()
    peaks = {form: measured_peak(path, heed) if form in LOSSY else lossless for form, path in outputs.items()}
    for form in (form for form in outputs if form in LOSSY):
        gain = 0.0
        for _ in range(_TRIES):
            if peaks[form] <= ceiling:
                break
            gain -= peaks[form] - ceiling + 0.1
            quieter = np.float32(amplitude(gain))
            again = _heeded((block * quieter for block in sound()), "write again", heed)
            encode(again, rate, {form: outputs[form]}, tags, cover=cover, chapters=chapters)
            peaks[form] = measured_peak(outputs[form], heed)
    return peaks


def pieces(clip: Clip) -> Callable[[], Iterator[Samples]]:
    """Return a clip as the source that encode_checked asks for."""
    return lambda: (clip.samples[start : start + _BLOCK] for start in range(0, clip.frames, _BLOCK))


def measured_peak(path: Path, heed: Heed = lambda _, __: None) -> float:
    """Return the true peak of a file in dBTP, decoded block by block. Raises Damaged."""
    meter = PeakMeter()
    for block in _heeded(blocks(path), "check", heed):
        meter.add(block)
    return meter.peak()


def write_take(path: Path, clip: Clip, form: Literal["FLAC", "WAV"] = "FLAC") -> None:
    """Write a dry take in 24 bits: fast, lossless, the same bytes for the same clip. Raises DiskFull."""
    # In memory first: libsndfile does not say when the disk is full.
    memory = io.BytesIO()
    level = 0.25 if form == "FLAC" else None
    soundfile.write(memory, clip.samples, clip.rate, format=form, subtype="PCM_24", compression_level=level)
    with room_for([path]):
        path.write_bytes(memory.getbuffer())


def _heeded(sound: Iterable[Samples], what: Pass, heed: Heed) -> Iterator[Samples]:
    done = 0
    for block in sound:
        yield block
        done += len(block)
        heed(what, done)


def _metered(sound: Iterable[Samples], meter: PeakMeter) -> Iterator[Samples]:
    for block in sound:
        meter.add(block)
        yield block


def _metadata(form: Format, tags: Tags, cover: bytes | None, chapters: Sequence[Chapter], rate: int) -> str:
    pairs = tags.pairs(form)
    if form == "opus" and cover is not None:
        pairs["METADATA_BLOCK_PICTURE"] = picture_block(cover)
    if form in ("flac", "opus"):  # the one's muxer drops chapters, the other's rounds seconds up and adds what is over
        return ffmetadata(pairs | vorbis_chapters(chapters, rate))
    return ffmetadata(pairs, chapters, rate)


def _pcm(sound: Iterable[Samples]) -> Iterator[bytes]:
    """Yield 24-bit samples, rounded, in the upper bytes of 32: what FLAC stores is then exactly what was sent."""
    for block in sound:
        stereo = block if block.shape[1] == 2 else np.repeat(block, 2, axis=1)
        for start in range(0, len(stereo), _BLOCK):
            scaled = np.rint(stereo[start : start + _BLOCK] * np.float32(1 << 23))
            yield (np.clip(scaled, -(1 << 23), (1 << 23) - 1).astype("<i4") << 8).tobytes()
